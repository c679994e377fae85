"""The similarity of two images as NumPy arrays: MSE, PSNR and SSIM."""

import math

import numpy as np

NEAR_ZERO = 0.05  # a unit with a smaller |z| counts as inactive (sigmoid codes are in [0, 1])


def mse(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean squared error of two arrays of equal shape, pixels in [0, 1]."""
    return float(np.mean(np.square(a.astype(np.float64) - b.astype(np.float64))))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB for pixels in [0, 1]; equal arrays give inf."""
    return psnr_of_mse(mse(a, b))


def psnr_of_mse(error: float) -> float:
    """Return −10·log₁₀(MSE), the PSNR in dB of a mean squared error on the [0, 1] scale."""
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Return the structural similarity (Wang et al. 2004) of two images (H, W, C) in [0, 1].

    The window is 7×7, smaller for images below 7 pixels.
    """
    from skimage.metrics import structural_similarity

    side = min(a.shape[0], a.shape[1])
    window = min(7, side if side % 2 else side - 1)
    return float(structural_similarity(a, b, data_range=1.0, channel_axis=-1, win_size=window))
