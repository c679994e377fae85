"""The attempts at runs that this server follows on the Dask scheduler.

A task and its result belong to the scheduler, under a published name, until a server has stored the
run's end: they outlive the server that submitted the run.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from distributed import CancelledError, Client, Future
from distributed.scheduler import KilledWorker

from ae_core.errors import Message, UserError
from ae_core.runs.record import RunOutcome
from ae_core.runs.store import RunStore
from ae_core.service import worker
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.dask_adapter import forget_events
from ae_core.service.messages import RunMessage, attempt_name, limit, task_key, topic
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.specs import LIMITS, TrainingSpec, to_json

ALL_EPOCHS = int(LIMITS["epochs"].high)
TIMEOUT = 5  # seconds, of the scheduler
RESULT_SECONDS = 60  # for the weights of the largest network to arrive

_log = logging.getLogger(__name__)


class AttemptLost(Exception):
    """An attempt at a run came to no end of its own."""

    def __init__(self, how: str) -> None:
        """Lost with its ``worker``, or with the training ``service``."""
        super().__init__(how)
        self.how = how


@dataclass(frozen=True)
class RemoteAttempt:
    """One attempt at a run, on a scheduler.

    Attributes:
        client: the connection to it.
        name: of the attempt.
        future: of its task.
    """

    client: Client
    name: str
    future: Future

    @classmethod
    def submit(cls, client: Client, name: str, spec: TrainingSpec, folder: Path) -> "RemoteAttempt":
        """Hand an attempt to a worker, which saves its weights in ``folder`` now and then."""
        limit(name, client).set(ALL_EPOCHS, timeout=TIMEOUT)
        future = client.submit(
            worker.train,
            name,
            to_json(spec),
            str(folder.resolve()),
            key=task_key(name),
            resources={worker.TRAIN: 1},
        )
        client.publish_dataset(future, name=task_key(name), override=True)
        return cls(client, name, future)

    @classmethod
    def find(cls, client: Client, name: str) -> "RemoteAttempt | None":
        """Return an attempt that is on the scheduler already; None if it is not."""
        future = client.get_dataset(task_key(name), default=None)
        return None if future is None else cls(client, name, future)

    def allow_until_epoch(self, epoch: int) -> None:
        """Set the epoch up to which the attempt may train, or `messages.STOP`."""
        limit(self.name, self.client).set(epoch, timeout=TIMEOUT)

    def outcome(self) -> RunOutcome:
        """Return how the run ended; the task, `ae_core.service.worker.train`, is done.

        Raises:
            AttemptLost: the task came to no end; another attempt may.
        """
        try:
            return self.future.result(timeout=RESULT_SECONDS)
        except (KilledWorker, worker.WorkerLost):
            raise AttemptLost("worker") from None
        except (CancelledError, TimeoutError, OSError):
            raise AttemptLost("service") from None
        except UserError as error:
            return RunOutcome("failed", error.message)
        except Exception as error:  # any other is a bug: the log has all of it
            _log.exception("a run failed in its worker")
            return RunOutcome("failed", Message.of("failed", kind=type(error).__name__))

    def leave(self) -> None:
        """Follow the attempt no more; its task goes on."""
        if self.client.status == "running":
            self.client.unsubscribe_topic(topic(self.name))
        self.future.release()

    def forget(self) -> None:
        """Remove all that the scheduler has of an attempt that nobody needs any more."""
        if self.client.status != "running":
            return
        self.future.cancel()
        self.leave()
        self.client.unpublish_dataset(task_key(self.name))
        limit(self.name, self.client).delete()
        forget_events(self.client, topic(self.name))


class AttemptTracker(dict[str, RemoteAttempt]):
    """The followed attempts by their run's id; their messages go to the live runs.

    Only the dispatcher's thread uses it; Dask's event loop brings the messages.
    """

    def __init__(
        self,
        store: RunStore,
        active: ActiveRuns,
        *,
        on_gap: Callable[[str], None],
        on_done: Callable[[str, Future], None],
    ) -> None:
        """Follow nothing yet.

        Args:
            store: of the runs' folders.
            active: the live runs.
            on_gap: called in Dask's event loop with a run whose messages have a gap.
            on_done: called in a thread of Dask's with a run whose task is done, and the task.
        """
        super().__init__()
        self._store = store
        self._active = active
        self._on_gap = on_gap
        self._on_done = on_done

    def begin(self, client: Client, run_id: str, attempt: int) -> None:
        """Hand an attempt to a worker and follow it."""
        name = self._listen(client, run_id, attempt)
        spec, folder = self._store.read(run_id).spec, self._store.folder(run_id)
        self._follow(run_id, RemoteAttempt.submit(client, name, spec, folder))

    def join(self, client: Client, entry: Entry) -> bool:
        """Follow an attempt that was begun before; return whether the scheduler has it."""
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
        """Leave every attempt that does not train any more, or is of an old connection."""
        names = {entry.id: attempt_name(entry.id, entry.attempt) for entry in queue.training}
        for run_id, attempt in [*self.items()]:
            if attempt.name != names.get(run_id) or attempt.client is not client:
                self.pop(run_id).leave()

    def catch_up(self, run_id: str) -> None:
        """Apply the messages that were sent before this server listened."""
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
        """Apply a message in Dask's event loop: nothing here may wait."""
        with self._active.holding(run_id) as run:
            if run is None or run.attempt != number or run.apply(message):
                return
            run.pending = [message]  # until the missing ones before it are here
        self._on_gap(run_id)
