"""Which runs there are: waiting, under way, ended, and whose they are.

All that the training service remembers, behind one lock. It starts and ends nothing itself and
knows no Dask. Any thread may call it; the snapshots that it returns are frozen.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from ae_core.live_run import LiveRun
from ae_core.own_images import is_gone
from ae_core.snapshot import Snapshot, restored
from ae_core.specs import TrainingSpec
from ae_core.store import RunStore, UnknownRun, new_record


class Busy(ValueError):
    """The visitor already has as many runs under way as are allowed."""


class Roster:
    """The queue, the live runs and, through the store, the ended ones."""

    def __init__(self, store: RunStore, runs_per_owner: int) -> None:
        """Begin with what the store has; a visitor may have so many runs under way."""
        self._store = store
        self._runs_per_owner = runs_per_owner
        self._changed = threading.Condition(threading.RLock())
        self._live: dict[str, LiveRun] = {}
        self._queue: list[str] = []
        self._training: set[str] = set()
        self._owned: dict[str, list[str]] = defaultdict(list)  # newest first
        for owner, run_id in store.owners():
            self._owned[owner].append(run_id)
        self._stored = lru_cache(maxsize=64)(self._read)

    def enter(self, spec: TrainingSpec, owner: str, preset: str) -> str:
        """Put a new run at the end of the queue and return its id.

        Raises:
            Busy: the visitor has a run under way.
            StoreError: the run's folder cannot be written.
        """
        with self._changed:
            busy = [run for run in self._live.values() if run.snapshot.live]
            mine = [run.snapshot for run in busy if run.record.owner == owner]
            if len(mine) >= self._runs_per_owner:
                raise Busy(
                    f"You already have a run under way (epoch {mine[0].epoch} of "
                    f"{mine[0].spec.epochs}): stop it, or wait for its end."
                )
            record = new_record(spec, preset, owner)
            self._store.begin(record)
            snapshot = Snapshot(record.id, spec, preset, owner, "queued")
            self._live[record.id] = LiveRun(record, snapshot)
            self._owned[owner].insert(0, record.id)
            self._queue.append(record.id)
            return record.id

    def owned(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        with self._changed:
            return list(self._owned.get(owner, ()))

    def snapshot(self, run_id: str) -> Snapshot:
        """Return a run as it is now.

        Raises:
            UnknownRun: there is no such run.
        """
        with self._changed:
            if run_id in self._live:
                position = self._queue.index(run_id) + 1 if run_id in self._queue else 0
                return _shown(replace(self._live[run_id].snapshot, position=position))
        return _shown(self._stored(run_id))

    def wait_until(
        self, run_id: str, holds: Callable[[Snapshot], bool], timeout: float
    ) -> Snapshot:
        """Wait for a snapshot of which something holds, and return it.

        Raises:
            TimeoutError: it did not hold within ``timeout`` seconds.
            UnknownRun: there is no such run.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self.snapshot(run_id)), timeout):
                raise TimeoutError(f"run {run_id} is {self.snapshot(run_id).status}")
            return self.snapshot(run_id)

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run that is not in the store yet, None for any other."""
        with self._changed:
            return self._live.get(run_id)

    @contextmanager
    def holding(self, run_id: str) -> Iterator[LiveRun | None]:
        """Hold the lock around a change of one run; None if it is not live (any more).

        Nothing inside may wait: Dask's event loop is among the callers.
        """
        with self._changed:
            yield self.live(run_id)
            self._changed.notify_all()

    def start_next(self, slots: int) -> LiveRun | None:
        """Take the first run off the queue if fewer than ``slots`` are with a worker."""
        with self._changed:
            if not self._queue or len(self._training) >= slots:
                return None
            run_id = self._queue.pop(0)
            self._training.add(run_id)
            run = self._live[run_id]
            run.update(status="starting")
            self._changed.notify_all()
            return run

    def leave_queue(self, run_id: str) -> LiveRun | None:
        """Take a run off the queue, if it is there."""
        with self._changed:
            if run_id not in self._queue:
                return None
            self._queue.remove(run_id)
            return self._live[run_id]

    def empty_queue(self) -> list[LiveRun]:
        """Take all runs off the queue."""
        with self._changed:
            waiting, self._queue = self._queue, []
            return [self._live[run_id] for run_id in waiting]

    def free_slot(self, run_id: str) -> None:
        """Take note that a run is no longer with a worker."""
        with self._changed:
            self._training.discard(run_id)

    def drop(self, run_id: str) -> None:
        """Forget a live run: from now on the store has it."""
        with self._changed:
            self._live.pop(run_id, None)
            self._changed.notify_all()

    def forget_pictures(self, image_set: str) -> None:
        """Delete what ended runs keep of the pictures of an image set; the runs stay."""
        for run_id in [run_id for owned in self._everybody() for run_id in owned]:
            try:
                if self._store.read(run_id).spec.image_set == image_set:
                    for name in ("preview.png", "map.npz"):
                        (self._store.folder(run_id) / name).unlink(missing_ok=True)
            except UnknownRun:
                continue
        self._stored.cache_clear()

    def _everybody(self) -> list[list[str]]:
        with self._changed:
            return [list(owned) for owned in self._owned.values()]

    def _read(self, run_id: str) -> Snapshot:
        saved = (self._store.folder(run_id) / "weights.npz").exists()
        return restored(
            self._store.read(run_id), lambda name: self._store.file(run_id, name), saved=saved
        )


def _shown(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the pictures of an own set that was deleted."""
    if is_gone(snapshot.spec.image_set):
        return replace(snapshot, pictures=None, map=None)
    return snapshot
