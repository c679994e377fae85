"""Classical denoising filters, the baselines of the trained denoisers.

Images are float32 in [0, 1]: (H, W, C) with C = 1 or 3 for `filtered` and `estimate_noise`,
(H, W) or (H, W, 3) for the filters themselves. The strength of each filter follows from the
estimated noise level by a rule; the rules were fitted to 50 faces of the training people at
σ = 0.05 … 0.4, so that every filter is close to its best on such images.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

NLM_PATCH, NLM_DISTANCE = 5, 6  # pixels
SMALLEST = 8  # pixels per side: smaller images are neither estimated nor filtered
FAINTEST = 0.005  # estimated σ below which an image counts as free of noise


def estimate_noise(image: np.ndarray) -> float:
    """Estimate the standard deviation of the noise in an image, or in one of uint8, as Gaussian.

    It is the median of the finest wavelet coefficients (Donoho & Johnstone 1994). Noise that was
    clipped to [0, 1] is underestimated, and fine texture counts as noise.
    """
    from skimage.restoration import estimate_sigma

    if min(image.shape[:2]) < SMALLEST:
        return 0.0
    scale = np.float32(255 if image.dtype == np.uint8 else 1)
    channels = [c for c in np.moveaxis(image, -1, 0) if float(np.ptp(c)) > 0]  # flat ones give NaN
    return sum(float(estimate_sigma(c / scale)) for c in channels) / image.shape[-1]


def gaussian(image: np.ndarray, noise: float) -> np.ndarray:
    """Average over neighbours with Gaussian weights of 3.5·√noise pixels."""
    from skimage import filters

    return np.asarray(
        filters.gaussian(image, 3.5 * math.sqrt(noise), channel_axis=_channel_axis(image))
    )


def median(image: np.ndarray, noise: float) -> np.ndarray:
    """Take the median of 3×3 pixels, or of 5×5 or 7×7 if there is more noise."""
    from skimage import filters
    from skimage.morphology import footprint_rectangle

    side = 3 if noise < 0.07 else 5 if noise < 0.15 else 7
    square = footprint_rectangle((side, side))
    if image.ndim == 2:
        return np.asarray(filters.median(image, square))
    return np.stack([filters.median(image[..., c], square) for c in range(3)], axis=-1)


def total_variation(image: np.ndarray, noise: float) -> np.ndarray:
    """Find the close image with the smallest total variation (Chambolle 2004)."""
    from skimage.restoration import denoise_tv_chambolle

    return np.asarray(
        denoise_tv_chambolle(image, weight=1.1 * noise, channel_axis=_channel_axis(image))
    )


def non_local_means(image: np.ndarray, noise: float) -> np.ndarray:
    """Average over similar patches anywhere nearby (Buades et al. 2005)."""
    from skimage.restoration import denoise_nl_means

    return np.asarray(
        denoise_nl_means(
            image,
            patch_size=NLM_PATCH,
            patch_distance=NLM_DISTANCE,
            h=0.6 * noise,
            sigma=noise,
            fast_mode=True,
            channel_axis=_channel_axis(image),
        )
    )


def wavelet(image: np.ndarray, noise: float) -> np.ndarray:
    """Shrink small wavelet coefficients (BayesShrink, Chang et al. 2000)."""
    from skimage.restoration import denoise_wavelet

    return np.asarray(
        denoise_wavelet(
            image,
            sigma=noise,
            method="BayesShrink",
            convert2ycbcr=image.ndim == 3,
            rescale_sigma=True,
            channel_axis=_channel_axis(image),
        )
    )


def _channel_axis(image: np.ndarray) -> int | None:
    return -1 if image.ndim == 3 else None


FILTERS: Mapping[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "Gaussian": gaussian,
    "Median": median,
    "Total variation": total_variation,
    "Non-local means": non_local_means,
    "Wavelet": wavelet,
}


def filtered(name: str, image: np.ndarray) -> np.ndarray:
    """Apply the filter of that name to an image and clip the result to [0, 1].

    An image without noise, or of less than 8×8 pixels, is returned unchanged.
    """
    noise = estimate_noise(image)
    if noise < FAINTEST:
        return image
    # As (H, W): scikit-image's fast non-local means is wrong for an axis with one channel.
    output = FILTERS[name](image[..., 0] if image.shape[-1] == 1 else image, noise)
    return np.clip(output, 0, 1).astype(np.float32).reshape(image.shape)
