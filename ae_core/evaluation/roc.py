"""ROC curves: out-of-distribution images are detected by a score above a threshold.

N scores of in-distribution (known) images, M of out-of-distribution (unknown) ones.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rates:
    """The shares, in [0, 1], of images with scores above a threshold.

    Attributes:
        tpr: true positive rate, among the unknown images.
        fpr: false positive rate, among the known images.
    """

    tpr: float
    fpr: float


@dataclass(frozen=True)
class Roc:
    """The receiver operating characteristic: the rates at all thresholds, from (0, 0) to (1, 1).

    Attributes:
        tpr: (T,), rising.
        fpr: (T,), rising.
        auc: the area under the curve: the share of pairs in which the unknown image has the higher
            score; ties count half (Hanley and McNeil 1982).
    """

    tpr: np.ndarray
    fpr: np.ndarray
    auc: float

    @classmethod
    def of(cls, known: np.ndarray, unknown: np.ndarray) -> "Roc":
        """Compute the curve for scores (N,) and (M,), in an ``infer`` worker.

        Raises:
            ValueError: an array is empty, or a score is NaN.
        """
        from sklearn.metrics import auc, roc_curve

        for name, scores in (("known", known), ("unknown", unknown)):
            if scores.ndim != 1 or not len(scores) or np.isnan(scores).any():
                raise ValueError(f"{name}={scores.shape} must be (N,) numbers, and some")
        detect = np.repeat([0, 1], [len(known), len(unknown)])
        scores = np.concatenate([known, unknown])
        fpr, tpr, _ = roc_curve(detect, scores, drop_intermediate=False)
        return cls(tpr, fpr, float(auc(fpr, tpr)))


def rates(known: np.ndarray, unknown: np.ndarray, threshold: float) -> Rates:
    """Return the shares of scores (N,) and (M,) above a threshold."""
    return Rates(float((unknown > threshold).mean()), float((known > threshold).mean()))


def threshold_for(known: np.ndarray, fpr: float) -> float:
    """Return the threshold for a false positive rate among known scores (N,)."""
    return float(np.quantile(known, 1 - fpr))
