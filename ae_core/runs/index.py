"""An in-memory index of all runs in a store, by owner and by sweep.

It also finds the runs that other servers add to the store. Any thread may call it.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence

from ae_core.errors import UnknownThing
from ae_core.runs.record import RunRecord
from ae_core.runs.store import RunRef, RunStore

REFRESH_SECONDS = 1.0


class RunIndex:
    """Runs by visitor and by sweep."""

    def __init__(self, store: RunStore) -> None:
        """Start with the runs of the store."""
        self._store = store
        self._lock = threading.RLock()
        self._owned: dict[str, list[RunRef]] = defaultdict(list)
        self._sweeps: dict[str, list[RunRef]] = defaultdict(list)
        self._known: set[str] = set()
        self._refreshed = 0.0
        self._refresh()

    def add(self, records: Sequence[RunRecord]) -> None:
        """Add new runs."""
        with self._lock:
            self._add([RunRef(r.created, r.id, r.owner, r.sweep) for r in records])

    def owned(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        with self._lock:
            self._refresh()
            return [run.id for run in reversed(self._owned.get(owner, ()))]

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs in training order.

        Raises:
            UnknownThing: there is no such sweep.
        """
        with self._lock:
            if sweep_id not in self._sweeps:
                self._refresh()
            if sweep_id not in self._sweeps:
                raise UnknownThing("unknown_sweep", id=sweep_id)
            return [run.id for run in self._sweeps[sweep_id]]

    def all_ids(self) -> list[str]:
        """Return the ids of all runs."""
        with self._lock:
            self._refresh()
            return [run.id for runs in self._owned.values() for run in runs]

    def _refresh(self) -> None:
        """Read new runs from the store, at most every `REFRESH_SECONDS`."""
        if self._refreshed and time.monotonic() - self._refreshed < REFRESH_SECONDS:
            return
        self._refreshed = time.monotonic()
        self._add(self._store.refs(self._store.ids() - self._known))

    def _add(self, runs: Sequence[RunRef]) -> None:
        for run in runs:
            if run.id in self._known:
                continue
            self._known.add(run.id)
            self._owned[run.owner].append(run)
            self._owned[run.owner].sort()
            if run.sweep:
                self._sweeps[run.sweep].append(run)
