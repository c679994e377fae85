"""Signed distance functions (SDF) of smooth shapes, drawn into many images at once.

A distance is negative inside the shape and has the units of the coordinates: x to the right and y
down from the centre of the image, which ends at ±1/ZOOM. The module uses only + − × ÷ √ and
comparisons, which IEEE 754 rounds exactly: equal inputs give the same bits on any machine, in any
batch.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]  # float32; NumPy's type hints lose it in arithmetic with a plain number
Ink = tuple[Pixels | float, ...]  # a tone for each channel, or none: then nothing is drawn
ZOOM = 1.13


class Region:
    """A rectangle in a batch of images, and the coordinates of its pixels.

    The images are planes (C, N, H, W): a channel's pixels lie side by side. Drawing changes them in
    place, only inside the rectangle.
    """

    def __init__(
        self, images: Pixels, left: float, right: float, top: float, bottom: float
    ) -> None:
        size = images.shape[3]
        self.pixel = np.float32(2 / ZOOM / size)
        half = size * ZOOM / 2
        rows, columns = (
            slice(max(0, int(size / 2 + low * half) - 1), int(size / 2 + high * half) + 2)
            for low, high in ((top, bottom), (left, right))
        )
        centres = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * self.pixel
        self.parts = images[:, :, rows, columns]
        self.x, self.y = centres[None, None, columns], centres[None, rows, None]

    def coverage(self, distance: Pixels) -> Pixels:
        """Return the share of each pixel, in [0, 1], that a shape of this distance covers."""
        return np.clip(0.5 - distance / self.pixel, 0, 1)

    def paint(self, alpha: Pixels, ink: Ink) -> None:
        """Blend an ink in with opacity `alpha` in [0, 1]; both broadcast to (N, H, W)."""
        for part, tone in zip(self.parts, ink, strict=False):
            part += alpha * (tone - part)

    def fill(self, distance: Pixels, ink: Ink) -> None:
        """Fill the shape of a signed distance with an ink."""
        if ink:
            self.paint(self.coverage(distance), ink)


def ellipse(x: Pixels, y: Pixels, rx: Pixels | float, ry: Pixels | float) -> Pixels:
    """Return the signed distance to an ellipse around 0, to first order: exact at the edge."""
    u, v = x / rx, y / ry
    level = np.sqrt(u * u + v * v)
    slope = np.sqrt((u / rx) * (u / rx) + (v / ry) * (v / ry))
    return level * (level - 1) / (slope + 1e-6)


def smoothstep(value: Pixels) -> Pixels:
    """Return a smooth step from 0 (value ≤ 0) to 1 (value ≥ 1)."""
    t = np.clip(value, 0, 1)
    return t * t * (3 - 2 * t)


def spot(x: Pixels, y: Pixels) -> Pixels:
    """Return a soft round spot: 1 at 0, falling smoothly to 0 at distance 1."""
    return np.square(np.clip(1 - x * x - y * y, 0, 1))
