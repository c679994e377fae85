"""The attempts at runs that this server follows on the Dask scheduler.

The scheduler keeps a task and its result under a published name until a server has stored the run's
outcome, so they outlive the server that submitted the run.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from distributed import CancelledError, Client, Future
from distributed.scheduler import KilledWorker

from ae_core.errors import Message, UserError
from ae_core.runs.record import RunOutcome
from ae_core.runs.store import RunStore
from ae_core.service import worker
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.messages import RunMessage, attempt_name, epoch_limit, task_key, topic
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.slots import Slots
from ae_core.specs import LIMITS, TrainingSpec, to_json
from ae_core.workers.dask_adapter import forget_events
from ae_core.workers.questions import TRAIN

ALL_EPOCHS = int(LIMITS["epochs"].high)
TIMEOUT = 5  # seconds for an answer of the scheduler
RESULT_SECONDS = 60  # enough to receive the weights of the largest network

_log = logging.getLogger(__name__)


class AttemptLost(Exception):
    """An attempt at a run was lost before it had an outcome."""

    def __init__(self, how: str) -> None:
        """Set the cause: ``worker`` or ``service``."""
        super().__init__(how)
        self.how = how


@dataclass(frozen=True)
class RemoteAttempt:
    """One attempt at a run, on a scheduler.

    Attributes:
        client: the connection to the scheduler.
        name: the attempt's name.
        future: the future of its task.
    """

    client: Client
    name: str
    future: Future

    @classmethod
    def submit(
        cls, client: Client, name: str, spec: TrainingSpec, folder: Path, party: str, slots: int
    ) -> "RemoteAttempt":
        """Submit an attempt to a worker, which regularly saves a checkpoint in ``folder``.

        It takes so many of the worker's slots, and its turns as one of a party.
        """
        epoch_limit(name, client).set(ALL_EPOCHS, callback_timeout=TIMEOUT)
        future = client.submit(
            worker.train,
            name,
            to_json(spec),
            str(folder.resolve()),
            sha256(party.encode()).hexdigest(),  # Dask may log it, and it may be an address
            key=task_key(name),
            resources={TRAIN: slots},
        )
        client.publish_dataset(future, name=task_key(name), override=True)
        return cls(client, name, future)

    @classmethod
    def find(cls, client: Client, name: str) -> "RemoteAttempt | None":
        """Return an attempt that the scheduler already has, None if it has not."""
        future = client.get_dataset(task_key(name), default=None)
        return None if future is None else cls(client, name, future)

    def allow_until_epoch(self, epoch: int) -> None:
        """Set the epoch up to which the attempt may train, or `messages.STOP`."""
        epoch_limit(self.name, self.client).set(epoch, callback_timeout=TIMEOUT)

    def outcome(self) -> RunOutcome:
        """Return the outcome of the run; its task, `ae_core.service.worker.train`, must be done.

        Raises:
            AttemptLost: the task has no outcome; another attempt is possible.
        """
        try:
            return self.future.result(timeout=RESULT_SECONDS)
        except (KilledWorker, worker.WorkerLost):
            raise AttemptLost("worker") from None
        except (CancelledError, TimeoutError, OSError):
            raise AttemptLost("service") from None
        except UserError as error:
            return RunOutcome("failed", error.message)
        except Exception as error:  # any other error is a bug and is logged in full
            _log.exception("a run failed in its worker")
            return RunOutcome("failed", Message.of("failed", kind=type(error).__name__))

    def leave(self) -> None:
        """Stop following the attempt; its task continues."""
        if self.client.status == "running":
            self.client.unsubscribe_topic(topic(self.name))
        self.future.release()

    def forget(self) -> None:
        """Remove the data of an attempt that is no longer needed from the scheduler."""
        if self.client.status != "running":
            return
        self.future.cancel()
        self.leave()
        self.client.unpublish_dataset(task_key(self.name))
        epoch_limit(self.name, self.client).delete()
        forget_events(self.client, topic(self.name))


class AttemptTracker(dict[str, RemoteAttempt]):
    """The followed attempts by run id; it passes their messages to the live runs.

    Only the dispatcher's thread uses it; messages arrive in Dask's event loop.
    """

    def __init__(
        self,
        store: RunStore,
        active: ActiveRuns,
        *,
        on_gap: Callable[[str], None],
        on_done: Callable[[str, Future], None],
    ) -> None:
        """Start without attempts.

        Args:
            store: the store with the runs' folders.
            active: the live runs.
            on_gap: called in Dask's event loop with the id of a run whose messages have a gap.
            on_done: called in one of Dask's threads with the id of a run and its completed task.
        """
        super().__init__()
        self._store = store
        self._active = active
        self._on_gap = on_gap
        self._on_done = on_done

    def begin(self, client: Client, entry: Entry, slots: Slots) -> None:
        """Submit the present attempt at a run to a worker and follow it."""
        name = self._listen(client, entry.id, entry.attempt)
        spec, folder = self._store.read(entry.id).spec, self._store.folder(entry.id)
        taken = slots.taken_by(entry, spec)
        attempt = RemoteAttempt.submit(client, name, spec, folder, entry.party, taken)
        self._follow(entry.id, attempt)

    def join(self, client: Client, entry: Entry) -> bool:
        """Follow an earlier attempt; return whether the scheduler has it."""
        with self._active.holding(entry.id) as run:
            if run is not None:
                run.pending = []
        name = self._listen(client, entry.id, entry.attempt)
        found = RemoteAttempt.find(client, name)
        if found is None:
            return False
        self._follow(entry.id, found)
        self.catch_up(entry.id)
        return True

    def leave_others(self, client: Client, queue: TrainingQueue) -> None:
        """Leave attempts that no longer train, or that belong to an old connection."""
        names = {entry.id: attempt_name(entry.id, entry.attempt) for entry in queue.training}
        for run_id, attempt in [*self.items()]:
            if attempt.name != names.get(run_id) or attempt.client is not client:
                self.pop(run_id).leave()

    def catch_up(self, run_id: str) -> None:
        """Apply the messages that were sent before this server subscribed."""
        attempt = self.get(run_id)
        if attempt is None:
            return
        kept = [message for _, message in attempt.client.get_events(topic(attempt.name))]
        with self._active.holding(run_id) as run:
            if run is not None:
                run.apply_all(kept)

    def _listen(self, client: Client, run_id: str, number: int) -> str:
        """Subscribe to an attempt's messages and return its name."""
        name = attempt_name(run_id, number)
        client.subscribe_topic(topic(name), lambda event: self._receive(run_id, number, event[1]))
        return name

    def _follow(self, run_id: str, attempt: RemoteAttempt) -> None:
        self[run_id] = attempt
        attempt.future.add_done_callback(lambda done: self._on_done(run_id, done))

    def _receive(self, run_id: str, number: int, message: RunMessage) -> None:
        """Apply a message in Dask's event loop, without waiting."""
        with self._active.holding(run_id) as run:
            if run is None or run.attempt != number or run.apply(message):
                return
            run.pending = [message]  # until earlier messages arrive
        self._on_gap(run_id)
