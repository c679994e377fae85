"""The queue as files that all servers of one store share.

There is a file ``waiting/<id>.json`` for each waiting run, ``training/<id>.json`` for each run in
training, and ``served.json`` for the turns. A server removes a run from the queue by deleting its
file, which succeeds for only one server; for everything else that two servers must not do at the
same time, the caller holds the lock of `QueueStore.exclusive`.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path

from ae_core.errors import StorageError, disk_reason
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.storage.files import (
    DamagedFile,
    FileLock,
    atomic_write,
    checked,
    checked_number,
    reading,
)

_log = logging.getLogger(__name__)

WAITING, TRAINING, SERVED = "waiting", "training", "served.json"
MAX_SERVED = 500  # visitors whose turns are stored


class QueueStore:
    """The queue in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which need not exist yet."""
        self._folder = folder
        self._lock = FileLock(folder / "lock")
        self._waiting: dict[str, Entry] = {}  # a cache: these files never change

    def enqueue(self, entries: Iterable[Entry]) -> None:
        """Put runs into the queue.

        Raises:
            StorageError: the files cannot be written.
        """
        try:
            (self._folder / TRAINING).mkdir(parents=True, exist_ok=True)
            (self._folder / WAITING).mkdir(exist_ok=True)
            for entry in entries:
                self._write(WAITING, entry)
        except OSError as error:
            _log.error("a run could not be queued: %s", error)
            raise StorageError("run_not_queued", reason=disk_reason(error)) from error

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold a lock that all servers share."""
        return self._lock.held()

    def remove(self, run_id: str) -> bool:
        """Remove a waiting run; return whether it was there, which is True for only one server."""
        try:
            (self._folder / WAITING / f"{run_id}.json").unlink()
        except FileNotFoundError:
            return False
        return True

    def start(self, entry: Entry, now: float) -> Entry | None:
        """Record that a waiting run starts; return None if it has left the queue.

        Raises:
            OSError: the file cannot be written.
        """
        started = replace(entry, attempt=1, begun=now)
        self._write(TRAINING, started)  # first, so that the run is always in one of the folders
        if not self.remove(entry.id):
            self.finish(entry.id)
            return None
        served = {**self._last_served(), entry.owner: now}
        newest = sorted(served.items(), key=lambda one: one[1])[-MAX_SERVED:]
        self._put(self._folder / SERVED, dict(newest))
        return started

    def retry(self, entry: Entry, lost: str, epoch: int) -> Entry:
        """Record a new attempt at a run, and the cause and the epoch of the last one's loss.

        Raises:
            OSError: the file cannot be written.
        """
        next_attempt = replace(entry, attempt=entry.attempt + 1, lost=lost, lost_epoch=epoch)
        self._write(TRAINING, next_attempt)
        return next_attempt

    def finish(self, run_id: str) -> None:
        """Record that a run no longer trains."""
        (self._folder / TRAINING / f"{run_id}.json").unlink(missing_ok=True)

    def read(self) -> TrainingQueue:
        """Return the present queue."""
        waiting = {name: self._known(name) for name in self._names(WAITING)}
        # After the waiting ones: a run that starts in between is read twice, never missed.
        names = self._names(TRAINING)
        training = [_read(self._folder / TRAINING / f"{name}.json") for name in names]
        found = {entry.id: entry for entry in training if entry is not None}
        self._waiting = {name: entry for name, entry in waiting.items() if entry is not None}
        waits = tuple(e for name, e in self._waiting.items() if name not in found)
        return TrainingQueue(waits, tuple(found.values()), self._last_served())

    def _known(self, name: str) -> Entry | None:
        return self._waiting.get(name) or _read(self._folder / WAITING / f"{name}.json")

    def _names(self, folder: str) -> list[str]:
        try:
            paths = [*(self._folder / folder).iterdir()]
        except FileNotFoundError:
            return []
        return [path.stem for path in paths if path.name[0] != "."]

    def _last_served(self) -> Mapping[str, float]:
        path = self._folder / SERVED
        try:
            with reading(path):
                served = json.loads(path.read_text(encoding="utf-8"))
                return {name: checked_number(name, when) for name, when in served.items()}
        except (FileNotFoundError, DamagedFile):
            return {}

    def _write(self, folder: str, entry: Entry) -> None:
        self._put(self._folder / folder / f"{entry.id}.json", asdict(entry))

    def _put(self, path: Path, content: object) -> None:
        atomic_write(path, json.dumps(content).encode(), lasting=False)


def _read(path: Path) -> Entry | None:
    """Read an entry; return None if the file is gone or is not the entry of its run."""
    try:
        with reading(path):
            entry = checked(Entry, json.loads(path.read_text(encoding="utf-8")))
            if entry.id != path.stem:
                raise ValueError(f"the entry belongs to run {entry.id}")
            return entry
    except (FileNotFoundError, DamagedFile):
        return None
