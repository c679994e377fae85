"""Applies a denoiser for gray images to the luma and chroma of a colour photo."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from ae_core.images import to_bytes_range

# ITU-R BT.601, as in JPEG files: luma and two colour differences.
_TO_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
_FROM_YCC = np.linalg.inv(_TO_YCC)
ROWS = 256  # of a photo that are put together at a time
GRAY = 1e-3  # an image whose chroma spans less than this counts as gray


def luma(image: np.ndarray) -> np.ndarray:
    """Return an image (H, W, C) in [0, 1] in gray: (H, W, 1)."""
    return image if image.shape[-1] == 1 else _plane(image, _TO_YCC[0])[..., np.newaxis]


def apply_on_luma(denoise: Callable[[np.ndarray], np.ndarray], noisy: np.ndarray) -> np.ndarray:
    """Denoise the luma at full size and the two chroma planes at half the size.

    Eyes see little detail in chroma, and averaging 2×2 pixels halves its noise: the output is
    closer to the clean image than with red, green and blue separately, in half the time.

    Args:
        denoise: gray images in, gray images out, both (N, H, W, 1) float32 in [0, 1].
        noisy: (H, W, 3) float32 in [0, 1], or uint8; the returned image has the same shape and
            type. For uint8, only planes are ever float32, since a photo of them takes 300 MB.
    """
    height, width = noisy.shape[:2]
    half = (max(1, width // 2), max(1, height // 2))
    small, lowest, highest = [], math.inf, -math.inf
    for row in _TO_YCC[1:]:  # one after the other: a plane of 24 megapixels takes 100 MB
        plane = _plane(noisy, row)
        lowest, highest = min(lowest, float(plane.min())), max(highest, float(plane.max()))
        small.append(resized(plane, half) + 0.5)
        del plane
    luma = denoise(_plane(noisy, _TO_YCC[0])[np.newaxis, ..., np.newaxis])[0, ..., 0]
    if highest - lowest < GRAY:
        gray = luma if noisy.dtype != np.uint8 else to_bytes_range(luma)
        return np.repeat(gray[..., np.newaxis], 3, axis=-1)
    colours = denoise(np.stack(small)[..., np.newaxis])
    output = np.empty_like(noisy)
    for top in range(0, height, ROWS):
        end = min(height, top + ROWS)
        planes = [luma[top:end]]
        planes += [resized(c[..., 0], (width, height), (top, end)) - 0.5 for c in colours]
        rgb = np.clip(np.stack(planes, axis=-1) @ _FROM_YCC.T, 0, 1)
        output[top:end] = rgb if noisy.dtype != np.uint8 else to_bytes_range(rgb)
    return output


def _plane(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted sum (H, W) float32 of the channels of an image in [0, 1] or uint8."""
    plane = np.empty(image.shape[:2], np.float32)
    scale = np.float32(1 / 255 if image.dtype == np.uint8 else 1)
    for top in range(0, len(plane), ROWS):
        plane[top : top + ROWS] = image[top : top + ROWS].astype(np.float32) @ (weights * scale)
    return plane


def resized(
    plane: np.ndarray, size: tuple[int, int], rows: tuple[int, int] | None = None
) -> np.ndarray:
    """Resize a plane (H, W) float32 to (width, height) in pixels with bicubic interpolation.

    Args:
        plane: the plane.
        size: the new width and height.
        rows: the first of the new rows to return, and the one after the last; None for all.
    """
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    if rows is None:
        return np.asarray(image.resize(size, Image.Resampling.BICUBIC))
    scale = plane.shape[0] / size[1]
    box = (0, rows[0] * scale, plane.shape[1], rows[1] * scale)
    return np.asarray(image.resize((size[0], rows[1] - rows[0]), Image.Resampling.BICUBIC, box=box))
