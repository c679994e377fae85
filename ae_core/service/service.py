"""The training service: the interface for pages and the command line.

Any thread may call it; the snapshots that it returns are frozen.
"""

import logging
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from ae_core.data.loading import card
from ae_core.errors import Message, StorageError, UnknownThing
from ae_core.models.compatibility import network_shapes
from ae_core.runs.ended_runs import EndedRuns
from ae_core.runs.housekeeping import Housekeeping, Retention
from ae_core.runs.record import RunOutcome, new_record, new_run_id
from ae_core.runs.snapshot import Snapshot, without_gone_pictures
from ae_core.runs.store import RunRef, RunStore
from ae_core.runs.timeline import EpochFrame
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.attempts import ALL_EPOCHS
from ae_core.service.dispatcher import Dispatcher
from ae_core.service.messages import SHUT_DOWN, STOP
from ae_core.service.metrics import QueueLoad
from ae_core.service.queue_store import QueueStore
from ae_core.service.run_memory import check_run_memory
from ae_core.specs import TrainingSpec
from ae_core.workers.connection import Connection

SHUT_DOWN_SECONDS = 8.0  # for runs in training; after it they keep their last checkpoint

_log = logging.getLogger(__name__)


class TrainingService:
    """Trains runs in workers, in a queue, and gives access to all runs, live and ended.

    All methods that take the id of a run or sweep raise UnknownThing if there is none.

    Attributes:
        store: the store of the runs.
        connection: the connection to the workers.
        housekeeping: the bounds of what the store keeps.
        metrics: the counts of runs and pages.
    """

    def __init__(self, store: RunStore, connection: Connection, *, runs_per_owner: int = 1) -> None:
        """Start without workers; a visitor may have ``runs_per_owner`` runs in progress."""
        self.store = store
        self.connection = connection
        self._runs_per_owner = runs_per_owner
        self._ended = EndedRuns(store)
        self.housekeeping = Housekeeping(store, Retention.of_environment())
        # A server's own workers end with it, so that their name is new for each start.
        queue = QueueStore(store.database, connection.address or f"own-{secrets.token_hex(8)}")
        self._active = ActiveRuns(store, queue)
        self.metrics = self._active.metrics
        self._dispatcher = Dispatcher(store, queue, connection, self._active, self.housekeeping)
        self._dispatcher.dispatch()  # another server may have left runs behind

    def submit(self, spec: TrainingSpec, owner: str, preset: str = "", address: str = "") -> str:
        """Put a visitor's run, which comes from an address, into the queue and return its id.

        Raises:
            UserError: the layers do not fit the images, the images are too few or deleted, or the
                training would need too much memory.
            Busy: the visitor has a run in progress.
            StorageError: the database or the disk refuses.
        """
        (run_id,) = self._enqueue([spec], owner, preset, address)
        return run_id

    def submit_sweep(
        self, specs: Sequence[TrainingSpec], owner: str, preset: str = "", address: str = ""
    ) -> str:
        """Put several runs into the queue as one entry and return the id of their sweep.

        They train one after the other, in the order given.

        Raises:
            UserError, Busy, StorageError: as in `submit`; no run is then in the queue.
        """
        sweep_id = new_run_id()
        self._enqueue(specs, owner, preset, address, sweep_id)
        return sweep_id

    def _enqueue(
        self, specs: Sequence[TrainingSpec], owner: str, preset: str, address: str, sweep: str = ""
    ) -> list[str]:
        for spec in specs:
            network_shapes(spec)
            card(spec.image_set).check_trainable()
            check_run_memory(spec)
        self.housekeeping.make_room(owner)
        records = [new_record(spec, preset, owner, sweep) for spec in specs]
        self._active.enqueue(records, address, self._runs_per_owner)
        self._dispatcher.announce()
        return [record.id for record in records]

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs in training order."""
        if found := self.store.sweep(sweep_id):
            return [run.id for run in found]
        raise UnknownThing("unknown_sweep", id=sweep_id)

    def runs(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        return [run.id for run in self.store.refs([owner])]

    def runs_of(self, owners: Collection[str]) -> list[RunRef]:
        """Return the runs of some visitors, newest first."""
        return self.store.refs(owners)

    def snapshot(self, run_id: str) -> Snapshot:
        """Return the present snapshot of a run."""
        found = self._active.snapshot(run_id)
        if found is None and not self.store.has_ended(run_id):
            self._active.sync()  # another server may have started it
            found = self._active.snapshot(run_id)
        return without_gone_pictures(found or self._ended.snapshot(run_id))

    def frames(self, run_id: str) -> tuple[EpochFrame, ...]:
        """Return the kept frames of a run's epochs.

        Raises:
            UserError: the file of an ended run's frames is damaged.
        """
        if card(self.snapshot(run_id).spec.image_set).gone:
            return ()
        run = self._active.live(run_id)
        return self._ended.frames(run_id) if run is None else run.frames

    def wait_until(
        self, run_id: str, holds: Callable[[Snapshot], bool], timeout: float
    ) -> Snapshot:
        """Wait for a snapshot that satisfies ``holds``, and return it.

        Raises:
            TimeoutError: there was none within ``timeout`` seconds.
        """
        with self._active.changed:
            if not self._active.changed.wait_for(lambda: holds(self.snapshot(run_id)), timeout):
                raise TimeoutError(f"run {run_id} is {self.snapshot(run_id).status}")
            return self.snapshot(run_id)

    def load(self) -> QueueLoad:
        """Return the load of all servers that share the store."""
        queue = self._active.sync()
        waits = [time.time() - entry.entered for entry in queue.waiting]
        return QueueLoad(len(queue.waiting), len(queue.training), max(waits, default=0.0))

    def forget_pictures(self, image_set: str) -> None:
        """Delete the images of a set from all ended runs; the runs stay."""
        self._ended.forget_pictures(image_set)

    def pause(self, run_id: str) -> None:
        """Pause a run; it keeps its worker for at most `messages.MAX_PAUSE` seconds."""
        self._allow_until_epoch(run_id, 0)

    def resume(self, run_id: str) -> None:
        """Resume a run."""
        self._allow_until_epoch(run_id, ALL_EPOCHS)

    def step(self, run_id: str) -> None:
        """Train one epoch (or the rest of a started one) and pause."""
        self._allow_until_epoch(run_id, self.snapshot(run_id).epoch + 1)

    def stop(self, run_id: str) -> None:
        """End a run and keep the weights of its last complete epoch."""
        if self._active.dequeue(run_id):
            self._dispatcher.end(run_id, RunOutcome("stopped", Message("stopped_waiting")))
            return
        with self._active.holding(run_id) as run:
            if run is not None and run.snapshot.live:
                run.update(status="stopping")
        self._allow_until_epoch(run_id, STOP)

    def stop_sweep(self, sweep_id: str) -> None:
        """End all runs of a sweep."""
        for run_id in reversed(self.sweep(sweep_id)):  # waiting runs first, so that none starts
            self.stop(run_id)

    def save_again(self, run_id: str) -> None:
        """Retry storing an ended run that could not be stored.

        Raises:
            StorageError: it still cannot be stored.
        """
        run = self._active.live(run_id)
        if run is None or run.snapshot.live:
            return
        self.store.finish(run.record, run.files)
        self._active.drop(run_id)

    def shut_down(self) -> None:
        """Stop the runs on workers that end with this server, store them, and end the workers.

        Waiting runs stay in the queue for the next server, runs on other workers go on.
        """
        self._dispatcher.begin_no_more()
        if self.connection.ends:
            try:
                ended = self._stop_training()
            except StorageError:
                ended = False
            if ended:
                self._dispatcher.settle()
            else:
                _log.warning("some runs could not be stored in time: they go on at the next start")
        for run in self._active.unsaved():  # there may be room by now
            with suppress(StorageError):
                self.save_again(run.record.id)
        self.close()

    def _stop_training(self) -> bool:
        """Stop the runs in training; return whether all were stored in time."""
        training = [entry.id for entry in self._active.sync().training]
        for run_id in training:
            self._allow_until_epoch(run_id, SHUT_DOWN)
        with self._active.changed:
            return self._active.changed.wait_for(
                lambda: all(map(self.store.has_ended, training)), SHUT_DOWN_SECONDS
            )

    def leave(self) -> None:
        """Start and follow no more runs."""
        self._dispatcher.close()

    def close(self) -> None:
        """End the workers and all runs in progress."""
        self.leave()
        self.connection.close()

    def _allow_until_epoch(self, run_id: str, epoch: int) -> None:
        if self._active.live(run_id) is not None:
            self._dispatcher.allow_until_epoch(run_id, epoch)
