"""The training service: a queue of runs, their newest snapshots, and the store of ended ones.

This is the client side of Dask and the one mutable thing of the application. It knows no page and
imports no TensorFlow. Any thread may call it; what it returns is frozen.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any

from distributed import Future

from ae_core import tasks
from ae_core.connection import Connection, ServiceUnavailable
from ae_core.ending import WORKER_DIED, Ending, ending_of
from ae_core.live_run import EVERY_EPOCH, LiveRun
from ae_core.refit import plan_of
from ae_core.snapshot import Snapshot, restored
from ae_core.specs import TrainingSpec
from ae_core.store import RunStore, StoreError, new_record

_log = logging.getLogger(__name__)


class Busy(ValueError):
    """The visitor already has as many runs under way as are allowed."""


class TrainingService:
    """Trains runs in workers, one after the other, and remembers how they went."""

    def __init__(self, store: RunStore, connection: Connection, *, runs_per_owner: int = 1) -> None:
        """Serve from a store and a connection; no worker is started yet.

        Args:
            store: where ended runs are kept.
            connection: the way to the workers.
            runs_per_owner: how many runs a visitor may have under way.
        """
        self.store = store
        self.connection = connection
        self._runs_per_owner = runs_per_owner
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._live: dict[str, LiveRun] = {}
        self._queue: list[str] = []
        self._training: set[str] = set()
        self._owned: dict[str, list[str]] = defaultdict(list)  # newest first
        for owner, run_id in store.owners():
            self._owned[owner].append(run_id)
        self._closed = False
        self._stored = lru_cache(maxsize=64)(self._read)
        # One thread does all that waits for Dask or the disk, so events never block each other.
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="ae-service")

    def submit(self, spec: TrainingSpec, owner: str, preset: str = "") -> str:
        """Put a run into the queue and return its id.

        Raises:
            ValueError: the spec's layers do not fit its pictures.
            Busy: the visitor has a run under way.
            StoreError: the run's folder cannot be written.
        """
        plan_of(spec)
        with self._lock:
            busy = [run for run in self._live.values() if run.snapshot.live]
            mine = [run.snapshot for run in busy if run.record.owner == owner]
            if len(mine) >= self._runs_per_owner:
                raise Busy(
                    f"You already have a run under way (epoch {mine[0].epoch} of "
                    f"{mine[0].spec.epochs}): stop it, or wait for its end."
                )
            record = new_record(spec, preset, owner)
            self.store.begin(record)
            snapshot = Snapshot(record.id, spec, preset, owner, "queued")
            self._live[record.id] = LiveRun(record, snapshot)
            self._owned[owner].insert(0, record.id)
            self._queue.append(record.id)
        self._do(self._dispatch)
        return record.id

    def snapshot(self, run_id: str) -> Snapshot:
        """Return a run as it is now.

        Raises:
            UnknownRun: there is no such run.
        """
        with self._lock:
            if run_id in self._live:
                position = self._queue.index(run_id) + 1 if run_id in self._queue else 0
                return replace(self._live[run_id].snapshot, position=position)
        return self._stored(run_id)

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

    def runs(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        with self._lock:
            return list(self._owned.get(owner, ()))

    def pause(self, run_id: str) -> None:
        """Hold a run where it is; it keeps its worker for at most `tasks.LONGEST_PAUSE`."""
        self._permit(run_id, 0)

    def resume(self, run_id: str) -> None:
        """Let a run go on."""
        self._permit(run_id, EVERY_EPOCH)

    def step(self, run_id: str) -> None:
        """Train one epoch (or the rest of a begun one) and pause."""
        self._permit(run_id, self.snapshot(run_id).epoch + 1)

    def stop(self, run_id: str) -> None:
        """End a run; the weights of its last complete epoch are kept."""
        with self._lock:
            if run_id in self._queue:
                self._queue.remove(run_id)
                self._do(self._end, run_id, Ending("stopped", "Stopped before it began."))
                return
            if run_id in self._live and self._live[run_id].snapshot.live:
                self._live[run_id].update(status="stopping")
        self._permit(run_id, tasks.STOP)

    def _permit(self, run_id: str, epoch: int) -> None:
        with self._lock:
            run = self._live.get(run_id)
        if run is not None:
            self._do(run.permit, epoch)

    def save_again(self, run_id: str) -> None:
        """Try once more to save an ended run that could not be saved.

        Raises:
            StoreError: it still cannot.
        """
        with self._lock:
            run = self._live.get(run_id)
        if run is None or run.snapshot.live:
            return
        self.store.finish(run.record, run.files)
        with self._lock:
            self._live.pop(run_id, None)

    def close(self) -> None:
        """End the workers and with them all runs under way."""
        self._closed = True
        self._jobs.shutdown(wait=False, cancel_futures=True)
        self.connection.close()

    # --- in the service's own thread -------------------------------------------------------

    def _dispatch(self) -> None:
        """Hand waiting runs to free workers."""
        try:
            slots = max(1, self.connection.train_slots())
        except ServiceUnavailable as error:
            with self._lock:
                waiting, self._queue = self._queue, []
            for run_id in waiting:
                self._end(run_id, Ending("failed", str(error)))
            return
        while True:
            with self._lock:
                if not self._queue or len(self._training) >= slots:
                    return
                run_id = self._queue.pop(0)
                self._training.add(run_id)
                self._live[run_id].update(status="starting")
                self._changed.notify_all()
            self._begin(run_id)

    def _begin(self, run_id: str) -> None:
        try:
            client = self.connection.client()
        except ServiceUnavailable as error:
            self._end(run_id, Ending("failed", str(error)))
            return
        # "all" tells of workers that are gone: a run of theirs would else wait for another one.
        client.subscribe_topic("all", lambda event: self._worker_gone(event[1]))
        client.subscribe_topic(tasks.topic(run_id), lambda event: self._event(run_id, event[1]))
        future = self._live[run_id].begin(client)
        future.add_done_callback(lambda done: self._do(self._ended, run_id, done))

    def _event(self, run_id: str, message: tasks.Message) -> None:
        with self._lock:  # in Dask's event loop: nothing here may wait
            run = self._live.get(run_id)
            if run is not None:
                run.take(message)
                self._changed.notify_all()

    def _worker_gone(self, message: tasks.Message) -> None:
        if message.get("action") != "remove-worker":
            return
        with self._lock:
            for key in message["processing-tasks"]:
                run = self._live.get(str(key).removeprefix("train-"))
                if run is not None and run.begun:
                    self._do(self._lose, run.record.id)

    def _lose(self, run_id: str) -> None:
        run = self._live.get(run_id)
        if run is None or not run.snapshot.live:
            return  # told twice
        if run.future is not None:
            run.future.cancel()
        self._end(run_id, Ending("failed", WORKER_DIED.format(epoch=run.snapshot.epoch + 1)))

    def _ended(self, run_id: str, future: Future) -> None:
        with self._lock:
            run = self._live.get(run_id)
            if run is None or not run.snapshot.live:
                return  # already told that its worker died
        self._end(run_id, ending_of(future, run.snapshot.epoch + 1))

    def _end(self, run_id: str, ending: Ending) -> None:
        """Keep a run's end, in the store if it takes it, and go on with the next run."""
        with self._lock:
            run = self._live[run_id]
            self._training.discard(run_id)
            run.end(ending)
        run.forget()
        try:
            self.store.finish(run.record, run.files)
        except StoreError as error:
            with self._lock:  # kept in memory, and the page offers to try again
                run.not_saved(str(error))
        else:
            with self._lock:
                self._live.pop(run_id)
        with self._lock:
            self._changed.notify_all()
        self._do(self._dispatch)

    def _read(self, run_id: str) -> Snapshot:
        saved = (self.store.folder(run_id) / "weights.npz").exists()
        return restored(
            self.store.read(run_id), lambda name: self.store.file(run_id, name), saved=saved
        )

    def _do(self, job: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            self._jobs.submit(_logged, job, *args)


def _logged(job: Callable[..., None], *args: Any) -> None:
    """Run a job whose result nobody waits for, so that its failure is at least in the log."""
    try:
        job(*args)
    except Exception:
        _log.exception("a job of the training service failed")
