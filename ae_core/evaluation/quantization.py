"""Quantization of codes, and their size after an ideal entropy coder.

N images, D latent dimensions, S steps. Sizes are per image, without the parts that all images
share: the decoder and the quantizer's table.
"""

from dataclasses import dataclass

import numpy as np

UNSEEN = 0.5  # added to the count of each step (Krichevsky, Trofimov 1981)


@dataclass(frozen=True)
class Quantizer:
    """Steps of one width for all dimensions, and the code length of each step.

    A dimension that varies little has few steps and costs little. For codes along orthonormal
    directions, such as principal components, equal widths are optimal (Goyal 2001, Theoretical
    foundations of transform coding); for the autoencoders of this app, an equal number of steps
    in each dimension costs more bytes at the same PSNR.

    Attributes:
        bits: the bits of the dimension with the widest range.
        low: (D,) float32, the lower end of each dimension's first step.
        width: the width of all steps, above 0.
        counts: (D,) int64, the number of steps in each dimension.
        code_lengths: (D, S) float32, −log₂ of a step's share among training codes, in bits;
            infinite beyond a dimension's steps.
    """

    bits: int
    low: np.ndarray
    width: float
    counts: np.ndarray
    code_lengths: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray, bits: int) -> "Quantizer":
        """Fit ranges and shares to training codes (N, D).

        Raises:
            ValueError: there are no codes, or bits is not between 1 and 16.
        """
        if not 1 <= bits <= 16:
            raise ValueError(f"bits={bits} must be between 1 and 16")
        if codes.ndim != 2 or 0 in codes.shape:
            raise ValueError(f"codes={codes.shape} must be (N, D), and some")
        low = codes.min(axis=0).astype(np.float32)
        ranges = codes.max(axis=0).astype(np.float64) - low
        width = float(ranges.max()) / 2**bits or 1.0  # any width suits constant codes
        counts = np.clip(np.ceil(ranges / width - 1e-6), 1, 2**bits).astype(np.int64)
        steps = cls(bits, low, width, counts, np.zeros(0)).quantize(codes)
        columns = int(counts.max())
        seen = np.stack([np.bincount(column, minlength=columns) for column in steps.T])
        shares = (seen + UNSEEN) / (len(codes) + UNSEEN * counts[:, np.newaxis])
        exists = np.arange(columns) < counts[:, np.newaxis]
        lengths = np.where(exists, -np.log2(shares), np.inf).astype(np.float32)
        return cls(bits, low, width, counts, lengths)

    def first(self, dims: int) -> "Quantizer":
        """Return the quantizer of only the first dimensions of a code."""
        low, counts, lengths = self.low[:dims], self.counts[:dims], self.code_lengths[:dims]
        return Quantizer(self.bits, low, self.width, counts, lengths)

    def quantize(self, codes: np.ndarray) -> np.ndarray:
        """Round codes (N, D) to steps (N, D) int64; values out of range take the nearest step."""
        steps = np.floor((codes.astype(np.float64) - self.low) / self.width).astype(np.int64)
        return np.clip(steps, 0, self.counts - 1)

    def dequantize(self, steps: np.ndarray) -> np.ndarray:
        """Return codes (N, D) float32 at the centres of steps (N, D)."""
        return (self.low + (steps + 0.5) * self.width).astype(np.float32)

    def coded_bytes(self, steps: np.ndarray) -> np.ndarray:
        """Return the coded size of each image's steps (N, D), (N,) float64 in fractional bytes.

        It is the cross-entropy of the steps under the training codes' shares: an arithmetic coder
        with these shares needs at most two more bits.
        """
        lengths = np.take_along_axis(self.code_lengths.T, steps, axis=0)
        return np.asarray(lengths.sum(axis=1, dtype=np.float64) / 8)

    @property
    def plain_bytes(self) -> float:
        """The bytes per image if every dimension takes just enough bits to number its steps."""
        return float(np.ceil(np.log2(self.counts)).sum()) / 8

    @property
    def table_bytes(self) -> int:
        """The bytes of the quantizer: two per step, four per range, and four for the width."""
        return int(2 * self.counts.sum() + 4 * len(self.low) + 4)
