"""Codes as bytes: rounded to steps, and counted as an entropy coder would write them.

It knows codes, not what drew them or what they show. N pictures, D numbers of a code, S steps.
Sizes are of one picture, without what both sides have once and for all: decoder and code book.
"""

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
