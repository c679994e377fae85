"""Stores the outcomes of ended runs; what the disk refuses is tried again, ever more rarely."""

import logging
import time
from collections.abc import Callable

from ae_core.errors import StorageError
from ae_core.runs.store import RunStore
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.live_run import LiveRun

FIRST_SECONDS = 2.0  # until the second try; each later one waits twice as long
MAX_SECONDS = 60.0

_log = logging.getLogger(__name__)


class OutcomeWriter:
    """Stores runs' outcomes; the log says when a run cannot be stored, and when it is.

    Only the dispatcher's thread uses it.
    """

    def __init__(
        self, store: RunStore, active: ActiveRuns, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Write into a store; ``now`` tells the seconds since any moment."""
        self._store = store
        self._active = active
        self._now = now
        self._refused: dict[str, tuple[float, float]] = {}  # the next try and its wait, by run

    def save(self, run: LiveRun) -> None:
        """Store an ended run unless another server has done so; else keep it with the reason."""
        try:
            self._store.finish(run.record, run.files)
        except StorageError as error:
            self._postpone(run.record.id, error)
            self._active.keep_unsaved(run.record.id, error.message)
        else:
            self._active.drop(run.record.id)
            self._settle(run.record.id)

    def save_due(self) -> None:
        """Try again to store the runs whose time has come."""
        unsaved = {run.record.id: run for run in self._active.unsaved()}
        for run_id in self._refused.keys() - unsaved.keys():  # the page's button stored it
            self._settle(run_id)
        for run_id, run in unsaved.items():
            due, _ = self._refused.get(run_id, (0.0, 0.0))
            if self._now() >= due:
                self.save(run)

    def _postpone(self, run_id: str, error: StorageError) -> None:
        if run_id in self._refused:
            wait = min(2 * self._refused[run_id][1], MAX_SECONDS)
        else:
            wait = FIRST_SECONDS
            problem = error.__cause__ or error
            _log.error("run %s cannot be saved and is tried again: %s", run_id, problem)
        self._refused[run_id] = self._now() + wait, wait

    def _settle(self, run_id: str) -> None:
        if self._refused.pop(run_id, None) is not None:
            _log.warning("run %s is saved after all", run_id)
