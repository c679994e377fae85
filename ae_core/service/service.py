"""The training service: what pages and the command line may ask of runs.

It knows no page and imports no TensorFlow. Any thread may call it; what it returns is frozen. What
it remembers is in its `Roster`; its `Dispatcher` hands runs to workers.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from ae_core.data.user_image_sets import check_trainable
from ae_core.models.compatibility import network_shapes
from ae_core.runs.record import new_run_id
from ae_core.runs.snapshot import Snapshot
from ae_core.runs.store import RunStore
from ae_core.runs.timeline import EpochFrame
from ae_core.service.connection import Connection
from ae_core.service.dispatcher import Dispatcher
from ae_core.service.following import EVERY_EPOCH
from ae_core.service.messages import STOP
from ae_core.service.metrics import Load, Meters
from ae_core.service.outcome import Ending
from ae_core.service.queue_store import QueueBook
from ae_core.service.registry import UnderWay
from ae_core.service.roster import Roster
from ae_core.specs import TrainingSpec


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
        book = QueueBook(store.root / "queue" if connection.shared else _own_folder(self))
        self._under_way = UnderWay(store, book)
        self._roster = Roster(store, self._under_way, runs_per_owner)
        self._dispatcher = Dispatcher(store, connection, self._under_way)
        if connection.shared:
            self._dispatcher.dispatch()  # there may be runs of a server that is gone

    def submit(self, spec: TrainingSpec, owner: str, preset: str = "") -> str:
        """Put a run into the queue and return its id.

        Raises:
            ValueError: the spec's layers do not fit its pictures, or these are too few or deleted.
            Busy: the visitor has a run under way.
            StorageError: the run's folder cannot be written.
        """
        network_shapes(spec)
        check_trainable(spec.image_set)
        (run_id,) = self._roster.enter([spec], owner, preset)
        self._dispatcher.announce()
        return run_id

    def submit_sweep(self, specs: Sequence[TrainingSpec], owner: str, preset: str = "") -> str:
        """Put several runs into the queue as one entry and return the id of their sweep.

        They train one after the other, in the order given.

        Raises:
            ValueError, Busy, StorageError: as in `submit`; then none of them is in the queue.
        """
        for spec in specs:
            network_shapes(spec)
            check_trainable(spec.image_set)
        sweep_id = new_run_id()
        self._roster.enter(specs, owner, preset, sweep_id)
        self._dispatcher.announce()
        return sweep_id

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs; see `Roster.sweep`."""
        return self._roster.sweep(sweep_id)

    def snapshot(self, run_id: str) -> Snapshot:
        """Return a run as it is now; see `Roster.snapshot`."""
        return self._roster.snapshot(run_id)

    def frames(self, run_id: str) -> tuple[EpochFrame, ...]:
        """Return what is kept of a run's epochs; see `Roster.frames`."""
        return self._roster.frames(run_id)

    def wait_until(
        self, run_id: str, holds: Callable[[Snapshot], bool], timeout: float
    ) -> Snapshot:
        """Wait for a snapshot of which something holds; see `Roster.wait_until`."""
        return self._roster.wait_until(run_id, holds, timeout)

    def runs(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        return self._roster.owned(owner)

    @property
    def meters(self) -> Meters:
        """What is counted."""
        return self._under_way.meters

    def load(self) -> Load:
        """Return how busy all servers of the store are together."""
        return self._under_way.load()

    def forget_pictures(self, image_set: str) -> None:
        """Delete what runs keep of a deleted image set; see `Roster.forget_pictures`."""
        self._roster.forget_pictures(image_set)

    def pause(self, run_id: str) -> None:
        """Hold a run where it is; it keeps its worker for at most `run_events.LONGEST_PAUSE`."""
        self._permit(run_id, 0)

    def resume(self, run_id: str) -> None:
        """Let a run go on."""
        self._permit(run_id, EVERY_EPOCH)

    def step(self, run_id: str) -> None:
        """Train one epoch (or the rest of a begun one) and pause."""
        self._permit(run_id, self.snapshot(run_id).epoch + 1)

    def stop(self, run_id: str) -> None:
        """End a run; the weights of its last complete epoch are kept."""
        if self._under_way.leave_queue(run_id):
            self._dispatcher.end(run_id, Ending("stopped", "Stopped before it began."))
            return
        with self._under_way.holding(run_id) as run:
            if run is not None and run.snapshot.live:
                run.update(status="stopping")
        self._permit(run_id, STOP)

    def stop_sweep(self, sweep_id: str) -> None:
        """End all runs of a sweep.

        Raises:
            UnknownThing: there is no such sweep.
        """
        for run_id in reversed(self.sweep(sweep_id)):  # the waiting ones first: none takes over
            self.stop(run_id)

    def save_again(self, run_id: str) -> None:
        """Try once more to save an ended run that could not be saved.

        Raises:
            StorageError: it still cannot.
        """
        run = self._under_way.live(run_id)
        if run is None or run.snapshot.live:
            return
        self.store.finish(run.record, run.files)
        self._under_way.drop(run_id)

    def close(self) -> None:
        """End the workers and with them all runs under way."""
        self._dispatcher.close()
        self.connection.close()

    def _permit(self, run_id: str, epoch: int) -> None:
        if self._under_way.live(run_id) is not None:
            self._dispatcher.permit(run_id, epoch)


def _own_folder(service: TrainingService) -> Path:
    """Return a folder for the queue of a server with workers of its own; it ends with it."""
    folder = tempfile.mkdtemp(prefix="ae-queue-")
    weakref.finalize(service, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
