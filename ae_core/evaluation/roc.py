"""Telling unknown pictures from known ones by a score: the higher, the more surprising.

It knows scores, not what they are of. N known, M unknown scores. "Unknown" is said of a score that
is above a threshold.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rates:
    """What a threshold does, as shares in [0, 1].

    Attributes:
        found: of the unknown that are above it.
        false_alarms: of the known that are above it.
    """

    found: float
    false_alarms: float


@dataclass(frozen=True)
class Roc:
    """All thresholds at once: the receiver operating characteristic, from (0, 0) to (1, 1).

    Attributes:
        found: (T,), rising.
        false_alarms: (T,), rising.
    """

    found: np.ndarray
    false_alarms: np.ndarray


def rates(known: np.ndarray, unknown: np.ndarray, threshold: float) -> Rates:
    """Return which shares of scores (N,) and (M,) are above a threshold.

    Raises:
        ValueError: see `auc`.
    """
    _check(known, unknown)
    return Rates(float((unknown > threshold).mean()), float((known > threshold).mean()))


def auc(known: np.ndarray, unknown: np.ndarray) -> float:
    """Return how often an unknown score is above a known one; equal ones count half.

    That is the area under the ROC curve (Hanley and McNeil 1982), worked out by ranks.

    Raises:
        ValueError: one of both is empty, or a score is no number.
    """
    _check(known, unknown)
    scores = np.concatenate([known, unknown])
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal scores share their mean rank
    above = ranks[len(known) :].sum() - len(unknown) * (len(unknown) + 1) / 2
    return float(above / (len(known) * len(unknown)))


def roc(known: np.ndarray, unknown: np.ndarray) -> Roc:
    """Return the ROC curve of scores (N,) and (M,).

    Raises:
        ValueError: see `auc`.
    """
    _check(known, unknown)
    thresholds = np.unique(np.concatenate([known, unknown]))[::-1]
    ordered = np.sort(unknown), np.sort(known)
    shares = [
        1 - np.searchsorted(scores, thresholds, side="left") / len(scores) for scores in ordered
    ]
    found, false_alarms = (np.concatenate([[0.0], share]) for share in shares)
    return Roc(found, false_alarms)


def threshold_for(known: np.ndarray, false_alarms: float) -> float:
    """Return the threshold that so large a share of the known scores (N,) is above."""
    return float(np.quantile(known, 1 - false_alarms))


def _check(known: np.ndarray, unknown: np.ndarray) -> None:
    for name, scores in (("known", known), ("unknown", unknown)):
        if scores.ndim != 1 or len(scores) == 0:
            raise ValueError(f"{name}={scores.shape} must be (N,) scores, and some")
        if np.isnan(scores).any():
            raise ValueError(f"{name}=NaN must be numbers")
