"""The runs that have not ended, on whatever server they were begun, and the queue of all servers.

What this server knows of them, behind one lock, kept in step with the `QueueBook` that all servers
of a store share. It knows neither Dask nor ended runs. Any thread may call it.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from ae_core.errors import StorageError, UnknownThing
from ae_core.runs.record import RunRecord
from ae_core.runs.store import RunStore
from ae_core.service.forecast import Forecast
from ae_core.service.live_run import LiveRun
from ae_core.service.metrics import Load, Meters
from ae_core.service.queue import Entry, TrainingQueue, Wait
from ae_core.service.queue_store import QueueBook

MISSING_FOR = 10.0  # seconds, after which a run that is in no queue and has no end is given up


class UnderWay:
    """The live runs and the queue.

    Attributes:
        changed: the lock, and the news of every change.
        meters: what is counted of the runs.
    """

    def __init__(self, store: RunStore, book: QueueBook) -> None:
        """Know nothing yet; `sync` reads what there is."""
        self._store = store
        self._book = book
        self.changed = threading.Condition(threading.RLock())
        self.meters = Meters()
        self._live: dict[str, LiveRun] = {}
        self._missing: dict[str, float] = {}
        self._queue = TrainingQueue()
        self._forecast = Forecast()

    def enter(self, records: Sequence[RunRecord]) -> None:
        """Put new runs into the queue, all or none.

        Raises:
            StorageError: a run's folder, or the queue, cannot be written.
        """
        with self.changed:
            try:
                for record in records:
                    self._store.begin(record)
                self._book.enter(
                    Entry(record.id, record.owner, record.sweep, record.created, number)
                    for number, record in enumerate(records)
                )
            except StorageError:
                for record in records:
                    self._book.leave(record.id)
                    self._store.discard(record.id)
                raise
            for record in records:
                self._live[record.id] = LiveRun.queued(record)
            self.sync()

    def of(self, owner: str) -> list[LiveRun]:
        """Return a visitor's runs that have not ended."""
        with self.changed:
            runs = [run for run in self._live.values() if run.snapshot.live]
            return [run for run in runs if run.record.owner == owner]

    def sync(self) -> TrainingQueue:
        """Read the queue as all servers have left it, and return it."""
        with self.changed:
            self._queue = self._book.read()
            entries = {e.id: e for e in (*self._queue.waiting, *self._queue.training)}
            for entry in entries.values():
                self._take_up(entry)
            for run_id in [*self._live]:
                if run_id not in entries:
                    self._let_go(run_id)
            self._missing = {i: since for i, since in self._missing.items() if i not in entries}
            self.changed.notify_all()
            return self._queue

    def _take_up(self, entry: Entry) -> None:
        """Know of a run what the queue says."""
        run = self._live.get(entry.id)
        if run is None:
            try:
                run = LiveRun.queued(self._store.read(entry.id))
            except UnknownThing:  # somebody deleted its folder
                self._book.leave(entry.id)
                self._book.finish(entry.id)
                return
            self._live[entry.id] = run
        if entry.attempt > run.attempt and not run.over:
            if not run.attempt:
                self.meters.waited.observe(entry.begun - entry.entered)
            else:
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
            self.changed.notify_all()

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run that is not in the store yet, None for any other."""
        with self.changed:
            return self._live.get(run_id)

    def wait(self, run_id: str) -> Wait | None:
        """Return what is foreseen for a run that waits, None for any other."""
        with self.changed:
            return self._forecast.waits(self._queue, self._live).get(run_id)

    @contextmanager
    def holding(self, run_id: str) -> Iterator[LiveRun | None]:
        """Hold the lock around a change of one run; None if it is not live (any more).

        Nothing inside may wait: Dask's event loop is among the callers.
        """
        with self.changed:
            yield self.live(run_id)
            self.changed.notify_all()

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
        with self.changed:
            self._forecast.slots = slots
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
        with self.changed:
            epoch = self._live[entry.id].snapshot.epoch + 1
            self._book.again(entry, lost, epoch)
            self.sync()
            return self._live[entry.id]

    def leave_queue(self, run_id: str) -> bool:
        """Take a run off the queue; return whether it was there."""
        with self.changed:
            if run_id not in self._live:
                self.sync()  # another server may have it
            left = run_id in self._live and self._book.leave(run_id)
            if left:
                self._queue = self._book.read()
            return left

    def unavailable(self, problem: str) -> None:
        """Say with every live run why it does not go on now; an empty text: it does."""
        with self.changed:
            for run in self._live.values():
                if not run.over and run.snapshot.reason != problem:
                    run.update(reason=problem)
            self.changed.notify_all()

    def drop(self, run_id: str) -> None:
        """Forget a live run: from now on the store has it."""
        with self.changed:
            run = self._live.get(run_id)
            if run is not None:
                self._book.finish(run_id)
                self._forget(run_id, run.record.status)
                self._queue = self._book.read()

    def not_saved(self, run_id: str, problem: str) -> None:
        """Keep an ended run that the store did not take, and say why."""
        with self.holding(run_id) as run:
            self._book.finish(run_id)
            if run is not None:
                run.not_saved(problem)
