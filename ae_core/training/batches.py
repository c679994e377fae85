"""The batches of an epoch, and the metrics that are summed over them."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ae_core.metrics import psnr_of_mse
from ae_core.specs import TrainingSpec
from ae_core.specs.losses import LOSSES

EVALUATED_AT_ONCE = 500  # validation images
WARMUP_SHARE = 0.1  # share of the steps in a `one-cycle` schedule
Metrics: TypeAlias = dict[str, float]


def batches(spec: TrainingSpec, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut an epoch's order into steps.

    Args:
        spec: the spec; its ``batch_size`` and ``steps_per_epoch`` are used.
        order: (N,) a permutation of the training images.

    Returns:
        (steps, batch) full batches and (rest,) the last, smaller one; empty if there is none.
    """
    size = min(spec.batch_size, len(order))
    count = min(spec.steps_per_epoch or len(order), len(order) // size)
    takes_rest = not spec.steps_per_epoch or spec.steps_per_epoch > count
    full = order[: count * size].reshape(count, size)
    return full, order[count * size :] if takes_rest else order[:0]


def images_per_epoch(spec: TrainingSpec, images: int) -> int:
    """Return the number of training images in an epoch, given their total number."""
    full, rest = batches(spec, np.empty(images, np.int32))
    return full.size + rest.size


def steps_of(spec: TrainingSpec, images: int) -> int:
    """Return the number of steps in an epoch, given the total number of training images."""
    return math.ceil(images_per_epoch(spec, images) / spec.batch_size)


@dataclass(frozen=True)
class MetricSums:
    """Metrics per image, summed over `images` of them, so that only one division is needed."""

    loss: float = 0.0
    reconstruction: float = 0.0
    kl: float = 0.0
    penalty: float = 0.0  # Σ|z| or the total correlation, without its weight
    squared_error: float = 0.0  # mean over the pixels, on the [0, 1] scale
    code: float = 0.0  # mean activation
    near_zero: float = 0.0  # share of near-zero units
    images: float = 0.0

    def __add__(self, other: "MetricSums") -> "MetricSums":
        """Return the sums over both parts."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return MetricSums(*(a + b for a, b in pairs))


def epoch_metrics(sums: MetricSums, spec: TrainingSpec, set_size: int) -> Metrics:
    """Return the metrics of an epoch or of validation images; ``set_size`` counts all images."""
    # A loss that sums its batches is divided by the size of the set, even if the batches leave some
    # images out: "average loss per sample".
    images = set_size if LOSSES[spec.loss].sums_batch else sums.images
    metrics = {
        "loss": sums.loss / images,
        "psnr": psnr_of_mse(sums.squared_error / sums.images),
        "code_mean": sums.code / sums.images,
        "near_zero_share": sums.near_zero / sums.images,
    }
    for term, weight in spec.autoencoder.terms:
        metrics["reconstruction"] = sums.reconstruction / images
        if term.metric == "kl":
            metrics["kl"] = sums.kl / images
        else:
            metrics["penalty"] = weight * sums.penalty / images
    return metrics
