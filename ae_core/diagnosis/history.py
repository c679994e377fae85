"""A run's history read as a course: how long, how good, how much better of late.

It knows numbers only. Runs made before an entry of the history existed are read all the same:
what they do not tell is None. Quantities of the history: see `ae_core.training.loop.Epoch`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.specs import TrainingSpec
from ae_core.training.batches import pictures_an_epoch

HELD = 2  # epochs in a row that something must show: one alone may be chance
RECENT = 5  # the last fifth of the epochs is what "of late" means


@dataclass(frozen=True)
class Course:
    """The course of a run.

    Attributes:
        spec: what is trained.
        history: the metrics of every epoch so far, one at least.
    """

    spec: TrainingSpec
    history: Sequence[Mapping[str, float]]

    @property
    def pictures(self) -> int:
        """How many pictures there are to train on."""
        known = card(self.spec.image_set)
        return known.train_count + (known.test_count if self.spec.split == "none" else 0)

    @property
    def steps(self) -> float:
        """How many steps of the optimizer the run has made."""
        an_epoch = pictures_an_epoch(self.spec, self.pictures)
        return len(self.history) * an_epoch / min(self.spec.batch_size, self.pictures)

    def last(self, name: str) -> float | None:
        """Return a metric of the last epoch, of held-out pictures where there are some."""
        values = self._values(name)
        return values[-1] if values else None

    def at_least(self, name: str) -> float | None:
        """Return what a metric has been at least in the last `HELD` epochs; None if unknown."""
        values = self._values(name)[-HELD:]
        return min(values) if len(values) == HELD else None

    def at_most(self, name: str) -> float | None:
        """Return what a metric has been at most in the last `HELD` epochs; None if unknown."""
        values = self._values(name)[-HELD:]
        return max(values) if len(values) == HELD else None

    @property
    def recent(self) -> int:
        """How many epochs "of late" are: the last fifth, but one at least."""
        return max(1, len(self.history) // RECENT)

    def gain(self, epochs: int) -> float:
        """Return how many dB the best of the last epochs is above the best before, 0 if none."""
        values = self._values("psnr")
        before, after = values[:-epochs], values[-epochs:]
        return max(0.0, max(after) - max(before)) if before else 0.0

    @property
    def has_risen(self) -> float:
        """How much of what the training loss had fallen it has risen again, 0 for nothing.

        The lower of the last two epochs counts.
        """
        losses = [epoch["loss"] for epoch in self.history]
        return _lost(losses, min(losses[-HELD:]))

    @property
    def held_out_rise(self) -> tuple[float, int]:
        """How much of what the held-out loss had fallen it has risen again, and its best epoch.

        The best of the recent epochs counts; (0, last epoch) where nothing is held out.
        """
        losses = [epoch["val_loss"] for epoch in self.history if "val_loss" in epoch]
        if len(losses) < len(self.history):
            return 0.0, len(self.history)
        recent = losses[-max(HELD, self.recent) :]
        return _lost(losses, min(recent)), losses.index(min(losses)) + 1

    @property
    def gap(self) -> float:
        """How many dB better than held-out pictures the training ones are, 0 if unknown."""
        gaps = [epoch["psnr"] - epoch.get("val_psnr", epoch["psnr"]) for epoch in self.history]
        return min(gaps[-HELD:]) if len(gaps) >= HELD else 0.0

    def _values(self, name: str) -> list[float]:
        held_out = f"val_{name}"
        key = held_out if held_out in self.history[-1] else name
        return [epoch[key] for epoch in self.history if key in epoch]


def _lost(losses: Sequence[float], now: float) -> float:
    """Return which share of the fall from the first to the best loss is lost again."""
    best = min(losses)
    fallen = losses[0] - best
    if now <= best:
        return 0.0
    return (now - best) / fallen if fallen > 0 else 1.0
