"""A server's counts of runs and pages, for its operator."""

import bisect
import itertools
import math
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

WAITS = (1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 7200.0)  # seconds in the queue
ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds per page


class Histogram:
    """A histogram of durations; any thread may use it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Start at zero; ``bounds`` are rising upper bounds in seconds."""
        self._bounds = (*bounds, math.inf)
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        with self._lock:
            self._counts[bisect.bisect_left(self._bounds, seconds)] += 1
            self._sum += seconds

    def read(self) -> tuple[tuple[tuple[float, int], ...], float]:
        """Return pairs (bound, cumulative count), the last bound infinite, and the sum."""
        with self._lock:
            counts = itertools.accumulate(self._counts)
            return tuple(zip(self._bounds, counts, strict=True)), self._sum


@dataclass(frozen=True)
class QueueLoad:
    """The load of all servers that share a store.

    Attributes:
        waiting: runs in the queue.
        training: runs with a worker.
        longest_wait: the waiting time of the oldest waiting run in seconds, 0 without one.
    """

    waiting: int
    training: int
    longest_wait: float


@dataclass
class ServiceMetrics:
    """The counts of runs and pages since the server started.

    Attributes:
        waited: seconds in the queue of the runs that started.
        ends: the number of runs that ended with each status; its owner, `ActiveRuns`, has a lock.
        retries: the number of retried runs; likewise.
        pages: the seconds for drawing each page.
    """

    waited: Histogram = field(default_factory=lambda: Histogram(WAITS))
    ends: Counter[str] = field(default_factory=lambda: Counter(finished=0, stopped=0, failed=0))
    retries: int = 0
    pages: dict[str, Histogram] = field(default_factory=dict)

    def observe_page(self, page: str, seconds: float) -> None:
        """Count one drawing of a page; any thread may call it."""
        self.pages.setdefault(page, Histogram(ANSWERS)).observe(seconds)
