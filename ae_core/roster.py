"""Which runs there are: waiting, under way, ended, and whose they are.

All that a server remembers of runs, behind one lock, and what all servers of a store know together,
read from the `QueueBook`. It starts and ends nothing itself and knows neither Dask nor what is in a
run's folder. Any thread may call it; the snapshots that it returns are frozen.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from ae_core.ended_runs import EndedRuns
from ae_core.live_run import LiveRun
from ae_core.meters import Load, Meters
from ae_core.moments import Moment
from ae_core.own_images import is_gone
from ae_core.pace import Pace
from ae_core.queue_book import QueueBook
from ae_core.run_index import RunIndex
from ae_core.run_record import new_record
from ae_core.snapshot import Snapshot, without_gone_pictures
from ae_core.specs import TrainingSpec
from ae_core.store import RunStore, StoreError, UnknownRun
from ae_core.training_queue import Entry, TrainingQueue, Wait

FORESEEN_FOR = 1.0  # seconds
MISSING_FOR = 10.0  # seconds, after which a run that is in no queue and has no end is given up


class Busy(ValueError):
    """The visitor already has as many runs under way as are allowed."""


class Roster:
    """The queue, the live runs and, through the store, the ended ones."""

    def __init__(self, store: RunStore, book: QueueBook, runs_per_owner: int) -> None:
        """Begin with what the store and the book have; a visitor may have so many runs live."""
        self._store = store
        self._book = book
        self._runs_per_owner = runs_per_owner
        self._changed = threading.Condition(threading.RLock())
        self._live: dict[str, LiveRun] = {}
        self._missing: dict[str, float] = {}
        self._queue = TrainingQueue()
        self._slots = 1
        self._pace = Pace()
        self._foreseen: tuple[float, Mapping[str, Wait]] = (0.0, {})
        self._index = RunIndex(store)
        self._ended = EndedRuns(store)
        self.meters = Meters()

    def enter(
        self, specs: Sequence[TrainingSpec], owner: str, preset: str, sweep: str = ""
    ) -> list[str]:
        """Put new runs into the queue, all or none, and return their ids.

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
            self.sync()
            self._refuse_if_busy(owner)
            records = [new_record(spec, preset, owner, sweep) for spec in specs]
            try:
                for record in records:
                    self._store.begin(record)
                self._book.enter(
                    Entry(record.id, owner, record.sweep, record.created, number)
                    for number, record in enumerate(records)
                )
            except StoreError:
                for record in records:
                    self._book.leave(record.id)
                    self._store.discard(record.id)
                raise
            self._index.add(records)
            for record in records:
                self._live[record.id] = LiveRun.queued(record)
            self.sync()
            return [record.id for record in records]

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

    def sync(self) -> TrainingQueue:
        """Read the queue as all servers have left it, and return it."""
        with self._changed:
            self._queue = self._book.read()
            entries = {e.id: e for e in (*self._queue.waiting, *self._queue.training)}
            for entry in entries.values():
                self._take_up(entry)
            for run_id in [*self._live]:
                if run_id not in entries:
                    self._let_go(run_id)
            self._missing = {i: since for i, since in self._missing.items() if i not in entries}
            self._foreseen = (0.0, {})
            self._changed.notify_all()
            return self._queue

    def _take_up(self, entry: Entry) -> None:
        """Know of a run what the queue says."""
        run, known = self._live.get(entry.id), entry.id in self._live
        if run is None:
            try:
                run = LiveRun.queued(self._store.read(entry.id))
            except UnknownRun:  # somebody deleted its folder
                self._book.leave(entry.id)
                self._book.finish(entry.id)
                return
            self._live[entry.id] = run
        if entry.attempt > run.attempt and not run.over:
            if known and not run.attempt:
                self.meters.waited.observe(max(0.0, time.time() - entry.entered))
            elif known:
                self.meters.again()
            run.turn_to(entry)

    def _let_go(self, run_id: str) -> None:
        """Forget a run that is in the queue no more, once another server has kept its end."""
        run = self._live[run_id]
        if self._store.has_ended(run_id):
            self._forget(run_id, self._store.read(run_id).status)
        elif not run.over:
            since = self._missing.setdefault(run_id, time.monotonic())
            if time.monotonic() - since > MISSING_FOR:
                self._forget(run_id, "failed")

    def _forget(self, run_id: str, status: str) -> None:
        self._missing.pop(run_id, None)
        if self._live.pop(run_id, None) is not None:
            self.meters.ended(status)
            self._changed.notify_all()

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs, in the order of their training.

        Raises:
            UnknownSweep: there is no such sweep.
        """
        return self._index.sweep(sweep_id)

    def owned(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        return self._index.owned(owner)

    def snapshot(self, run_id: str) -> Snapshot:
        """Return a run as it is now.

        Raises:
            UnknownRun: there is no such run.
        """
        with self._changed:
            if run_id not in self._live and not self._store.has_ended(run_id):
                self.sync()  # another server may have begun it
            if run_id in self._live:
                wait = self._waits().get(run_id)
                live = self._live[run_id].snapshot
                if wait is not None:
                    live = replace(live, position=wait.place, wait=wait.seconds)
                return without_gone_pictures(live)
        return without_gone_pictures(self._ended.snapshot(run_id))

    def _waits(self) -> Mapping[str, Wait]:
        """Return what is foreseen for the runs that wait."""
        seen, waits = self._foreseen
        if self._queue.waiting and time.monotonic() - seen > FORESEEN_FOR:
            seconds: dict[str, float | None] = {}
            for entry in (*self._queue.training, *self._queue.waiting):
                if entry.id in self._live:
                    snapshot = self._live[entry.id].snapshot
                    self._pace.observe(snapshot)
                    left = snapshot.seconds_left
                    seconds[entry.id] = self._pace.seconds(snapshot.spec) if left is None else left
            waits = self._queue.forecast(self._slots, seconds, time.time())
            self._foreseen = (time.monotonic(), waits)
        return waits

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

    def load(self) -> Load:
        """Return how many runs wait and train, on whatever server they were begun."""
        queue = self.sync()
        waits = [time.time() - entry.entered for entry in queue.waiting]
        return Load(len(queue.waiting), len(queue.training), max(waits, default=0.0))

    def alone(self) -> AbstractContextManager[None]:
        """Hold the lock that all servers share: one at a time hands out runs."""
        return self._book.alone()

    def start_next(self, slots: int) -> LiveRun | None:
        """Take the run off the queue that is to train now, if there is a slot; call it `alone`."""
        with self._changed:
            self._slots = slots
            while len(self._queue.training) < slots:
                entry = self._queue.next()
                if entry is None:
                    return None
                begun = self._book.begin(entry, time.time())
                self.sync()
                if begun is not None:
                    return self._live[entry.id]
            return None

    def again(self, entry: Entry, lost: str) -> LiveRun:
        """Take note that a run whose attempt was lost is begun once more; call it `alone`."""
        with self._changed:
            epoch = self._live[entry.id].snapshot.epoch + 1
            self._book.again(entry, lost, epoch)
            self.sync()
            return self._live[entry.id]

    def leave_queue(self, run_id: str) -> bool:
        """Take a run off the queue; return whether it was there."""
        with self._changed:
            if run_id not in self._live:
                self.sync()  # another server may have it
            left = run_id in self._live and self._book.leave(run_id)
            if left:
                self._queue, self._foreseen = self._book.read(), (0.0, {})
            return left

    def unavailable(self, problem: str) -> None:
        """Say with every live run why it does not go on now; an empty text: it does."""
        with self._changed:
            for run in self._live.values():
                if not run.over and run.snapshot.reason != problem:
                    run.update(reason=problem)
            self._changed.notify_all()

    def drop(self, run_id: str) -> None:
        """Forget a live run: from now on the store has it."""
        with self._changed:
            run = self._live.get(run_id)
            if run is not None:
                self._book.finish(run_id)
                self._forget(run_id, run.record.status)
                self._queue, self._foreseen = self._book.read(), (0.0, {})

    def not_saved(self, run_id: str, problem: str) -> None:
        """Keep an ended run that the store did not take, and say why."""
        with self.holding(run_id) as run:
            self._book.finish(run_id)
            if run is not None:
                run.not_saved(problem)

    def forget_pictures(self, image_set: str) -> None:
        """Delete what ended runs keep of the pictures of an image set; the runs stay."""
        self._ended.forget_pictures(self._index.everything(), image_set)
