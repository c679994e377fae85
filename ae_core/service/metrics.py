"""What a server counts of its runs and answers, for whoever watches over it.

It knows no format in which that is told. Any thread may call it.
"""

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
    """How often something lasted at most so and so long."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Count nothing yet; ``bounds`` in seconds, rising."""
        self._bounds = (*bounds, math.inf)
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, seconds: float) -> None:
        """Count one."""
        with self._lock:
            self._counts[bisect.bisect_left(self._bounds, seconds)] += 1
            self._sum += seconds

    def read(self) -> tuple[tuple[tuple[float, int], ...], float]:
        """Return (bound, how many lasted at most that long), the last bound infinite; the sum."""
        with self._lock:
            counts = itertools.accumulate(self._counts)
            return tuple(zip(self._bounds, counts, strict=True)), self._sum


@dataclass(frozen=True)
class Load:
    """How busy all servers of a store are together.

    Attributes:
        waiting: runs.
        training: runs that are with a worker.
        longest_wait: seconds that the run which waits longest has waited, 0 if none does.
    """

    waiting: int
    training: int
    longest_wait: float


class Meters:
    """What is counted of the runs and the pages.

    Attributes:
        waited: seconds in the queue of the runs that were handed to a worker.
    """

    def __init__(self) -> None:
        """Count nothing yet."""
        self.waited = Histogram(WAITS)
        self._ended: Counter[str] = Counter(finished=0, stopped=0, failed=0)
        self._again = 0
        self._pages: dict[str, Histogram] = {}
        self._lock = threading.Lock()

    def ended(self, status: str) -> None:
        """Count a run that ended so."""
        with self._lock:
            self._ended[status] += 1

    def again(self) -> None:
        """Count a run that was begun a second time."""
        with self._lock:
            self._again += 1

    def ends(self) -> Mapping[str, int]:
        """Return how many runs ended how."""
        with self._lock:
            return dict(self._ended)

    def drawn(self, page: str, seconds: float) -> None:
        """Count a page that was drawn."""
        with self._lock:
            counted = self._pages.setdefault(page, Histogram(ANSWERS))
        counted.observe(seconds)

    def pages(self) -> Mapping[str, Histogram]:
        """Return how long which pages took."""
        with self._lock:
            return dict(self._pages)

    @property
    def repeated(self) -> int:
        """How many runs were begun a second time."""
        with self._lock:
            return self._again
