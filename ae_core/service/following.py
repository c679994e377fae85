"""An attempt at a run on the Dask scheduler, as one server follows it.

The task and its result belong to the scheduler, under a published name, until somebody has kept
the run's end: they outlive the server that handed the run out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from distributed import Client, Future

from ae_core.service import messages, worker
from ae_core.service.messages import Message
from ae_core.specs import LIMITS, TrainingSpec, to_json

EVERY_EPOCH = int(LIMITS["epochs"].high)


@dataclass(frozen=True)
class Following:
    """A task that is listened to.

    Attributes:
        client: the connection by which.
        name: of the attempt.
        future: of the task.
    """

    client: Client
    name: str
    future: Future

    @classmethod
    def begin(
        cls,
        client: Client,
        name: str,
        spec: TrainingSpec,
        folder: Path,
        hear: Callable[[Message], None],
    ) -> "Following":
        """Hand an attempt to a worker; its weights are saved in ``folder`` meanwhile."""
        client.subscribe_topic(messages.topic(name), lambda event: hear(event[1]))
        messages.permit(client, name, EVERY_EPOCH)
        future = client.submit(
            worker.train,
            name,
            to_json(spec),
            str(folder.resolve()),
            key=key_of(name),
            resources={worker.TRAIN: 1},
        )
        client.publish_dataset(future, name=key_of(name), override=True)
        return cls(client, name, future)

    @classmethod
    def join(cls, client: Client, name: str, hear: Callable[[Message], None]) -> "Following | None":
        """Listen to an attempt that another server has handed out, from now on.

        Returns:
            None if the scheduler knows of no such attempt.
        """
        client.subscribe_topic(messages.topic(name), lambda event: hear(event[1]))
        future = client.get_dataset(key_of(name), default=None)
        return None if future is None else cls(client, name, future)

    def kept_messages(self) -> list[Message]:
        """Return what the scheduler keeps of what the attempt told."""
        return messages.kept_messages(self.client, self.name)

    def leave(self) -> None:
        """Listen no more; the task goes on."""
        if self.client.status == "running":
            self.client.unsubscribe_topic(messages.topic(self.name))
        self.future.release()

    def forget(self) -> None:
        """Remove what the scheduler keeps of an attempt that nobody needs any more."""
        if self.client.status != "running":
            return
        self.future.cancel()
        self.leave()
        self.client.unpublish_dataset(key_of(self.name))
        messages.forget(self.client, self.name)


def key_of(name: str) -> str:
    """Return the Dask key of an attempt, which is its published name, too."""
    return f"train-{name}"


def others(client: Client, known: frozenset[str]) -> int:
    """Return how many trainings of other runs than the known ones are with workers."""
    keys = [str(key) for keys in client.processing().values() for key in keys]
    return len({messages.run_of(key) for key in keys} - {""} - known)
