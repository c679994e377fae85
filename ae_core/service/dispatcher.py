"""The dispatcher hands runs to workers, follows them and stores their ends.

It is the client side of Dask, with a thread of its own for all that waits for Dask or the disk.
Whose turn it is, `ActiveRuns` says.

It does not rely on events: at every occasion it compares the queue, which all servers of a store
share, with what the scheduler has, and acts on the difference. So one server may start a run, all
may follow it and another one may end it.
"""

import threading

from distributed import CancelledError, Client, Future
from distributed.client import ClosedClientError

from ae_core.errors import Message, ServiceUnavailable, StorageError
from ae_core.runs.record import RunOutcome
from ae_core.runs.store import RunStore
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.attempts import AttemptTracker
from ae_core.service.connection import Connection
from ae_core.service.events import SchedulerEvents, SerialExecutor
from ae_core.service.messages import attempt_name, run_of, task_key
from ae_core.service.outcome import AttemptLost, outcome_of
from ae_core.service.queue import Entry, TrainingQueue

POLL_SECONDS = 2.0  # while something may happen that no event reports
MAX_ATTEMPTS = 2  # at a run whose worker, or scheduler, is lost
# What a job may meet when the scheduler goes away.
CUT_OFF = (CancelledError, ClosedClientError, OSError, ServiceUnavailable, TimeoutError)


class Dispatcher:
    """Between the active runs, the workers and the store; any thread may call its methods."""

    def __init__(self, store: RunStore, connection: Connection, active: ActiveRuns) -> None:
        """Start idle.

        Args:
            store: where ended runs are kept.
            connection: the way to the workers; the caller closes it after the dispatcher.
            active: the runs.
        """
        self._store = store
        self._connection = connection
        self._active = active
        self._attempts = AttemptTracker(
            store,
            active,
            on_gap=lambda run_id: self._executor.submit(self._attempts.catch_up, run_id),
            on_done=lambda run_id, future: self._executor.submit(self._finish, run_id, future),
        )
        self._events = SchedulerEvents(
            on_change=self.dispatch,
            on_loss=lambda key: self._executor.submit(self._worker_lost, key),
        )
        self._requested = threading.Event()
        self._executor = SerialExecutor("ae-service", CUT_OFF)

    def dispatch(self) -> None:
        """Compare the queue with the scheduler soon."""
        if not self._requested.is_set():
            self._requested.set()
            self._executor.submit(self._dispatch)

    def announce(self) -> None:
        """Do so, and have the other servers do so, too."""
        self.dispatch()
        self._executor.submit(self._notify_servers)

    def allow_until_epoch(self, run_id: str, epoch: int) -> None:
        """Set the epoch up to which a run may train, or `messages.STOP`."""
        self._executor.submit(self._allow_until_epoch, run_id, epoch)

    def end(self, run_id: str, outcome: RunOutcome) -> None:
        """Store the end of a run, and start the next one."""
        self._executor.submit(self._end, run_id, outcome)

    def close(self) -> None:
        """Do nothing more."""
        self._executor.close()

    # --- in the dispatcher's own thread ----------------------------------------------------

    def _dispatch(self) -> None:
        self._requested.clear()
        queue = self._active.sync()
        try:
            if queue.waiting or queue.training or len(self._attempts):
                client = self._connection.client()
                self._events.listen(client)
                with self._active.exclusive():
                    self._follow(client, self._active.sync())
                    self._start_waiting(client)
                self._active.set_problem(None)
        except ServiceUnavailable as error:
            self._active.set_problem(error.message)
        finally:
            if queue.waiting or queue.training or self._connection.shared:
                self._executor.schedule(POLL_SECONDS, self.dispatch)

    def _follow(self, client: Client, queue: TrainingQueue) -> None:
        """Follow the runs in training, and no others."""
        self._attempts.leave_others(client, queue)
        for entry in queue.training:
            # Where the scheduler does not have it, it is another scheduler now.
            if self._attempts.get(entry.id) is None and not self._attempts.join(client, entry):
                self._lose(client, entry, "service")

    def _start_waiting(self, client: Client) -> None:
        """Hand waiting runs to free workers."""
        queue = self._active.sync()
        if not queue.waiting:
            return
        slots = self._connection.train_slots()
        if not slots:
            raise ServiceUnavailable("no_worker")
        known = frozenset(entry.id for entry in (*queue.waiting, *queue.training))
        slots -= _trainings_of_others(client, known)
        while (run := self._active.start_next(slots)) is not None:
            self._attempts.begin(client, run.record.id, run.attempt)
            self._notify_servers()

    def _allow_until_epoch(self, run_id: str, epoch: int) -> None:
        if self._attempts.get(run_id) is None:
            self._dispatch()  # another server may just have started it
        self._attempts.allow_until_epoch(run_id, epoch)

    def _worker_lost(self, key: str) -> None:
        run = self._active.live(run_of(key))
        if run is not None and run.started:  # else Dask hands it to another worker
            self._attempt_lost(key, "worker")

    def _attempt_lost(self, key: str, how: str) -> None:
        client = self._connection.client()
        with self._active.exclusive():
            for entry in self._active.sync().training:  # not there if another server was first
                if task_key(attempt_name(entry.id, entry.attempt)) == key:
                    self._lose(client, entry, how)
        self.dispatch()

    def _lose(self, client: Client, entry: Entry, how: str) -> None:
        """Retry or end a run whose attempt was lost; call this under `ActiveRuns.exclusive`."""
        attempt = self._attempts.pop(entry.id)
        if attempt is not None:
            attempt.forget()
        run = self._active.live(entry.id)
        if run is None or run.over:
            return
        epoch = run.snapshot.epoch + 1
        if run.snapshot.status == "stopping":
            self._end(entry.id, RunOutcome("stopped", Message.of("stopped", epoch=epoch)))
        elif entry.attempt >= MAX_ATTEMPTS and (run.started or how == "worker"):
            reason = Message.of("died" if how == "worker" else "lost", epoch=epoch)
            self._end(entry.id, RunOutcome("failed", reason))
        else:
            retried = self._active.retry(entry, how)
            self._attempts.begin(client, entry.id, retried.attempt)
            self._notify_servers()

    def _finish(self, run_id: str, future: Future) -> None:
        """Handle the end of a task, however it ended."""
        attempt, run = self._attempts.get(run_id), self._active.live(run_id)
        if attempt is None or attempt.future is not future or run is None:
            return
        if future.cancelled() or self._store.has_ended(run_id):
            # The connection was lost, or another server has stored the end.
            self._attempts.pop(run_id)
            attempt.leave()
            self.dispatch()
            return
        try:
            outcome = outcome_of(future)
        except AttemptLost as lost:
            self._attempt_lost(task_key(attempt.name), lost.how)
            return
        self._attempts.catch_up(run_id)
        self._end(run_id, outcome)

    def _end(self, run_id: str, outcome: RunOutcome) -> None:
        """Store a run's end if the store takes it, and start the next run."""
        with self._active.holding(run_id) as run:
            if run is None or run.over:
                return
            run.end(outcome)
        run.pack(outcome)
        try:
            if not self._store.has_ended(run_id):
                self._store.finish(run.record, run.files)
        except StorageError as error:
            self._active.keep_unsaved(run_id, error.message)
        else:
            self._active.drop(run_id)
        attempt = self._attempts.pop(run_id)
        self.announce()
        if attempt is not None:
            self._executor.submit(attempt.forget)

    def _notify_servers(self) -> None:
        if self._connection.shared:
            self._events.notify()


def _trainings_of_others(client: Client, known: frozenset[str]) -> int:
    """Return how many trainings of other runs than the known ones are with workers."""
    keys = [str(key) for keys in client.processing().values() for key in keys]
    return len({run_of(key) for key in keys} - {""} - known)
