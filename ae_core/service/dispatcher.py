"""The dispatcher submits runs to workers, follows them and stores their outcomes.

It does not rely on events: each time, it compares the queue, which all servers of a scheduler
share, with the tasks on the scheduler, and acts on the difference. So one server may start a run,
all may follow it, and another one may end it.
"""

import logging
import threading
import time

from distributed import Client, Future

from ae_core.errors import Message, ServiceUnavailable, StorageError
from ae_core.runs.housekeeping import Housekeeping
from ae_core.runs.record import RunOutcome
from ae_core.runs.store import RunStore
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.attempts import AttemptLost, AttemptTracker
from ae_core.service.executor import SerialExecutor
from ae_core.service.lease import Lease
from ae_core.service.messages import STOP, RunMessage, attempt_name, run_of, task_key
from ae_core.service.outcomes import OutcomeWriter
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.queue_store import LEASE_SECONDS, QueueStore
from ae_core.service.slots import MAX_ATTEMPTS, MAX_UNBEGUN, Slots
from ae_core.workers.connection import Connection

CHANGED = "ae-queue"  # the topic on which servers announce that the queue has changed
POLL_SECONDS = 2.0  # while changes without an event are possible
IDLE_SECONDS = 5.0  # otherwise: another scheduler may have left runs behind
SUBMIT_SECONDS = 15.0  # after which a begun attempt is at the scheduler, or its server has died
SETTLE_SECONDS = 3.0  # for what an ended run has left on the scheduler

_log = logging.getLogger(__name__)


class Dispatcher:
    """Connects the active runs, the workers and the store; any thread may call its methods.

    Its own thread does all work that waits for Dask or the disk.
    """

    def __init__(
        self,
        store: RunStore,
        queue: QueueStore,
        connection: Connection,
        active: ActiveRuns,
        housekeeping: Housekeeping,
    ) -> None:
        """Start idle; the caller must close the connection after the dispatcher."""
        self._store = store
        self._outcomes = OutcomeWriter(store, active)
        self._housekeeping = housekeeping
        self._queue = queue
        self._connection = connection
        self._active = active
        self._attempts = AttemptTracker(
            store,
            active,
            on_gap=lambda run_id: self._executor.submit(self._attempts.catch_up, run_id),
            on_done=lambda run_id, future: self._executor.submit(self._finish, run_id, future),
        )
        self._client: Client | None = None  # the client with subscribed events
        self._limits: dict[str, int] = {}  # how far runs may train, where nobody told them yet
        self._slots = Slots(1, 1)  # as last seen
        self._requested = threading.Event()
        self._ending = self._closed = False
        self._executor = SerialExecutor("ae-service")
        self._lease = Lease(queue)
        self._take_over_from = 0.0  # by the clock of `time.monotonic`
        # At once: until the calls that wait for the old cluster have failed, seconds pass.
        connection.on_hang = lambda: active.set_problem(Message("connection_lost"))

    def dispatch(self) -> None:
        """Compare the queue with the scheduler soon."""
        if not self._requested.is_set():
            self._requested.set()
            self._executor.submit(self._dispatch)

    def announce(self) -> None:
        """Dispatch soon, and make the other servers do so, too."""
        self.dispatch()
        self._executor.submit(self._notify_servers)

    def allow_until_epoch(self, run_id: str, epoch: int) -> None:
        """Set the epoch up to which a run may train, or `messages.STOP`."""
        self._executor.submit(self._allow_until_epoch, run_id, epoch)

    def end(self, run_id: str, outcome: RunOutcome) -> None:
        """Store the outcome of a run, and start the next one."""
        self._executor.submit(self._end, run_id, outcome)

    def begin_no_more(self) -> None:
        """Leave waiting runs and lost ones in the queue from now on."""
        self._ending = True

    def settle(self) -> None:
        """Wait a little until ended runs have left the scheduler: it would miss their results."""
        self._executor.settle(SETTLE_SECONDS)

    def close(self) -> None:
        """Stop the dispatcher's thread; another server may take over what is left in the queue."""
        self._closed = True
        self._executor.close()
        if self._client is not None and self._client.status == "running":
            self._client.unsubscribe_topic("all")  # else Dask tells this client that it goes
        self._lease.close()
        if not self._connection.shared:
            try:
                self._queue.release()
            except StorageError as error:
                _log.warning("other servers wait until the lease is over: %s", error)

    # --- in the dispatcher's own thread ----------------------------------------------------

    def _dispatch(self) -> None:
        self._requested.clear()
        wait = POLL_SECONDS
        try:
            if time.monotonic() >= self._take_over_from and self._queue.take_over():
                self._notify_servers()
            queue = self._active.sync()
            if queue.waiting or queue.training or self._attempts:
                client = self._connection.client()
                if self._closed:  # it was waiting for the workers to start
                    return
                self._listen(client)
                self._follow(client, queue)
                self._send_limits()
                self._start_waiting(client)
            elif not self._connection.shared:
                wait = IDLE_SECONDS
            self._active.set_problem(None)
            self._housekeeping.go_on()  # first: it may make the room that is missing
            self._outcomes.save_due()
        except StorageError as error:  # while the database was away nobody could renew a lease
            self._take_over_from = time.monotonic() + LEASE_SECONDS
            self._active.set_problem(error.message)
        except ServiceUnavailable as error:
            self._active.set_problem(error.message)
        finally:
            self._executor.schedule(wait, self.dispatch)

    def _listen(self, client: Client) -> None:
        """Subscribe once to the events of a connection; some may be missed."""
        if self._client is not client:
            self._client = client
            client.subscribe_topic("all", lambda event: self._on_workers(event[1]))
            client.subscribe_topic(CHANGED, lambda event: self.dispatch())

    def _on_workers(self, message: RunMessage) -> None:
        """Handle an added or removed worker in Dask's event loop, without waiting."""
        if message.get("action") == "add-worker":
            self.dispatch()
        elif message.get("action") == "remove-worker":
            for key in map(str, message["processing-tasks"]):
                if run_of(key):
                    self._executor.submit(self._worker_lost, key)

    def _follow(self, client: Client, queue: TrainingQueue) -> None:
        """Follow exactly the runs in training."""
        self._attempts.leave_others(client, queue)
        for run_id, attempt in [*self._attempts.items()]:
            if attempt.future.done():  # its end could not be handled when it came
                self._finish(run_id, attempt.future)
        for entry in queue.training:
            if entry.id in self._attempts or self._attempts.join(client, entry):
                continue
            # The scheduler is a new one, unless another server is just submitting the attempt.
            if not self._connection.shared or time.time() - entry.attempted > SUBMIT_SECONDS:
                self._lose(client, entry, "service")

    def _start_waiting(self, client: Client) -> None:
        """Hand waiting runs to free workers."""
        queue = self._active.sync()
        if not queue.waiting or self._ending:
            return
        workers = self._connection.train_slots()
        if not workers:
            raise ServiceUnavailable("no_worker")
        known = frozenset(entry.id for entry in (*queue.waiting, *queue.training))
        self._slots = Slots(sum(workers) - _trainings_of_others(client, known), max(workers))
        while (entry := self._active.start_next(self._slots)) is not None:
            self._attempts.begin(client, entry, self._slots)
            self._notify_servers()

    def _allow_until_epoch(self, run_id: str, epoch: int) -> None:
        self._limits[run_id] = epoch
        if run_id in self._attempts:
            self._send_limits()
        else:
            self._dispatch()  # another server may have just started it

    def _send_limits(self) -> None:
        """Tell attempts how far they may train; if one cannot be told, the next dispatch does.

        A run that has to end is told each time: the first attempt may be lost, and another server
        begin the next one.
        """
        for run_id, epoch in [*self._limits.items()]:
            attempt = self._attempts.get(run_id)
            if attempt is not None:
                attempt.allow_until_epoch(epoch)
            if self._active.live(run_id) is None or (attempt is not None and epoch != STOP):
                del self._limits[run_id]

    def _worker_lost(self, key: str) -> None:
        run = self._active.live(run_of(key))
        if run is not None and run.started:  # otherwise Dask repeats it, or `_finish` is told
            self._attempt_lost(key, "worker")

    def _attempt_lost(self, key: str, how: str) -> None:
        client = self._connection.client()
        for entry in self._active.sync().training:  # missing if another server was first
            if task_key(attempt_name(entry.id, entry.attempt)) == key:
                self._lose(client, entry, how)
        self.dispatch()

    def _lose(self, client: Client, entry: Entry, how: str) -> None:
        """Retry or end a run whose attempt was lost."""
        if self._ending:
            return  # the next server retries it
        attempt = self._attempts.pop(entry.id, None)
        if attempt is not None:
            attempt.forget()
        run = self._active.live(entry.id)
        if run is None or run.over:
            return
        epoch = run.snapshot.epoch + 1
        # Whose fault it was nobody knows if several took turns: then a last attempt is alone.
        most = MAX_ATTEMPTS + bool(run.snapshot.others) if run.started else MAX_UNBEGUN
        if run.snapshot.status == "stopping":
            self._end(entry.id, RunOutcome("stopped", Message.of("stopped", epoch=epoch)))
        elif entry.attempt >= most and (run.started or how == "worker"):
            reason = Message.of("died" if how == "worker" else "lost", epoch=epoch)
            self._end(entry.id, RunOutcome("failed", reason))
        elif (retried := self._active.retry(entry, how)) is not None:
            self._attempts.begin(client, retried, self._slots)
            self._notify_servers()

    def _finish(self, run_id: str, future: Future) -> None:
        """Handle the end of a task, successful or not."""
        attempt, run = self._attempts.get(run_id), self._active.live(run_id)
        if attempt is None or attempt.future is not future or run is None:
            return
        if future.cancelled() or self._store.has_ended(run_id):
            # The connection was lost, or another server has stored the outcome.
            self._attempts.pop(run_id).leave()
            self.dispatch()
            return
        try:
            outcome = attempt.outcome()
        except AttemptLost as lost:
            self._attempt_lost(task_key(attempt.name), lost.how)
            return
        self._attempts.catch_up(run_id)
        self._end(run_id, outcome)

    def _end(self, run_id: str, outcome: RunOutcome) -> None:
        """Store a run's outcome if possible, and start the next run."""
        with self._active.holding(run_id) as run:
            if run is None or run.over:
                return
            run.end(outcome)
        run.pack(outcome)
        try:
            self._outcomes.save(run)
        finally:
            attempt = self._attempts.pop(run_id, None)
            self.announce()
            if attempt is not None:
                self._executor.submit(attempt.forget)

    def _notify_servers(self) -> None:
        if self._connection.shared and self._client and self._client.status == "running":
            self._client.log_event(CHANGED, {})


def _trainings_of_others(client: Client, known: frozenset[str]) -> int:
    """Return the number of trainings on workers that belong to unknown runs."""
    keys = [str(key) for keys in client.processing().values() for key in keys]
    return len({run_of(key) for key in keys} - {""} - known)
