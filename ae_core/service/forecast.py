"""The queue's forecast: the place of every waiting run, and when it starts.

The times follow from the order of the queue and from how fast the runs in training are just now.
"""

import statistics
import threading
import time
from collections.abc import Mapping
from functools import lru_cache

from ae_core.data.loading import card
from ae_core.models.compatibility import network_shapes
from ae_core.runs.snapshot import Snapshot
from ae_core.service.queue import QueuePosition, TrainingQueue
from ae_core.specs import TrainingSpec
from ae_core.training import estimate

VALID_SECONDS = 1.0  # for which a forecast holds while the queue stays the same
# A machine to compare with: only how much runs differ on it matters.
NOMINAL = estimate.Speed(dense=2e10, conv=1e10)
CALIBRATION_RUNS = 16


class QueueForecast:
    """The newest forecast; any thread may ask for it."""

    def __init__(self) -> None:
        """Start without a forecast."""
        self._lock = threading.Lock()
        self._calibration = SpeedCalibration()
        self._queue = TrainingQueue()
        self._made = 0.0
        self._positions: Mapping[str, QueuePosition] = {}

    def positions(
        self, queue: TrainingQueue, runs: Mapping[str, Snapshot], slots: int
    ) -> Mapping[str, QueuePosition]:
        """Return the position of every waiting run by its id.

        Args:
            queue: as it was last read.
            runs: those in it, by their ids.
            slots: how many runs train at a time.
        """
        with self._lock:
            is_old = time.monotonic() - self._made > VALID_SECONDS
            if queue.waiting and (queue is not self._queue or is_old):
                self._positions = queue.forecast(slots, self._seconds(queue, runs), time.time())
                self._queue, self._made = queue, time.monotonic()
            return self._positions if queue.waiting else {}

    def _seconds(
        self, queue: TrainingQueue, runs: Mapping[str, Snapshot]
    ) -> dict[str, float | None]:
        """Return the seconds that every run still takes; those in training calibrate the speed."""
        seconds: dict[str, float | None] = {}
        for entry in (*queue.training, *queue.waiting):
            if entry.id in runs:
                run = runs[entry.id]
                self._calibration.observe(run)
                left = run.seconds_left
                seconds[entry.id] = self._calibration.seconds(run.spec) if left is None else left
        return seconds


class SpeedCalibration:
    """The ratio of measured seconds to those of the nominal machine; its owner holds a lock."""

    def __init__(self) -> None:
        """Start without a measurement."""
        self._ratios: dict[str, float] = {}

    def observe(self, run: Snapshot) -> None:
        """Measure a run once it has two epochs."""
        left = run.seconds_left
        if left is not None and run.epoch < run.spec.epochs:
            whole = left * run.spec.epochs / (run.spec.epochs - run.epoch)
            self._ratios.pop(run.id, None)
            self._ratios[run.id] = whole / _nominal_seconds(run.spec)
            while len(self._ratios) > CALIBRATION_RUNS:
                del self._ratios[next(iter(self._ratios))]

    def seconds(self, spec: TrainingSpec) -> float | None:
        """Return the estimated seconds of a whole training, None without a measurement."""
        if not self._ratios:
            return None
        ratio = statistics.median(self._ratios.values())
        return estimate.START_SECONDS + ratio * _nominal_seconds(spec)


@lru_cache(maxsize=256)
def _nominal_seconds(spec: TrainingSpec) -> float:
    """Return the seconds of a training on the nominal machine, without its start."""
    seconds = estimate.seconds(spec, network_shapes(spec), card(spec.image_set), NOMINAL)
    return seconds - estimate.START_SECONDS
