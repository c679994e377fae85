"""The live runs of all servers that share a scheduler, and their queue.

One lock guards them, and they follow the `QueueStore` that the servers share. Any thread may call
it.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from ae_core.errors import Message, StorageError, UnknownThing
from ae_core.runs.record import RunRecord
from ae_core.runs.snapshot import Snapshot
from ae_core.runs.store import RunStore
from ae_core.service.forecast import QueueForecast
from ae_core.service.live_run import LiveRun
from ae_core.service.metrics import ServiceMetrics
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.queue_store import QueueStore
from ae_core.service.slots import Slots

MAX_WAITING = 300  # runs


class ActiveRuns:
    """The live runs and the queue.

    Attributes:
        changed: the lock, which is notified of every change.
        metrics: the counts of these runs.
    """

    def __init__(self, store: RunStore, queue_store: QueueStore) -> None:
        """Start empty; `sync` reads the queue."""
        self._store = store
        self._queue_store = queue_store
        self.changed = threading.Condition(threading.RLock())
        self.metrics = ServiceMetrics()
        self._live: dict[str, LiveRun] = {}
        self._queue = TrainingQueue()
        self._at_once = 1  # runs that train, as long as one waits
        self._forecast = QueueForecast()

    def enqueue(
        self, records: Sequence[RunRecord], address: str = "", most: int = sys.maxsize
    ) -> None:
        """Put new runs of an owner, from an address, into the queue, all or none.

        If too many runs wait then, the last ones of whoever has most of them leave.

        Raises:
            Busy: the owner has ``most`` runs in progress.
            StorageError: the database or the disk refuses.
        """
        with self.changed:
            unsaved = [run.record.id for run in self.unsaved()]
            admit = partial(
                self._queue_store.admit, owner=records[0].owner, most=most, ended=unsaved
            )
            self._store.begin(records, self._queue_store.scheduler, address, admit)
            for record in records:
                self._live[record.id] = LiveRun.queued(record)
            queue = self.sync()
            while len(queue.waiting) > MAX_WAITING and (last := queue.last_of_the_largest_party()):
                self._queue_store.fail(last.id, Message.of("queue_full", most=MAX_WAITING))
                queue = self.sync()

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run whose outcome is not in the store yet, None for any other run."""
        with self.changed:
            return self._live.get(run_id)

    def snapshot(self, run_id: str) -> Snapshot | None:
        """Return the snapshot of such a run with its place in the queue, None for any other run."""
        with self.changed:
            run = self._live.get(run_id)
            if run is None:
                return None
            if run.snapshot.status != "queued":
                return run.snapshot
            queued, queue, at_once = run.snapshot, self._queue, self._at_once
            snapshots = {each: live.snapshot for each, live in self._live.items()}
        # Without the lock, so that a worker's messages need not wait for the forecast.
        position = self._forecast.positions(queue, snapshots, at_once).get(run_id)
        if position is None:
            return queued
        return replace(
            queued,
            position=position.place,
            wait=position.seconds,
            neighbours=position.neighbours,
        )

    @contextmanager
    def holding(self, run_id: str) -> Iterator[LiveRun | None]:
        """Hold the lock to change a run; yield None if it is not live.

        The body must not wait, because Dask's event loop is one of the callers.
        """
        with self.changed:
            yield self.live(run_id)
            self.changed.notify_all()

    def sync(self) -> TrainingQueue:
        """Read the queue that all servers share, and return it without runs that have ended here.

        Raises:
            StorageError: the database does not answer.
        """
        with self.changed:
            queue = self._queue_store.read()
            entries = {e.id: e for e in (*queue.waiting, *queue.training)}
            for entry in entries.values():
                self._adopt(entry)
            for run_id in [*self._live]:
                if run_id not in entries:
                    self._check_absent(run_id)
            over = self._over()
            training = tuple(entry for entry in queue.training if entry.id not in over)
            self._queue = replace(queue, training=training)
            self.changed.notify_all()
            return self._queue

    def _over(self) -> set[str]:
        """Return the runs that have ended but whose outcome is not in the store."""
        return {run_id for run_id, run in self._live.items() if run.over}

    def _adopt(self, entry: Entry) -> None:
        """Update a run from its entry in the queue."""
        run = self._live.get(entry.id)
        if run is None:
            try:
                run = LiveRun.queued(self._store.read(entry.id), entry.lost)
            except UnknownThing as damaged:
                self._queue_store.fail(entry.id, damaged.message)
                return
            self._live[entry.id] = run
        if entry.attempt > run.attempt and not run.over:
            if not run.attempt:
                self.metrics.waited.observe(entry.begun - entry.entered)
            else:
                self.metrics.retries += 1
            run.start_attempt(entry)

    def _check_absent(self, run_id: str) -> None:
        """Drop a run that has left the queue: another server has ended it or has taken it over."""
        if not self._live[run_id].over and not self._queue_store.holds(run_id):
            try:
                self._forget(run_id, self._store.read(run_id).status)
            except UnknownThing:  # it was deleted
                self._forget(run_id, "failed")

    def _forget(self, run_id: str, status: str) -> None:
        if self._live.pop(run_id, None) is not None:
            self.metrics.ends[status] += 1
            self.changed.notify_all()

    def start_next(self, slots: Slots) -> Entry | None:
        """Start the next run if there are slots for it, and return its entry."""
        with self.changed:
            while (entry := self._queue.next()) is not None:
                training = self._queue.training
                specs = {run_id: run.record.spec for run_id, run in self._live.items()}
                if not slots.has_room(specs, training, entry):
                    self._at_once = len(training)
                    return None
                started = self._queue_store.start(entry, len(training) + 1, self._over())
                queue = self.sync()
                if started:
                    return next((each for each in queue.training if each.id == entry.id), None)
                if any(each.id == entry.id for each in queue.waiting):
                    return None  # another server has just started one
            return None

    def retry(self, entry: Entry, lost: str) -> Entry | None:
        """Record a new attempt at a run after a lost one, and return its entry.

        It is None if another server has done so.
        """
        with self.changed:
            run = self._live[entry.id]
            recorded = self._queue_store.retry(entry, lost, run.snapshot.epoch + 1)
            training = self.sync().training if recorded else ()
            return next((each for each in training if each.id == entry.id), None)

    def dequeue(self, run_id: str) -> bool:
        """Remove a waiting run from the queue; return whether it was there."""
        with self.changed:
            if run_id not in self._live:
                self.sync()  # another server may have enqueued it
            removed = run_id in self._live and self._queue_store.remove(run_id)
            if removed:
                with suppress(StorageError):  # it is removed, which must be said
                    self.sync()
            return removed

    def set_problem(self, problem: Message | None) -> None:
        """Set the reason why live runs cannot continue now, None if they can."""
        with self.changed:
            for run in self._live.values():
                if not run.over and run.snapshot.reason != problem:
                    run.update(reason=problem)
            self.changed.notify_all()

    def drop(self, run_id: str) -> None:
        """Drop a live run, because the store has it now."""
        with self.changed:
            run = self._live.get(run_id)
            if run is not None:
                self._forget(run_id, run.record.status)
                self.sync()

    def unsaved(self) -> list[LiveRun]:
        """Return the ended runs that are only in memory."""
        with self.changed:
            return [run for run in self._live.values() if run.over and not run.snapshot.live]

    def keep_unsaved(self, run_id: str, problem: Message) -> None:
        """Keep an ended run in memory that could not be stored, and the reason."""
        with self.holding(run_id) as run:
            if run is not None:
                run.keep_unsaved(problem)
