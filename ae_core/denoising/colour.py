"""Applies a denoiser for gray images to the luma and chroma of a colour photo."""

from collections.abc import Callable

import numpy as np
from PIL import Image

# ITU-R BT.601, as in JPEG files: luma and two colour differences.
_TO_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
_FROM_YCC = np.linalg.inv(_TO_YCC)
GRAY = 1e-3  # an image whose chroma spans less than this counts as gray


def apply_on_luma(denoise: Callable[[np.ndarray], np.ndarray], noisy: np.ndarray) -> np.ndarray:
    """Denoise the luma at full size and the two chroma planes at half the size.

    Eyes see little detail in chroma, and averaging 2×2 pixels halves its noise: the output is
    closer to the clean image than with red, green and blue separately, in half the time.

    Args:
        denoise: gray images in, gray images out, both (N, H, W, 1) float32 in [0, 1].
        noisy: (H, W, 3) float32 in [0, 1]; the returned image has the same shape and range.
    """
    height, width = noisy.shape[:2]
    ycc = noisy @ _TO_YCC.T
    luma = denoise(ycc[np.newaxis, ..., :1])[0, ..., 0]
    if float(np.ptp(ycc[..., 1:])) < GRAY:
        return np.repeat(luma[..., np.newaxis], 3, axis=-1)
    half = (max(1, width // 2), max(1, height // 2))
    small = np.stack([resized(ycc[..., c] + 0.5, half) for c in (1, 2)])[..., np.newaxis]
    colours = [resized(c[..., 0], (width, height)) - 0.5 for c in denoise(small)]
    output: np.ndarray = np.clip(np.stack([luma, *colours], axis=-1) @ _FROM_YCC.T, 0, 1)
    return output.astype(np.float32)


def resized(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a plane (H, W) float32 to (width, height) in pixels with bicubic interpolation."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC))
