"""What is foreseen for the runs that wait: at which place, and when they start.

It puts the queue's order and the pace of the runs under way together, not more often than pages
ask for it. It knows no files and no workers.
"""

import time
from collections.abc import Mapping

from ae_core.service.live_run import LiveRun
from ae_core.service.pace import Pace
from ae_core.service.queue import TrainingQueue, Wait

FORESEEN_FOR = 1.0  # seconds, for which a forecast holds while the queue stays the same


class Forecast:
    """The newest forecast; its owner holds a lock.

    Attributes:
        slots: how many runs train at a time.
    """

    def __init__(self) -> None:
        """Foresee nothing yet."""
        self.slots = 1
        self._pace = Pace()
        self._queue = TrainingQueue()
        self._made = 0.0
        self._waits: Mapping[str, Wait] = {}

    def waits(self, queue: TrainingQueue, live: Mapping[str, LiveRun]) -> Mapping[str, Wait]:
        """Return what is foreseen for every run that waits, by its id.

        Args:
            queue: as it is now; what is read anew is another one.
            live: the runs in it, by their ids.
        """
        if queue.waiting and (queue is not self._queue or self._is_old):
            self._waits = queue.forecast(self.slots, self._seconds(queue, live), time.time())
            self._queue, self._made = queue, time.monotonic()
        return self._waits if queue.waiting else {}

    @property
    def _is_old(self) -> bool:
        return time.monotonic() - self._made > FORESEEN_FOR

    def _seconds(
        self, queue: TrainingQueue, live: Mapping[str, LiveRun]
    ) -> dict[str, float | None]:
        """Return the seconds that runs still take, and learn from those that train."""
        seconds: dict[str, float | None] = {}
        for entry in (*queue.training, *queue.waiting):
            if entry.id in live:
                snapshot = live[entry.id].snapshot
                self._pace.observe(snapshot)
                left = snapshot.seconds_left
                seconds[entry.id] = self._pace.seconds(snapshot.spec) if left is None else left
        return seconds
