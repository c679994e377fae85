"""A run's history, with the trends, rebounds and gaps that the doctor derives from it.

Older versions recorded fewer metrics; missing ones are None. The metrics are those of
`ae_core.training.loop.Epoch`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ae_core.data.loading import card
from ae_core.specs import TrainingSpec
from ae_core.training.batches import images_per_epoch

CONSECUTIVE = 2  # epochs that a symptom must last: a single one may be chance
RECENT = 5  # the last fifth of the epochs counts as recent


@dataclass(frozen=True)
class RunHistory:
    """The metrics of a run over its epochs.

    Attributes:
        spec: the run's spec.
        epochs: the metrics of every epoch so far, at least one.
    """

    spec: TrainingSpec
    epochs: Sequence[Mapping[str, float]]

    @property
    def train_count(self) -> int:
        """The number of training images."""
        known = card(self.spec.image_set)
        return known.train_count + (known.test_count if self.spec.split == "none" else 0)

    @property
    def steps(self) -> float:
        """The number of optimizer steps."""
        an_epoch = images_per_epoch(self.spec, self.train_count)
        return len(self.epochs) * an_epoch / min(self.spec.batch_size, self.train_count)

    def last(self, name: str) -> float | None:
        """Return a metric of the last epoch, on validation images if there are any."""
        return next(reversed(self._values(name)), None)

    def sustained(self, name: str, pick: Callable[[list[float]], float]) -> float | None:
        """Return a metric's ``min`` or ``max`` over `CONSECUTIVE` epochs; None if unknown."""
        values = self._values(name)[-CONSECUTIVE:]
        return pick(values) if len(values) == CONSECUTIVE else None

    @property
    def recent(self) -> int:
        """The number of recent epochs: the last fifth, but at least one."""
        return max(1, len(self.epochs) // RECENT)

    def gain(self, epochs: int) -> float:
        """Return the gain in dB of the best of the last epochs over the best before, at least 0."""
        values = self._values("psnr")
        before, after = values[:-epochs], values[-epochs:]
        return max(0.0, max(after) - max(before)) if before else 0.0

    @property
    def steadily_falling(self) -> bool:
        """Whether the training loss fell in every epoch after the first; False after one epoch."""
        losses = [epoch["loss"] for epoch in self.epochs]
        return len(losses) > 1 and all(now < then for then, now in pairwise(losses))

    @property
    def train_loss_rebound(self) -> float:
        """The share of the training loss's fall that was lost again in both of the last epochs."""
        return _rebound([epoch["loss"] for epoch in self.epochs], CONSECUTIVE)

    @property
    def val_loss_rebound(self) -> tuple[float, int]:
        """The share of the validation loss's fall that was lost again, and the best epoch.

        It is (0, last epoch) if no images are held out.
        """
        losses = [epoch["val_loss"] for epoch in self.epochs if "val_loss" in epoch]
        if len(losses) < len(self.epochs):
            return 0.0, len(self.epochs)
        rebound = _rebound(losses, max(CONSECUTIVE, self.recent))
        return rebound, losses.index(min(losses)) + 1

    @property
    def gap(self) -> float:
        """The PSNR of training images minus that of validation images in dB, 0 if unknown."""
        gaps = [epoch["psnr"] - epoch.get("val_psnr", epoch["psnr"]) for epoch in self.epochs]
        return min(gaps[-CONSECUTIVE:]) if len(gaps) >= CONSECUTIVE else 0.0

    def _values(self, name: str) -> list[float]:
        key = f"val_{name}" if f"val_{name}" in self.epochs[-1] else name
        return [epoch[key] for epoch in self.epochs if key in epoch]


def _rebound(losses: Sequence[float], recent: int) -> float:
    """Return the rise of the loss since its best value, as a share of its fall to that value."""
    best, now = min(losses), min(losses[-recent:])
    fallen = losses[0] - best
    if now <= best:
        return 0.0
    return (now - best) / fallen if fallen > 0 else 1.0
