"""The attempts at runs that one server follows: what they tell goes to the live runs.

It begins, joins and leaves them; what their end means, and whose turn is next, the `Dispatcher`
knows. Everything but what Dask's event loop calls is called in the dispatcher's thread.
"""

from collections.abc import Callable

from distributed import Client, Future

from ae_core.runs.store import RunStore
from ae_core.service import messages
from ae_core.service.following import Following
from ae_core.service.messages import Message, attempt_name
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.registry import UnderWay


class Attempts:
    """What is followed, one attempt a run."""

    def __init__(
        self,
        store: RunStore,
        under_way: UnderWay,
        *,
        on_gap: Callable[[str], None],
        on_done: Callable[[str, Future], None],
    ) -> None:
        """Follow nothing yet.

        Args:
            store: that has the runs' folders.
            under_way: the live runs.
            on_gap: called, in Dask's event loop, when messages of a run are missing.
            on_done: called, in a thread of Dask's, when the task of a run is done, however.
        """
        self._store = store
        self._under_way = under_way
        self._on_gap = on_gap
        self._on_done = on_done
        self._followed: dict[str, Following] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._followed)

    def get(self, run_id: str) -> Following | None:
        """Return what is followed of a run."""
        return self._followed.get(run_id)

    def pop(self, run_id: str) -> Following | None:
        """Take an attempt out, to leave it or to forget it."""
        return self._followed.pop(run_id, None)

    def begin(self, client: Client, run_id: str, attempt: int) -> None:
        """Hand an attempt to a worker and follow it."""
        name = attempt_name(run_id, attempt)
        spec, folder = self._store.read(run_id).spec, self._store.folder(run_id)
        following = Following.begin(
            client, name, spec, folder, lambda message: self._hear(run_id, attempt, message)
        )
        self._follow(run_id, following)

    def join(self, client: Client, entry: Entry) -> bool:
        """Follow what another server, or this one before, has begun; False if it is not there."""
        with self._under_way.holding(entry.id) as run:
            if run is not None:
                run.early = []
        following = Following.join(
            client, name_of(entry), lambda message: self._hear(entry.id, entry.attempt, message)
        )
        if following is None:
            return False
        self._follow(entry.id, following)
        self.catch_up(entry.id)
        return True

    def leave_others(self, client: Client, queue: TrainingQueue) -> None:
        """Follow nothing that is with no worker any more, or that an old connection told of."""
        names = {entry.id: name_of(entry) for entry in queue.training}
        for run_id, following in [*self._followed.items()]:
            if following.name != names.get(run_id) or following.client is not client:
                self._followed.pop(run_id).leave()

    def catch_up(self, run_id: str) -> None:
        """Hear what was told before this server listened."""
        following = self._followed.get(run_id)
        kept = [] if following is None else following.kept_messages()
        with self._under_way.holding(run_id) as run:
            if run is not None and following is not None:
                run.take_all(kept)

    def permit(self, run_id: str, epoch: int) -> None:
        """Tell a run's worker up to which epoch it may train."""
        following = self._followed.get(run_id)
        if following is not None:
            messages.permit(following.client, following.name, epoch)

    def _follow(self, run_id: str, following: Following) -> None:
        self._followed[run_id] = following
        following.future.add_done_callback(lambda done: self._on_done(run_id, done))

    def _hear(self, run_id: str, attempt: int, message: Message) -> None:
        """Take a message in Dask's event loop: nothing here may wait."""
        with self._under_way.holding(run_id) as run:
            if run is None or run.attempt != attempt or run.take(message):
                return
            run.early = [message]  # some are missing: until they are here, later ones wait
        self._on_gap(run_id)


def name_of(entry: Entry) -> str:
    """Return the name of the attempt that an entry of the queue is about."""
    return attempt_name(entry.id, entry.attempt)
