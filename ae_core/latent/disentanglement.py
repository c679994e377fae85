"""How the numbers of a code and the known factors of pictures belong together.

It knows arrays only. N pictures, D latent dimensions, F factors; codes are (N, D), factors (N, F).
"""

import numpy as np

BINS = 20  # of equal counts, as in arXiv 1802.04942, for estimates of mutual information
FOLLOWS = 0.5  # of the variance of its ranks: a factor of which one number tells more is found


def correlations(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each factor with each dimension, (F, D) in [-1, 1].

    Ranks, because a dimension need not follow its factor on a straight line. 0 for a dimension or
    a factor that never changes.
    """
    both = np.concatenate([_ranks(factors), _ranks(codes)], axis=1)
    both -= both.mean(axis=0)
    length = np.linalg.norm(both, axis=0)
    both /= np.where(length > 0, length, 1)
    count = factors.shape[1]
    return both[:, :count].T @ both[:, count:]


def information(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the mutual information of each factor and dimension, (F, D), from 0 to about 1.

    In units of the factor's entropy, both of them put into bins.
    """
    binned = [_binned(column) for column in codes.T]
    rows = []
    for factor in map(_binned, factors.T):
        entropy = _shared(factor, factor) or 1.0
        rows.append([_shared(factor, column) / entropy for column in binned])
    return np.array(rows)


def gaps(information: np.ndarray) -> np.ndarray:
    """Return the mutual information gap of each factor (F,), arXiv 1802.04942, equation 6.

    By how much the dimension that tells most of a factor tells more than the second: 1 where one
    dimension alone knows the factor, 0 where two know it equally. Their mean is the MIG score.

    Args:
        information: (F, D) as `information` returns it.
    """
    ordered = np.sort(information, axis=1)
    second = ordered[:, -2] if ordered.shape[1] > 1 else 0.0
    return np.asarray(ordered[:, -1] - second)


def _ranks(columns: np.ndarray) -> np.ndarray:
    """Return the rank of each number in its column, equal ones sharing theirs."""
    ranks = np.empty(columns.shape)
    for place, column in enumerate(columns.T):
        _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        ranks[:, place] = (last - (counts - 1) / 2)[inverse]
    return ranks


def _shared(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mutual information of two columns of bin numbers, in nats."""
    joint = np.bincount(one * BINS + other, minlength=BINS**2).reshape(BINS, BINS) / len(one)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    there = joint > 0
    return float(np.sum(joint[there] * np.log(joint[there] / apart[there])))


def _binned(column: np.ndarray) -> np.ndarray:
    edges = np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, column, side="right")
