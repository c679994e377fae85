"""The live runs of all servers that share a store, and their queue.

One lock guards them, and they follow the `QueueStore` that the servers share. Any thread may call
it.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ae_core.errors import Message, StorageError, UnknownThing
from ae_core.runs.record import RunRecord
from ae_core.runs.snapshot import Snapshot
from ae_core.runs.store import RunStore
from ae_core.service.forecast import QueueForecast
from ae_core.service.live_run import LiveRun
from ae_core.service.metrics import ServiceMetrics
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.queue_store import QueueStore

MISSING_SECONDS = 10.0  # after these, a run that is neither queued nor ended is dropped


class ActiveRuns:
    """The live runs and the queue.

    Attributes:
        changed: the lock, which is notified of every change.
        exclusive: a context with the lock of all servers: one at a time starts runs.
        metrics: the counts of these runs.
    """

    def __init__(self, store: RunStore, queue_store: QueueStore) -> None:
        """Start empty; `sync` reads the queue."""
        self._store = store
        self._queue_store = queue_store
        self.changed = threading.Condition(threading.RLock())
        self.exclusive = queue_store.exclusive
        self.metrics = ServiceMetrics()
        self._live: dict[str, LiveRun] = {}
        self._missing: dict[str, float] = {}
        self._queue = TrainingQueue()
        self._slots = 1
        self._forecast = QueueForecast()

    def enqueue(self, records: Sequence[RunRecord]) -> None:
        """Put new runs into the queue, all or none.

        Raises:
            StorageError: a run's folder or the queue cannot be written.
        """
        with self.changed:
            try:
                for record in records:
                    self._store.begin(record)
                self._queue_store.enqueue(
                    Entry(record.id, record.owner, record.sweep, record.created, number)
                    for number, record in enumerate(records)
                )
            except StorageError:
                for record in records:
                    self._queue_store.remove(record.id)
                    self._store.discard(record.id)
                raise
            for record in records:
                self._live[record.id] = LiveRun.queued(record)
            self.sync()

    def of(self, owner: str) -> list[LiveRun]:
        """Return a visitor's runs that have not ended."""
        with self.changed:
            live = self._live.values()
            return [run for run in live if run.snapshot.live and run.record.owner == owner]

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
            queued, queue, slots = run.snapshot, self._queue, self._slots
            snapshots = {each: live.snapshot for each, live in self._live.items()}
        # Without the lock, so that a worker's messages need not wait for the forecast.
        position = self._forecast.positions(queue, snapshots, slots).get(run_id)
        if position is None:
            return queued
        return replace(queued, position=position.place, wait=position.seconds)

    @contextmanager
    def holding(self, run_id: str) -> Iterator[LiveRun | None]:
        """Hold the lock to change a run; yield None if it is not live.

        The body must not wait, because Dask's event loop is one of the callers.
        """
        with self.changed:
            yield self.live(run_id)
            self.changed.notify_all()

    def sync(self) -> TrainingQueue:
        """Read the queue that all servers share, and return it."""
        with self.changed:
            self._queue = self._queue_store.read()
            entries = {e.id: e for e in (*self._queue.waiting, *self._queue.training)}
            for entry in entries.values():
                self._adopt(entry)
            for run_id in [*self._live]:
                if run_id not in entries:
                    self._check_absent(run_id)
            self._missing = {i: since for i, since in self._missing.items() if i not in entries}
            self.changed.notify_all()
            return self._queue

    def _adopt(self, entry: Entry) -> None:
        """Update a run from its entry in the queue."""
        run = self._live.get(entry.id)
        if run is None:
            try:
                run = LiveRun.queued(self._store.read(entry.id))
            except UnknownThing:  # its folder was deleted
                self._queue_store.remove(entry.id)
                self._queue_store.finish(entry.id)
                return
            self._live[entry.id] = run
        if entry.attempt > run.attempt and not run.over:
            if not run.attempt:
                self.metrics.waited.observe(entry.begun - entry.entered)
            else:
                self.metrics.retries += 1
            run.start_attempt(entry)

    def _check_absent(self, run_id: str) -> None:
        """Drop a run that has left the queue after another server has stored its outcome."""
        run = self._live[run_id]
        if self._store.has_ended(run_id):
            self._forget(run_id, self._store.read(run_id).status)
        elif not run.over:
            since = self._missing.setdefault(run_id, time.monotonic())
            if time.monotonic() - since > MISSING_SECONDS:
                self._forget(run_id, "failed")

    def _forget(self, run_id: str, status: str) -> None:
        self._missing.pop(run_id, None)
        if self._live.pop(run_id, None) is not None:
            self.metrics.ends[status] += 1
            self.changed.notify_all()

    def start_next(self, slots: int) -> LiveRun | None:
        """Start the next run if there is a slot; call this under `exclusive`."""
        with self.changed:
            self._slots = slots
            while len(self._queue.training) < slots:
                entry = self._queue.next()
                if entry is None:
                    return None
                started = self._queue_store.start(entry, time.time())
                self.sync()
                if started is not None:
                    return self._live[entry.id]
            return None

    def retry(self, entry: Entry, lost: str) -> LiveRun:
        """Record a new attempt at a run after a lost one; call this under `exclusive`."""
        with self.changed:
            epoch = self._live[entry.id].snapshot.epoch + 1
            self._queue_store.retry(entry, lost, epoch)
            self.sync()
            return self._live[entry.id]

    def dequeue(self, run_id: str) -> bool:
        """Remove a waiting run from the queue; return whether it was there."""
        with self.changed:
            if run_id not in self._live:
                self.sync()  # another server may have started it
            removed = run_id in self._live and self._queue_store.remove(run_id)
            if removed:
                self._queue = self._queue_store.read()
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
                self._queue_store.finish(run_id)
                self._forget(run_id, run.record.status)
                self._queue = self._queue_store.read()

    def keep_unsaved(self, run_id: str, problem: Message) -> None:
        """Keep an ended run in memory that could not be stored, and the reason."""
        with self.holding(run_id) as run:
            self._queue_store.finish(run_id)
            if run is not None:
                run.keep_unsaved(problem)
