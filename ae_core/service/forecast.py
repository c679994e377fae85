"""The queue's forecast: the place and the start time of every waiting run.

The times follow from the order of the queue and from the present speed of the runs in training.
"""

import threading
import time
from collections.abc import Mapping

from ae_core.runs.snapshot import Snapshot
from ae_core.service.queue import QueuePosition, TrainingQueue
from ae_core.training.estimate import SpeedCalibration

VALID_SECONDS = 1.0  # for which a forecast is valid while the queue stays the same


class QueueForecast:
    """Caches the newest forecast; any thread may call it."""

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
        """Return the position of every waiting run by id, see `TrainingQueue.forecast`."""
        with self._lock:
            is_old = time.monotonic() - self._made > VALID_SECONDS
            if queue.waiting and (queue is not self._queue or is_old):
                self._positions = queue.forecast(slots, self._seconds(queue, runs), time.time())
                self._queue, self._made = queue, time.monotonic()
            return self._positions if queue.waiting else {}

    def _seconds(
        self, queue: TrainingQueue, runs: Mapping[str, Snapshot]
    ) -> dict[str, float | None]:
        """Return the remaining seconds of every run; the runs in training calibrate the speed."""
        turns = [runs[entry.id].turn for entry in queue.training if entry.id in runs]
        turn = min(turns, default=1.0)  # in which those that wait now will train, too
        seconds: dict[str, float | None] = {}
        for entry in (*queue.training, *queue.waiting):
            if entry.id in runs:
                run = runs[entry.id]
                self._calibration.observe(run)
                left = run.wait_left
                if left is None and (whole := self._calibration.seconds(run.spec)) is not None:
                    left = whole / turn
                seconds[entry.id] = left
        return seconds
