"""Which pictures make up an epoch's steps, and the figures that are summed over them."""

from dataclasses import dataclass

import numpy as np

from ae_core.specs import TrainingSpec


@dataclass(frozen=True)
class Sums:
    """Figures of single pictures, summed over `pictures` of them: add up, divide once."""

    loss: float = 0.0
    reconstruction: float = 0.0
    kl: float = 0.0
    penalty: float = 0.0  # Σ|z| or the total correlation, not yet weighted
    squared_error: float = 0.0  # mean over the pixels, on the [0, 1] scale
    code: float = 0.0  # mean activation
    near_zero: float = 0.0  # share of near-zero units
    pictures: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        """Return the sums over both parts."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Sums(*(a + b for a, b in pairs))


def batches(spec: TrainingSpec, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut an epoch's order into steps.

    Args:
        spec: its ``batch_size`` and, if the epoch is not the whole set, ``steps_per_epoch``.
        order: (N,) a permutation of the training pictures.

    Returns:
        (steps, batch) full batches and (rest,) the last, smaller one; empty if there is none.
    """
    size = min(spec.batch_size, len(order))
    count = min(spec.steps_per_epoch or len(order), len(order) // size)
    takes_rest = not spec.steps_per_epoch or spec.steps_per_epoch > count
    full = order[: count * size].reshape(count, size)
    return full, order[count * size :] if takes_rest else order[:0]


def pictures_an_epoch(spec: TrainingSpec, pictures: int) -> int:
    """Return how many of so many pictures an epoch trains on."""
    full, rest = batches(spec, np.empty(pictures, np.int32))
    return full.size + rest.size
