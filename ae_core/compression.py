"""Codes as bytes: rounded to steps, counted as an entropy coder would write them, and compared.

It knows codes and sizes, not what drew the codes or what they show. N pictures, D numbers of a
code, S steps. Sizes are of one picture, without what both sides have once and for all: the decoder
and the code book.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

UNSEEN = 0.5  # pictures that are added to the count of each step (Krichevsky, Trofimov 1981)


def entropy(counts: np.ndarray) -> float:
    """Return the entropy in bits of what was counted so often; zeros are allowed."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


@dataclass(frozen=True)
class CodeBook:
    """How codes are written: the steps that numbers are rounded to, and what each step costs.

    One width of step for all numbers: a number that varies little has few steps and costs little.
    For codes along orthonormal directions, such as principal components, no other widths are better
    (Goyal 2001, Theoretical foundations of transform coding), and for the autoencoders of this app
    as many steps for each number cost more at the same closeness.

    Attributes:
        bits: so many has the number with the widest range.
        low: (D,) float32, where the first step of each number begins.
        step: the width of all steps, more than 0.
        counts: (D,) int64, how many steps each number has.
        prices: (D, S) float32, bits that a step costs: −log₂ of its share among training codes;
            infinite beyond a number's steps.
    """

    bits: int
    low: np.ndarray
    step: float
    counts: np.ndarray
    prices: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray, bits: int) -> "CodeBook":
        """Learn ranges and shares from training codes (N, D).

        Raises:
            ValueError: there are no codes, or bits is not between 1 and 16.
        """
        if not 1 <= bits <= 16:
            raise ValueError(f"bits={bits} must be between 1 and 16")
        if codes.ndim != 2 or 0 in codes.shape:
            raise ValueError(f"codes={codes.shape} must be (N, D), and some")
        low = codes.min(axis=0).astype(np.float32)
        ranges = codes.max(axis=0).astype(np.float64) - low
        step = float(ranges.max()) / 2**bits or 1.0  # of codes that are all alike: any
        counts = np.clip(np.ceil(ranges / step - 1e-6), 1, 2**bits).astype(np.int64)
        book = cls(bits, low, step, counts, np.zeros((len(low), 0), np.float32))
        seen = np.zeros((len(low), int(counts.max())))
        steps = book.steps(codes)
        for number in range(len(low)):
            seen[number] = np.bincount(steps[:, number], minlength=seen.shape[1])
        there = np.arange(seen.shape[1]) < counts[:, np.newaxis]
        shares = (seen + UNSEEN) / (len(codes) + UNSEEN * counts[:, np.newaxis])
        prices = np.where(there, -np.log2(shares), np.inf).astype(np.float32)
        return cls(bits, low, step, counts, prices)

    def first(self, numbers: int) -> "CodeBook":
        """Return the book of a code's first numbers alone."""
        chosen = slice(numbers)
        return CodeBook(
            self.bits, self.low[chosen], self.step, self.counts[chosen], self.prices[chosen]
        )

    def steps(self, codes: np.ndarray) -> np.ndarray:
        """Round codes (N, D) to steps (N, D) int64; what is out of range takes the nearest."""
        steps = np.floor((codes.astype(np.float64) - self.low) / self.step).astype(np.int64)
        return np.clip(steps, 0, self.counts - 1)

    def values(self, steps: np.ndarray) -> np.ndarray:
        """Return codes (N, D) float32 at the middle of steps (N, D)."""
        return (self.low + (steps + 0.5) * self.step).astype(np.float32)

    def coded_bytes(self, steps: np.ndarray) -> np.ndarray:
        """Return what each picture's steps (N, D) cost, (N,) float64 bytes, not whole ones.

        It is the cross-entropy of the steps with the training codes' shares: an arithmetic coder
        with these shares needs so much and at most two bits more.
        """
        found = np.take_along_axis(self.prices.T, steps, axis=0)
        return np.asarray(found.sum(axis=1, dtype=np.float64) / 8)

    @property
    def plain_bytes(self) -> float:
        """What a picture costs if every number takes the bits that tell its steps apart."""
        return float(np.ceil(np.log2(self.counts)).sum()) / 8

    @property
    def own_bytes(self) -> int:
        """What the book itself takes: the counts of all steps in two bytes, four for each range."""
        return int(2 * self.counts.sum() + 4 * len(self.low) + 4)


@dataclass(frozen=True)
class Point:
    """What pictures cost at one setting, and how close they come.

    Attributes:
        bytes: a picture, the mean.
        psnr: of the mean squared error of all pictures, in dB.
        plain_bytes: a picture, without an entropy coder; equal to `bytes` where there is no choice.
        numbers: that are kept of a picture, 0 for JPEG.
        bits: of the number with the widest range, 0 for JPEG.
        quality: JPEG's setting, 0 for codes.
    """

    bytes: float
    psnr: float
    plain_bytes: float
    numbers: int = 0
    bits: int = 0
    quality: int = 0

    def size(self, *, coded: bool) -> float:
        """Bytes a picture, written by an entropy coder or not; at least a bit."""
        return max(self.bytes if coded else self.plain_bytes, 1 / 8)


Curve = tuple[Point, ...]


def front(points: Iterable[Point], *, coded: bool = True) -> Curve:
    """Return the points that no other one beats in both size and closeness, smallest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.size(coded=coded), -one.psnr)):
        if not best or point.psnr > best[-1].psnr:
            best.append(point)
    return tuple(best)


@dataclass(frozen=True)
class Lead:
    """Between which sizes one method is ahead of another; ``end`` may be infinite."""

    start: float
    end: float


def lead(ours: Curve, theirs: Curve, *, coded: bool = True) -> Lead | None:
    """Return where we are ahead, None if nowhere; of several stretches the longest.

    Between their points curves are straight over the logarithm of the size; past its last point a
    curve stays as high as it is there: nobody has to use up what is allowed.

    Args:
        ours: see `front`.
        theirs: likewise. Below its first point a method has nothing: the other is ahead.
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
    return Lead(2.0**start, 2.0**end if math.isfinite(end) else math.inf)


def _line(curve: Curve, *, coded: bool) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.log2([point.size(coded=coded) for point in curve]),
        np.array([point.psnr for point in curve]),
    )


def _stretches(
    ticks: np.ndarray, gap: np.ndarray, theirs_from: float, ours_from: float
) -> list[tuple[float, float]]:
    """Return where the gap, straight between ticks, is above 0; a jump where theirs begins."""
    found: list[tuple[float, float]] = []
    start = ours_from if gap[0] > 0 else None
    for i in range(1, len(ticks)):
        before, after = gap[i - 1], gap[i]
        if (before > 0) == (after > 0):
            continue
        if ticks[i - 1] < theirs_from:  # they were not there before
            crossing = theirs_from
        else:
            share = before / (before - after)
            crossing = float(ticks[i - 1] + share * (ticks[i] - ticks[i - 1]))
        if start is None:
            start = crossing
        else:
            found.append((start, crossing))
            start = None
    if start is not None:
        found.append((start, math.inf))
    return [stretch for stretch in found if stretch[1] > stretch[0]]


def size_for(psnr: float, curve: Curve) -> float:
    """Return the bytes at which a curve reaches a PSNR: its first point's at least; or infinity."""
    x, y = _line(curve, coded=True)
    if psnr > y[-1]:
        return math.inf
    return float(2.0 ** np.interp(psnr, y, x))


def pays_off_from(own_bytes: int, ours: float, theirs: float) -> int | None:
    """Return from how many pictures on what is needed once is worth it; None if never.

    Args:
        own_bytes: needed once, such as the decoder.
        ours: bytes a picture.
        theirs: bytes a picture with the rival, which needs nothing once.
    """
    if not ours < theirs:
        return None
    if math.isinf(theirs):
        return 1
    return math.ceil(own_bytes / (theirs - ours))


def best_within(sizes: Sequence[float], psnrs: Sequence[float], budget: float) -> int:
    """Return the index of the closest picture within a budget, the smallest if none is."""
    fitting = [index for index, size in enumerate(sizes) if size <= budget]
    if not fitting:
        return int(np.argmin(sizes))
    return max(fitting, key=lambda index: psnrs[index])
