"""Adds the app's metrics for Prometheus to Streamlit's own ``/_stcore/metrics``.

Streamlit counts the sessions (``active_sessions``); this module adds the queue, the runs, the
workers, the errors that pages show and the seconds for drawing pages. The metrics of queue and
workers cover all servers that share these, and each server reports them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import starmap

from ae_core.service.metrics import Histogram
from ae_core.service.service import TrainingService
from pages.ui.i18n import notice
from pages.ui.streamlit_adapter import CounterStat, GaugeStat, HistogramStat, Stat


class Provider:
    """A `StatsProvider` of Streamlit for a service."""

    def __init__(self, service: TrainingService) -> None:
        """Report the metrics of ``service``."""
        self._service = service
        self._families: Mapping[str, Callable[[str], Sequence[Stat]]] = {
            "ae_queue_length": self._length,
            "ae_queue_longest_wait_seconds": self._longest_wait,
            "ae_queue_wait_seconds": self._waits,
            "ae_runs_under_way": self._under_way,
            "ae_runs_ended": self._ended,
            "ae_runs_begun_again": self._again,
            "ae_page_seconds": self._pages,
            "ae_scheduler_up": self._scheduler,
            "ae_workers": self._workers,
            "ae_workers_memory_bytes": self._memory,
            "ae_errors_shown": self._errors,
        }

    @property
    def stats_families(self) -> Sequence[str]:
        """The names of the available metrics."""
        return tuple(self._families)

    def get_stats(self, family_names: Sequence[str] | None = None) -> Mapping[str, Sequence[Stat]]:
        """Return the named metrics, or all without names."""
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

    def _scheduler(self, name: str) -> Sequence[Stat]:
        up = self._service.connection.workers_memory() is not None
        return [GaugeStat(name, int(up), help="1 if the scheduler of the workers answers.")]

    def _workers(self, name: str) -> Sequence[Stat]:
        found = self._service.connection.workers_memory() or {}
        about = "Workers that are connected, by what they do."
        return [
            GaugeStat(name, len(each), {"does": does}, help=about) for does, each in found.items()
        ]

    def _memory(self, name: str) -> Sequence[Stat]:
        found = self._service.connection.workers_memory() or {}
        about = "Memory of the workers together, by what they do."
        return [
            GaugeStat(name, sum(each), {"does": does}, "bytes", about)
            for does, each in found.items()
        ]

    def _errors(self, name: str) -> Sequence[Stat]:
        about = "Refusals and failures that pages have shown, by their key."
        return [
            CounterStat(name, n, {"key": key}, help=about) for key, n in [*notice.shown.items()]
        ]


def _histogram(name: str, counted: Histogram, labels: dict[str, str], about: str) -> Stat:
    buckets, total = counted.read()
    return HistogramStat(name, buckets, total, buckets[-1][1], labels, "seconds", about)
