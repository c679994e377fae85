"""Measures how latent dimensions follow the known factors of images, in an ``infer`` worker.

N images, D latent dimensions, F factors; codes are (N, D), factors (N, F).
"""

from dataclasses import dataclass

import numpy as np

BINS = 20  # with equal counts, as in arXiv 1802.04942, to estimate mutual information
FOLLOWS = 0.5  # r² of ranks: a dimension that explains more of a factor than this follows it


@dataclass(frozen=True)
class Disentanglement:
    """The relation between a code and F factors.

    Attributes:
        correlations: (F, D) in [-1, 1], see `correlations`.
        gaps: (F,) in [0, 1], see `gaps`.
    """

    correlations: np.ndarray
    gaps: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, factors: np.ndarray) -> "Disentanglement":
        """Compare codes (N, D) with factors (N, F)."""
        return cls(correlations(codes, factors), gaps(information(codes, factors)))


def correlations(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each factor with each dimension, (F, D) in [-1, 1].

    Ranks are used because a dimension need not be a linear function of its factor. The value is 0
    for a constant dimension or factor.
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([factors, codes], axis=1), axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.linalg.norm(ranks, axis=0)
    ranks /= np.where(length > 0, length, 1)
    count = factors.shape[1]
    return np.asarray(ranks[:, :count].T @ ranks[:, count:])


def information(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the mutual information of each factor and dimension, (F, D), from 0 to about 1.

    Its unit is the factor's entropy; both are estimated with `BINS` bins.
    """
    from sklearn.metrics import mutual_info_score

    dimensions = [_binned(column) for column in codes.T]
    rows = []
    for factor in map(_binned, factors.T):
        entropy = mutual_info_score(factor, factor) or 1.0
        rows.append([mutual_info_score(factor, column) / entropy for column in dimensions])
    return np.array(rows)


def gaps(information: np.ndarray) -> np.ndarray:
    """Return the mutual information gap of each factor (F,), arXiv 1802.04942, equation 6.

    It is the information of the best dimension minus that of the second best: 1 if a single
    dimension encodes the factor, 0 if two encode it equally. The mean of all gaps is the MIG score.

    Args:
        information: (F, D), a result of `information`.
    """
    ordered = np.sort(information, axis=1)
    second = ordered[:, -2] if ordered.shape[1] > 1 else 0.0
    return np.asarray(ordered[:, -1] - second)


def _binned(column: np.ndarray) -> np.ndarray:
    edges = np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, column, side="right")
