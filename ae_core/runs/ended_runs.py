"""Ended runs for the pages: snapshots and frames, read from the store.

Recently used snapshots stay in memory. Any thread may call it.
"""

from dataclasses import replace
from functools import lru_cache

from ae_core.errors import Message, UserError
from ae_core.runs.snapshot import Snapshot, restored
from ae_core.runs.store import RunStore
from ae_core.runs.timeline import FILE, EpochFrame, check_frames, from_bytes
from ae_core.storage.files import DamagedFile, reading


class EndedRuns:
    """Snapshots and frames, read from a store."""

    def __init__(self, store: RunStore) -> None:
        """Use ``store``; nothing is read yet."""
        self._store = store
        self._kept = lru_cache(maxsize=64)(self._read)

    def snapshot(self, run_id: str) -> Snapshot:
        """Return the snapshot of an ended run.

        Raises:
            UnknownThing: there is no such run.
        """
        # Not cached: another server may still store the end of a run without one.
        return self._kept(run_id) if self._store.has_ended(run_id) else self._read(run_id)

    def frames(self, run_id: str) -> tuple[EpochFrame, ...]:
        """Return the stored frames of a run's epochs.

        Raises:
            UserError: their file is damaged, or does not belong to the run.
        """
        run = self.snapshot(run_id)
        try:
            with reading(self._store.folder(run_id) / FILE):
                frames = from_bytes(self._store.file(run_id, FILE))
                if run.pictures is not None:
                    check_frames(frames, run.pictures.shape[1:], run.epoch)
        except DamagedFile:
            raise UserError("run_replay_damaged") from None
        return frames

    def forget_pictures(self, image_set: str) -> None:
        """Delete the images of a set from the folders of all runs that train on it."""
        for run in self._store.trained_on(image_set):
            for name in ("preview.png", "map.npz", FILE):
                (self._store.folder(run.id) / name).unlink(missing_ok=True)
        self._kept.cache_clear()

    def _read(self, run_id: str) -> Snapshot:
        found = restored(
            self._store.read(run_id),
            lambda name: self._store.file(run_id, name),
            saved=self._store.has_weights(run_id),
        )
        if self._store.has_damaged_weights(run_id):
            return replace(found, damaged=(*found.damaged, Message("run_part_weights")))
        return found
