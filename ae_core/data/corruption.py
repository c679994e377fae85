"""What each kind of corruption does to pictures, one equation a kind.

It does not draw random numbers and does not know NumPy from Keras: the caller passes standard
normal and uniform draws, and the array module that holds them. Training (Keras) and denoising a
single picture (NumPy) therefore corrupt alike.
"""

from typing import Any

import numpy as np

from ae_core.specs import Corruption

BLUR_SHARE = 1 / 16  # of the picture's side: the σ of the strongest blur
# ITU-T T.81, table K.1, and the orthonormal cosine transform of 8 numbers.
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
_N = np.arange(8)
COSINES = (np.cos((2 * _N + 1) * _N[:, np.newaxis] * np.pi / 16) / 2).astype(np.float32)
COSINES[0] /= np.sqrt(2)
Array = Any  # a NumPy array or a Keras tensor


def apply(corruption: Corruption, images: Array, normal: Array, uniform: Array, xp: Any) -> Array:
    """Corrupt pictures.

    Args:
        corruption: kind and amount; amount 0 returns the pictures as they are.
        images: (N, H, W, C) in [0, 1].
        normal: standard normal draws of the same shape.
        uniform: draws from [0, 1) of the same shape.
        xp: ``numpy`` or ``keras.ops``.

    Returns:
        (N, H, W, C) in [0, 1].
    """
    a = corruption.noise_amount
    if not corruption.active:
        return images
    if corruption.noise_kind == "gaussian":  # x + n, n ~ N(0, a²)
        return xp.clip(images + a * normal, 0.0, 1.0)
    if corruption.noise_kind == "heteroscedastic":  # every component its own σ ~ U(0, 2a)
        return xp.clip(images + 2 * a * uniform * normal, 0.0, 1.0)
    if corruption.noise_kind == "speckle":  # x + x·n
        return xp.clip(images + a * images * normal, 0.0, 1.0)
    uniform = uniform[..., :1]  # what follows befalls all channels of a pixel
    if corruption.noise_kind == "masking":  # a share a of the pixels is black (ICML 2008, Vincent)
        return xp.where(uniform < a, 0.0, images)
    if corruption.noise_kind == "salt-and-pepper":  # half of the share a black, half of it white
        return xp.where(uniform < a / 2, 0.0, xp.where(uniform >= 1 - a / 2, 1.0, images))
    if corruption.noise_kind == "block":
        return xp.where(_inside_block(images, a, uniform, xp), 0.0, images)
    if corruption.noise_kind == "blur":
        rows, columns = (_blur_matrix(side, a) for side in images.shape[1:3])
        return xp.clip(xp.einsum("ih,nhwc,jw->nijc", rows, images, columns), 0.0, 1.0)
    return _jpeg(images, jpeg_quality(a), xp)


def corrupt(corruption: Corruption, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Corrupt NumPy pictures (N, H, W, C) in [0, 1]; the same generator state, the same noise."""
    normal = rng.standard_normal(images.shape, dtype=np.float32)
    uniform = rng.random(images.shape, dtype=np.float32)
    corrupted: np.ndarray = apply(corruption, images, normal, uniform, np)
    return corrupted.astype(np.float32)


def blur_sigma(amount: float, side: int) -> float:
    """Return the standard deviation, in pixels, of a blur on pictures of that side."""
    return amount * side * BLUR_SHARE


def jpeg_quality(amount: float) -> int:
    """Return the quality setting, 1…95, of the JPEG file that an amount means."""
    return max(1, round(95 * (1 - amount)))


def _inside_block(images: Array, share: float, uniform: Array, xp: Any) -> Array:
    """Say which pixels are in a rectangle of that share, somewhere else in every picture."""
    inside = []
    for axis, draw in ((1, uniform[:, :1, :1, :1]), (2, uniform[:, -1:, -1:, :1])):
        side = images.shape[axis]
        length = max(1, round(side * share**0.5))
        first = xp.floor(draw * (side - length + 1))
        place = np.arange(side, dtype=np.float32).reshape(
            [-1 if i == axis else 1 for i in range(4)]
        )
        inside.append((place >= first) & (place < first + length))
    return inside[0] & inside[1]


def _blur_matrix(side: int, amount: float) -> np.ndarray:
    """Return (side, side) whose product with a line of pixels blurs it; each row sums to 1."""
    place = np.arange(side)
    distance = (place[:, np.newaxis] - place) / max(blur_sigma(amount, side), 1e-3)
    kernel = np.exp(-0.5 * distance**2)
    return (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)


def _jpeg(images: Array, quality: int, xp: Any) -> Array:
    """Do what JPEG does to every channel: round the cosine coefficients of 8×8 pixels."""
    height, width, channels = images.shape[1:]
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = np.clip((LUMINANCE * scale + 50) // 100, 1, 255).astype(np.float32)
    pads = ((0, 0), (0, -height % 8), (0, -width % 8), (0, 0))
    pixels = xp.pad(images, pads, "symmetric") * 255 - 128
    rows, columns = (height + 7) // 8, (width + 7) // 8
    squares = xp.reshape(pixels, (-1, rows, 8, columns, 8, channels))
    coefficients = xp.einsum("ui,nriskc,vk->nrsuvc", COSINES, squares, COSINES)
    table = table[..., np.newaxis]
    kept = xp.round(coefficients / table) * table
    squares = xp.einsum("ui,nrsuvc,vk->nriskc", COSINES, kept, COSINES)
    pixels = xp.reshape(xp.round(squares + 128), (-1, 8 * rows, 8 * columns, channels))
    return xp.clip(pixels / 255, 0.0, 1.0)[:, :height, :width]
