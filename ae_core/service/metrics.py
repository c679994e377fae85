"""What a server counts of its runs and pages, for its operator."""

import bisect
import itertools
import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WAITS = (1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 7200.0)  # seconds in the queue
ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds of a page


class Histogram:
    """Counts durations by upper bounds; any thread may use it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Start at zero; ``bounds`` in seconds, rising."""
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
        """Return (bound, how many lasted at most that long), the last bound infinite; the sum."""
        with self._lock:
            counts = itertools.accumulate(self._counts)
            return tuple(zip(self._bounds, counts, strict=True)), self._sum


@dataclass(frozen=True)
class QueueLoad:
    """How busy all servers of a store are together.

    Attributes:
        waiting: runs in the queue.
        training: runs with a worker.
        longest_wait: seconds that the oldest waiting run has waited, 0 without one.
    """

    waiting: int
    training: int
    longest_wait: float


class ServiceMetrics:
    """The counts of runs and pages since the server started; any thread may use them.

    Attributes:
        waited: seconds in the queue of the runs that started.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.waited = Histogram(WAITS)
        self._ends: Counter[str] = Counter(finished=0, stopped=0, failed=0)
        self._retries = 0
        self._pages: dict[str, Histogram] = {}
        self._lock = threading.Lock()

    def count_end(self, status: str) -> None:
        """Count a run that ended with this status."""
        with self._lock:
            self._ends[status] += 1

    def count_retry(self) -> None:
        """Count a second attempt at a run."""
        with self._lock:
            self._retries += 1

    def observe_page(self, page: str, seconds: float) -> None:
        """Count one drawing of a page."""
        with self._lock:
            drawn = self._pages.setdefault(page, Histogram(ANSWERS))
        drawn.observe(seconds)

    def ends(self) -> Mapping[str, int]:
        """Return how many runs ended with each status."""
        with self._lock:
            return dict(self._ends)

    @property
    def retries(self) -> int:
        """How many runs were tried a second time."""
        with self._lock:
            return self._retries

    def pages(self) -> Mapping[str, Histogram]:
        """Return how long each page took."""
        with self._lock:
            return dict(self._pages)
