"""How fast runs train here just now, learned from those under way: it foretells those that wait."""

import statistics
from functools import lru_cache

from ae_core.data.loading import card
from ae_core.models.compatibility import network_shapes
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import TrainingSpec
from ae_core.training import estimate

# A machine to compare with; only how runs differ on it matters.
NOMINAL = estimate.Speed(dense=2e10, conv=1e10)
REMEMBERED = 16  # runs


class Pace:
    """The ratio of measured seconds to those of the nominal machine; its owner holds a lock."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._ratios: dict[str, float] = {}

    def observe(self, snapshot: Snapshot) -> None:
        """Learn from a run, once it has two epochs."""
        left = snapshot.seconds_left
        if left is not None and snapshot.epoch < snapshot.spec.epochs:
            whole = left * snapshot.spec.epochs / (snapshot.spec.epochs - snapshot.epoch)
            self._ratios.pop(snapshot.id, None)
            self._ratios[snapshot.id] = whole / _nominal(snapshot.spec)
            while len(self._ratios) > REMEMBERED:
                del self._ratios[next(iter(self._ratios))]

    def seconds(self, spec: TrainingSpec) -> float | None:
        """Return the estimated seconds of a whole training, None before anything was learned."""
        if not self._ratios:
            return None
        ratio = statistics.median(self._ratios.values())
        return estimate.START_SECONDS + ratio * _nominal(spec)


@lru_cache(maxsize=256)
def _nominal(spec: TrainingSpec) -> float:
    seconds = estimate.seconds(spec, network_shapes(spec), card(spec.image_set), NOMINAL)
    return seconds - estimate.START_SECONDS
