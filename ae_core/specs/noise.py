"""The registry of the kinds of noise: a function on images and one row each.

To add a kind, write its function and its row in `NOISES`, and name it in
``assets/text/<language>/settings.toml``. `ae_core.data.corruption` applies it, and the exported
script copies its source.

A function takes images ``x`` (N, H, W, C) in [0, 1], the amount, above 0, and the random draws that
its row names, in the shape of the images; it returns images (N, H, W, C) in [0, 1]. ``ops`` is
``numpy`` or `keras.ops`, so that denoising one image and training use the same noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

Array = Any  # a NumPy array or a Keras tensor


def gaussian(x: Array, amount: float, normal: Array, ops: Any) -> Array:
    """Add noise n ~ N(0, amount²)."""
    return ops.clip(x + amount * normal, 0.0, 1.0)


def heteroscedastic(x: Array, amount: float, normal: Array, uniform: Array, ops: Any) -> Array:
    """Add Gaussian noise with a separate σ for every pixel, uniform in [0, 2·amount]."""
    return ops.clip(x + 2 * amount * uniform * normal, 0.0, 1.0)


def speckle(x: Array, amount: float, normal: Array, ops: Any) -> Array:
    """Add x·n with n ~ N(0, amount²)."""
    return ops.clip(x + amount * x * normal, 0.0, 1.0)


def masking(x: Array, amount: float, uniform: Array, ops: Any) -> Array:
    """Blacken a share of the pixels (Vincent et al., ICML 2008)."""
    return ops.where(uniform[..., :1] < amount, 0.0, x)  # the same for all channels of a pixel


def salt_and_pepper(x: Array, amount: float, uniform: Array, ops: Any) -> Array:
    """Blacken half of a share of the pixels and whiten the other half."""
    chance = uniform[..., :1]  # the same for all channels of a pixel
    salted = ops.where(chance >= 1 - amount / 2, 1.0, x)
    return ops.where(chance < amount / 2, 0.0, salted)


def block(x: Array, amount: float, uniform: Array, ops: Any) -> Array:
    """Blacken a rectangle that covers a share of the pixels, at a random place in each image."""
    inside = []
    for axis, draw in ((1, uniform[:, :1, :1, :1]), (2, uniform[:, -1:, -1:, :1])):
        side = x.shape[axis]
        length = max(1, round(side * amount**0.5))
        first = ops.floor(draw * (side - length + 1))
        place = np.arange(side, dtype="float32").reshape([-1, 1, 1] if axis == 1 else [-1, 1])
        inside.append((place >= first) & (place < first + length))
    return ops.where(inside[0] & inside[1], 0.0, x)


def blur_sigma(amount: float, side: int) -> float:
    """Return the standard deviation, in pixels, of a blur on images with that side."""
    return amount * side / 16


def blur(x: Array, amount: float, ops: Any) -> Array:
    """Blur with a Gaussian whose σ is proportional to the image's side."""
    matrices = []  # (side, side): the product with a line of pixels blurs it; each row sums to 1
    for side in x.shape[1:3]:
        place = np.arange(side)
        distance = (place[:, np.newaxis] - place) / max(blur_sigma(amount, side), 1e-3)
        kernel = np.exp(-0.5 * distance**2)
        matrices.append((kernel / kernel.sum(axis=1, keepdims=True)).astype("float32"))
    # One axis after the other: both in one NumPy einsum would cost side² products a pixel.
    down = ops.einsum("ih,nhwc->niwc", matrices[0], x)
    return ops.clip(ops.einsum("jw,niwc->nijc", matrices[1], down), 0.0, 1.0)


def jpeg_quality(amount: float) -> int:
    """Return the quality setting of a JPEG file, from 1 to 95, for an amount."""
    return max(1, round(95 * (1 - amount)))


def jpeg(x: Array, amount: float, ops: Any) -> Array:
    """Round the cosine coefficients of 8×8 pixels in each channel, like JPEG."""
    luminance = [  # ITU-T T.81, table K.1
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
    quality = jpeg_quality(amount)
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    steps = np.clip((np.array(luminance) * scale + 50) // 100, 1, 255).astype("float32")
    steps = steps[..., np.newaxis]
    n = np.arange(8)  # the orthonormal cosine transform of 8 numbers
    cosines = (np.cos((2 * n + 1) * n[:, np.newaxis] * np.pi / 16) / 2).astype("float32")
    cosines[0] /= np.sqrt(2)
    height, width, channels = x.shape[1:]
    rows, columns = (height + 7) // 8, (width + 7) // 8
    edges = ((0, 0), (0, -height % 8), (0, -width % 8), (0, 0))
    pixels = ops.pad(x, edges, "symmetric") * 255 - 128
    squares = ops.reshape(pixels, (-1, rows, 8, columns, 8, channels))
    down = ops.einsum("ui,nriskc->nrsukc", cosines, squares)
    found = ops.einsum("vk,nrsukc->nrsuvc", cosines, down)
    kept = ops.round(found / steps) * steps
    down = ops.einsum("ui,nrsuvc->nrsivc", cosines, kept)
    squares = ops.einsum("vk,nrsivc->nriskc", cosines, down)
    pixels = ops.reshape(ops.round(squares + 128), (-1, 8 * rows, 8 * columns, channels))
    return ops.clip(pixels / 255, 0.0, 1.0)[:, :height, :width]


@dataclass(frozen=True)
class Noise:
    """A kind of noise.

    Attributes:
        name: its value in ``Corruption.noise_kind``.
        function: (x, amount, *draws, ops) → x.
        draws: the random draws that it needs: ``normal`` (standard normal), ``uniform`` in [0, 1).
        unit: the entry ``settings.noise_amount.<unit>`` that explains an amount.
        in_unit: (amount, the image's side) → the value in that unit.
        layer: the equivalent Keras layer inside a network, "" if there is none.
        helpers: the functions that `function` calls.
    """

    name: str
    function: Callable[..., Array]
    draws: tuple[str, ...] = ()
    unit: str = "share"
    in_unit: Callable[[float, int], float] = lambda amount, side: amount
    layer: str = ""
    helpers: tuple[Callable[..., Any], ...] = ()

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """All functions that the kind needs, in the order of their definitions."""
        return (*self.helpers, self.function)


# In the order of the pages.
NOISES: Mapping[str, Noise] = MappingProxyType(
    {
        noise.name: noise
        for noise in (
            Noise("gaussian", gaussian, ("normal",), "sigma", layer="GaussianNoise"),
            Noise(
                "heteroscedastic",
                heteroscedastic,
                ("normal", "uniform"),
                "heteroscedastic",
                lambda amount, side: 2 * amount,
            ),
            Noise("masking", masking, ("uniform",), layer="Dropout"),
            Noise("salt-and-pepper", salt_and_pepper, ("uniform",)),
            Noise("speckle", speckle, ("normal",), "sigma"),
            Noise("block", block, ("uniform",)),
            Noise("blur", blur, (), "blur", blur_sigma, helpers=(blur_sigma,)),
            Noise(
                "jpeg",
                jpeg,
                (),
                "jpeg",
                lambda amount, side: jpeg_quality(amount),
                helpers=(jpeg_quality,),
            ),
        )
    }
)
