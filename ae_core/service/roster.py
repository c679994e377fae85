"""Which runs there are: waiting, under way, ended, and whose they are.

What pages may ask of runs. It starts and ends nothing itself and knows neither Dask nor what is in
a run's folder. Any thread may call it; the snapshots that it returns are frozen.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ae_core.data.user_image_sets import is_gone
from ae_core.errors import Busy
from ae_core.runs.ended_runs import EndedRuns
from ae_core.runs.index import RunIndex
from ae_core.runs.record import new_record
from ae_core.runs.snapshot import Snapshot, without_gone_pictures
from ae_core.runs.store import RunStore
from ae_core.runs.timeline import EpochFrame
from ae_core.service.registry import UnderWay
from ae_core.specs import TrainingSpec


class Roster:
    """The live runs and, through the store, the ended ones."""

    def __init__(self, store: RunStore, under_way: UnderWay, runs_per_owner: int) -> None:
        """Know what the store has; a visitor may have so many runs under way."""
        self._store = store
        self._under_way = under_way
        self._runs_per_owner = runs_per_owner
        self._index = RunIndex(store)
        self._ended = EndedRuns(store)

    def enter(
        self, specs: Sequence[TrainingSpec], owner: str, preset: str, sweep: str = ""
    ) -> list[str]:
        """Put new runs into the queue, all or none, and return their ids.

        Args:
            specs: of the runs, in the order of their training.
            owner: the visitor.
            preset: from which the runs started.
            sweep: an id that makes them one entry; without it there is one spec.

        Raises:
            Busy: the visitor has a run, or a sweep, under way.
            StorageError: a run's folder cannot be written.
        """
        with self._under_way.changed:
            self._under_way.sync()
            self._refuse_if_busy(owner)
            records = [new_record(spec, preset, owner, sweep) for spec in specs]
            self._under_way.enter(records)
            self._index.add(records)
            return [record.id for record in records]

    def _refuse_if_busy(self, owner: str) -> None:
        """Raise Busy if a visitor has enough under way; the runs of a sweep count as one."""
        mine = self._under_way.of(owner)
        if len({run.record.sweep or run.record.id for run in mine}) >= self._runs_per_owner:
            furthest = max((run.snapshot for run in mine), key=lambda snapshot: snapshot.epoch)
            raise Busy("busy", epoch=furthest.epoch, epochs=furthest.spec.epochs)

    def sweep(self, sweep_id: str) -> list[str]:
        """Return the ids of a sweep's runs, in the order of their training.

        Raises:
            UnknownThing: there is no such sweep.
        """
        return self._index.sweep(sweep_id)

    def owned(self, owner: str) -> list[str]:
        """Return the ids of a visitor's runs, newest first."""
        return self._index.owned(owner)

    def snapshot(self, run_id: str) -> Snapshot:
        """Return a run as it is now.

        Raises:
            UnknownThing: there is no such run.
        """
        with self._under_way.changed:
            run = self._under_way.live(run_id)
            if run is None and not self._store.has_ended(run_id):
                self._under_way.sync()  # another server may have begun it
                run = self._under_way.live(run_id)
            if run is not None:
                live, wait = run.snapshot, self._under_way.wait(run_id)
                if wait is not None:
                    live = replace(live, position=wait.place, wait=wait.seconds)
                return without_gone_pictures(live)
        return without_gone_pictures(self._ended.snapshot(run_id))

    def frames(self, run_id: str) -> tuple[EpochFrame, ...]:
        """Return what is kept of a run's epochs, read from its folder if it has ended.

        Raises:
            UnknownThing: there is no such run.
        """
        if is_gone(self.snapshot(run_id).spec.image_set):
            return ()
        run = self._under_way.live(run_id)
        if run is not None:
            return run.frames
        return self._ended.frames(run_id)

    def wait_until(
        self, run_id: str, holds: Callable[[Snapshot], bool], timeout: float
    ) -> Snapshot:
        """Wait for a snapshot of which something holds, and return it.

        Raises:
            TimeoutError: it did not hold within ``timeout`` seconds.
            UnknownThing: there is no such run.
        """
        with self._under_way.changed:
            if not self._under_way.changed.wait_for(lambda: holds(self.snapshot(run_id)), timeout):
                raise TimeoutError(f"run {run_id} is {self.snapshot(run_id).status}")
            return self.snapshot(run_id)

    def forget_pictures(self, image_set: str) -> None:
        """Delete what ended runs keep of the pictures of an image set; the runs stay."""
        self._ended.forget_pictures(self._index.all_ids(), image_set)
