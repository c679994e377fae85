"""Which runs there are: waiting, under way, ended, and whose they are.

All that the training service remembers, behind one lock. It starts and ends nothing itself and
knows neither Dask nor what is in a run's folder. Any thread may call it; the snapshots that it
returns are frozen.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ae_core.ended_runs import EndedRuns
from ae_core.live_run import LiveRun
from ae_core.moments import Moment
from ae_core.own_images import is_gone
from ae_core.run_record import new_record
from ae_core.snapshot import Snapshot, without_gone_pictures
from ae_core.specs import TrainingSpec
from ae_core.store import RunStore, StoreError, UnknownSweep
from ae_core.training_queue import TrainingQueue


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
        self._queue = TrainingQueue()
        self._owned: dict[str, list[str]] = defaultdict(list)  # newest first
        for owner, run_id in store.owners():
            self._owned[owner].append(run_id)
        self._sweeps = store.sweeps()
        self._ended = EndedRuns(store)

    def enter(
        self, specs: Sequence[TrainingSpec], owner: str, preset: str, sweep: str = ""
    ) -> list[str]:
        """Put new runs at the end of the queue, all or none, and return their ids.

        Args:
            specs: of the runs, in the order of their training.
            owner: the visitor.
            preset: from which the runs started.
            sweep: an id that makes them one entry; without it there is one spec.

        Raises:
            Busy: the visitor has a run, or a sweep, under way.
            StoreError: a run's folder cannot be written.
        """
        with self._changed:
            self._refuse_if_busy(owner)
            records = [new_record(spec, preset, owner, sweep) for spec in specs]
            try:
                for record in records:
                    self._store.begin(record)
            except StoreError:
                for record in records:
                    self._store.discard(record.id)
                raise
            for record in records:
                snapshot = Snapshot(
                    record.id, record.spec, preset, owner, "queued", sweep=record.sweep
                )
                self._live[record.id] = LiveRun(record, snapshot)
                self._owned[owner].insert(0, record.id)
                self._queue.add(record.id, record.sweep)
            ids = [record.id for record in records]
            if sweep:
                self._sweeps[sweep] = ids
            return ids

    def _refuse_if_busy(self, owner: str) -> None:
        """Raise Busy if a visitor has enough under way; the runs of a sweep count as one."""
        runs = [run for run in self._live.values() if run.snapshot.live]
        mine = [run for run in runs if run.record.owner == owner]
        if len({run.record.sweep or run.record.id for run in mine}) >= self._runs_per_owner:
            furthest = max((run.snapshot for run in mine), key=lambda snapshot: snapshot.epoch)
            raise Busy(
                f"You already have a run under way (epoch {furthest.epoch} of "
                f"{furthest.spec.epochs}): stop it, or wait for its end."
            )

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs, in the order of their training.

        Raises:
            UnknownSweep: there is no such sweep.
        """
        with self._changed:
            if sweep_id not in self._sweeps:
                raise UnknownSweep(sweep_id)
            return list(self._sweeps[sweep_id])

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
                position = self._queue.place(run_id)
                live = replace(self._live[run_id].snapshot, position=position)
                return without_gone_pictures(live)
        return without_gone_pictures(self._ended.snapshot(run_id))

    def moments(self, run_id: str) -> tuple[Moment, ...]:
        """Return what is kept of a run's epochs, read from its folder if it has ended.

        Raises:
            UnknownRun: there is no such run.
        """
        if is_gone(self.snapshot(run_id).spec.image_set):
            return ()
        run = self.live(run_id)
        if run is not None:
            return run.moments
        return self._ended.moments(run_id)

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
        """Take the run off the queue that is to train now; see `TrainingQueue.start_next`."""
        with self._changed:
            run_id = self._queue.start_next(slots)
            if run_id is None:
                return None
            run = self._live[run_id]
            run.update(status="starting")
            self._changed.notify_all()
            return run

    def leave_queue(self, run_id: str) -> LiveRun | None:
        """Take a run off the queue, if it is there."""
        with self._changed:
            return self._live[run_id] if self._queue.leave(run_id) else None

    def empty_queue(self) -> list[LiveRun]:
        """Take all runs off the queue."""
        with self._changed:
            return [self._live[run_id] for run_id in self._queue.empty()]

    def free_slot(self, run_id: str) -> None:
        """Take note that a run is no longer with a worker."""
        with self._changed:
            self._queue.free_slot(run_id)

    def drop(self, run_id: str) -> None:
        """Forget a live run: from now on the store has it."""
        with self._changed:
            self._live.pop(run_id, None)
            self._changed.notify_all()

    def forget_pictures(self, image_set: str) -> None:
        """Delete what ended runs keep of the pictures of an image set; the runs stay."""
        with self._changed:
            everybody = [run_id for owned in self._owned.values() for run_id in owned]
        self._ended.forget_pictures(everybody, image_set)
