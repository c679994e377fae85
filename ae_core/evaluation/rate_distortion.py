"""Rate-distortion curves: PSNR over bytes per image, and where one curve beats another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Point:
    """The size and the distortion of images at one setting of a method.

    Attributes:
        bytes: the mean per image.
        psnr: the PSNR of the mean squared error over all images, in dB.
        plain_bytes: the mean without an entropy coder; equal to `bytes` if there is no choice.
        latent_dim: the latent dimension of the code, 0 for JPEG.
        bits: the bits of the dimension with the widest range, 0 for JPEG.
        quality: JPEG's quality setting, 0 for codes.
    """

    bytes: float
    psnr: float
    plain_bytes: float
    latent_dim: int = 0
    bits: int = 0
    quality: int = 0

    def size(self, *, coded: bool) -> float:
        """Return the bytes per image, with or without an entropy coder; at least one bit."""
        return max(self.bytes if coded else self.plain_bytes, 1 / 8)


Curve = tuple[Point, ...]


def pareto_front(points: Iterable[Point], *, coded: bool = True) -> Curve:
    """Return the points that no other point beats in both size and PSNR, smallest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.size(coded=coded), -one.psnr)):
        if not best or point.psnr > best[-1].psnr:
            best.append(point)
    return tuple(best)


@dataclass(frozen=True)
class AdvantageRange:
    """The sizes at which one method has a better PSNR than another; ``end`` may be infinite."""

    start: float
    end: float


def advantage_range(ours: Curve, theirs: Curve, *, coded: bool = True) -> AdvantageRange | None:
    """Return the longest range where our curve is above theirs, None if there is none.

    Between their points, curves are linear in the logarithm of the size; past its last point a
    curve is constant, because a larger budget may stay unused.

    Args:
        ours: see `pareto_front`.
        theirs: likewise. Below its first point a method has no image, so the other one leads.
        coded: see `Point.size`.
    """
    x, y = _line(ours, coded=coded)
    u, v = _line(theirs, coded=coded)
    ticks = np.unique(np.concatenate([x, u]))
    ticks = ticks[ticks >= x[0]]
    alone = ticks < u[0]
    gap = np.interp(ticks, x, y) - np.interp(ticks, u, v)
    edges = _stretches(ticks, np.where(alone, 1.0, gap), float(u[0]), float(x[0]))
    if not edges:
        return None
    start, end = max(edges, key=lambda stretch: stretch[1] - stretch[0])
    return AdvantageRange(2.0**start, 2.0**end if math.isfinite(end) else math.inf)


def _line(curve: Curve, *, coded: bool) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.log2([point.size(coded=coded) for point in curve]),
        np.array([point.psnr for point in curve]),
    )


def _stretches(
    ticks: np.ndarray, gap: np.ndarray, theirs_from: float, ours_from: float
) -> list[tuple[float, float]]:
    """Return where the gap, linear between ticks, is above 0; it jumps at ``theirs_from``."""
    above = gap > 0
    edges = [ours_from] if above[0] else []
    for i in np.flatnonzero(above[1:] != above[:-1]):
        share = gap[i] / (gap[i] - gap[i + 1])
        crossing = float(ticks[i] + share * (ticks[i + 1] - ticks[i]))
        edges.append(theirs_from if ticks[i] < theirs_from else crossing)
    edges += [math.inf] if len(edges) % 2 else []
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in pairs if end > start]


def bytes_for(psnr: float, curve: Curve) -> float:
    """Return the bytes at which a curve reaches a PSNR, at least its first point's, or infinity."""
    x, y = _line(curve, coded=True)
    if psnr > y[-1]:
        return math.inf
    return float(2.0 ** np.interp(psnr, y, x))


def break_even_count(fixed_bytes: int, ours: float, theirs: float) -> int | None:
    """Return the number of images from which our method needs fewer bytes in total; None if never.

    Args:
        fixed_bytes: bytes needed only once, such as those of the decoder.
        ours: bytes per image.
        theirs: bytes per image of the other method, which has no fixed bytes.
    """
    if not ours < theirs:
        return None
    if math.isinf(theirs):
        return 1
    return math.ceil(fixed_bytes / (theirs - ours))


def best_within(sizes: Sequence[float], psnrs: Sequence[float], budget: float) -> int:
    """Return the index of the best PSNR within a budget, or of the smallest size if none fits."""
    fitting = [index for index, size in enumerate(sizes) if size <= budget]
    return max(fitting, key=lambda index: psnrs[index], default=int(np.argmin(sizes)))
