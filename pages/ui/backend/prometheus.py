"""What Prometheus may ask a server: Streamlit's own ``/_stcore/metrics`` tells of the runs, too.

Streamlit counts the sessions (``active_sessions``); here are the queue, the runs and the seconds
in which pages are drawn. What concerns runs is of all servers of a store, and every one tells it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import starmap

from ae_core.service.metrics import Histogram
from ae_core.service.service import TrainingService
from pages.ui.streamlit_adapter import CounterStat, GaugeStat, HistogramStat, Stat


class Provider:
    """Streamlit's `StatsProvider` of a service."""

    def __init__(self, service: TrainingService) -> None:
        """Tell of ``service``."""
        self._service = service
        self._families: Mapping[str, Callable[[str], Sequence[Stat]]] = {
            "ae_queue_length": self._length,
            "ae_queue_longest_wait_seconds": self._longest_wait,
            "ae_queue_wait_seconds": self._waits,
            "ae_runs_under_way": self._under_way,
            "ae_runs_ended": self._ended,
            "ae_runs_begun_again": self._again,
            "ae_page_seconds": self._pages,
        }

    @property
    def stats_families(self) -> Sequence[str]:
        """The names of what can be asked for."""
        return tuple(self._families)

    def get_stats(self, family_names: Sequence[str] | None = None) -> Mapping[str, Sequence[Stat]]:
        """Return what is asked for, everything without names."""
        asked = self._families if family_names is None else family_names
        return {name: self._families[name](name) for name in asked if name in self._families}

    def _length(self, name: str) -> Sequence[Stat]:
        return [GaugeStat(name, self._service.load().waiting, help="Runs that wait.")]

    def _longest_wait(self, name: str) -> Sequence[Stat]:
        waits = math.ceil(self._service.load().longest_wait)
        about = "Seconds that the run which waits longest has waited."
        return [GaugeStat(name, waits, unit="seconds", help=about)]

    def _waits(self, name: str) -> Sequence[Stat]:
        about = "Seconds in the queue of the runs that were begun."
        return [_histogram(name, self._service.metrics.waited, {}, about)]

    def _under_way(self, name: str) -> Sequence[Stat]:
        return [GaugeStat(name, self._service.load().training, help="Runs with a worker.")]

    def _ended(self, name: str) -> Sequence[Stat]:
        about = "Runs that ended while this server was there."
        ends = [*self._service.metrics.ends.items()]
        return [CounterStat(name, n, {"status": status}, help=about) for status, n in ends]

    def _again(self, name: str) -> Sequence[Stat]:
        about = "Runs begun again because their worker or the scheduler was lost."
        return [CounterStat(name, self._service.metrics.retries, help=about)]

    def _pages(self, name: str) -> Sequence[Stat]:
        def told(page: str, drawn: Histogram) -> Stat:
            return _histogram(name, drawn, {"page": page}, "Seconds in which pages are drawn.")

        return list(starmap(told, [*self._service.metrics.pages.items()]))


def _histogram(name: str, counted: Histogram, labels: dict[str, str], about: str) -> Stat:
    buckets, total = counted.read()
    return HistogramStat(name, buckets, total, buckets[-1][1], labels, "seconds", about)
