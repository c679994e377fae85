"""The attempts at runs that this server follows on the Dask scheduler.

A task and its result belong to the scheduler, under a published name, until a server has stored the
run's end: they outlive the server that submitted the run. The `Dispatcher` decides what follows
from the end of an attempt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from distributed import Client, Future

from ae_core.runs.store import RunStore
from ae_core.service import messages, worker
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.messages import Message, attempt_name, task_key
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.specs import LIMITS, TrainingSpec, to_json

ALL_EPOCHS = int(LIMITS["epochs"].high)


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
        messages.allow_until_epoch(client, name, ALL_EPOCHS)
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

    def leave(self) -> None:
        """Follow the attempt no more; its task goes on."""
        if self.client.status == "running":
            self.client.unsubscribe_topic(messages.topic(self.name))
        self.future.release()

    def forget(self) -> None:
        """Remove all that the scheduler has of an attempt that nobody needs any more."""
        if self.client.status != "running":
            return
        self.future.cancel()
        self.leave()
        self.client.unpublish_dataset(task_key(self.name))
        messages.forget(self.client, self.name)


class AttemptTracker:
    """The followed attempts, one a run; their messages go to the live runs.

    Only the dispatcher's thread calls it; Dask's event loop brings the messages.
    """

    def __init__(
        self,
        store: RunStore,
        active: ActiveRuns,
        *,
        on_gap: Callable[[str], None],
        on_done: Callable[[str, Future], None],
    ) -> None:
        """Start without any.

        Args:
            store: has the runs' folders.
            active: the live runs.
            on_gap: called in Dask's event loop when messages of a run are missing.
            on_done: called in a thread of Dask's when the task of a run is done, however.
        """
        self._store = store
        self._active = active
        self._on_gap = on_gap
        self._on_done = on_done
        self._attempts: dict[str, RemoteAttempt] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._attempts)

    def get(self, run_id: str) -> RemoteAttempt | None:
        """Return the followed attempt at a run."""
        return self._attempts.get(run_id)

    def pop(self, run_id: str) -> RemoteAttempt | None:
        """Take the attempt at a run out."""
        return self._attempts.pop(run_id, None)

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
        for run_id, attempt in [*self._attempts.items()]:
            if attempt.name != names.get(run_id) or attempt.client is not client:
                self._attempts.pop(run_id).leave()

    def catch_up(self, run_id: str) -> None:
        """Apply the messages that were sent before this server listened."""
        attempt = self._attempts.get(run_id)
        if attempt is None:
            return
        kept = messages.kept_messages(attempt.client, attempt.name)
        with self._active.holding(run_id) as run:
            if run is not None:
                run.apply_all(kept)

    def allow_until_epoch(self, run_id: str, epoch: int) -> None:
        """Set the epoch up to which a run may train."""
        attempt = self._attempts.get(run_id)
        if attempt is not None:
            messages.allow_until_epoch(attempt.client, attempt.name, epoch)

    def _listen(self, client: Client, run_id: str, number: int) -> str:
        """Subscribe to an attempt's messages and return its name."""
        name = attempt_name(run_id, number)
        client.subscribe_topic(
            messages.topic(name), lambda event: self._receive(run_id, number, event[1])
        )
        return name

    def _follow(self, run_id: str, attempt: RemoteAttempt) -> None:
        self._attempts[run_id] = attempt
        attempt.future.add_done_callback(lambda done: self._on_done(run_id, done))

    def _receive(self, run_id: str, number: int, message: Message) -> None:
        """Apply a message in Dask's event loop: nothing here may wait."""
        with self._active.holding(run_id) as run:
            if run is None or run.attempt != number or run.apply(message):
                return
            run.pending = [message]  # until the missing ones before it are here
        self._on_gap(run_id)
