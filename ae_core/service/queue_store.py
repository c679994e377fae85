"""The queue as files, so that it belongs to no server: all servers of one store share it.

``waiting/<id>.json`` for every run that waits, ``training/<id>.json`` for every one that is with a
worker, ``served.json`` for the turns. A run is taken off the queue by deleting its file, which
succeeds for one server only; what else must not be done by two at a time, the caller does under a
lock that all servers share. It knows no Dask.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path

from ae_core.errors import StorageError
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.storage import FileLock, atomic_write

_log = logging.getLogger(__name__)

WAITING, TRAINING, SERVED = "waiting", "training", "served.json"
MOST_SERVED = 500  # visitors whose turns are remembered


class QueueBook:
    """The queue in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; nothing is read or written yet."""
        self._folder = folder
        self._lock = FileLock(folder / "lock")
        self._waiting: dict[str, Entry] = {}  # as read before: these files do not change

    def enter(self, entries: Iterable[Entry]) -> None:
        """Put runs into the queue.

        Raises:
            StorageError: they cannot be written.
        """
        try:
            (self._folder / TRAINING).mkdir(parents=True, exist_ok=True)
            (self._folder / WAITING).mkdir(exist_ok=True)
            for entry in entries:
                self._write(WAITING, entry)
        except OSError as error:
            _log.error("a run could not be queued: %s", error)
            raise StorageError("run_not_queued", reason=error.strerror or str(error)) from error

    def alone(self) -> AbstractContextManager[None]:
        """Hold a lock that all servers share."""
        return self._lock.held()

    def leave(self, run_id: str) -> bool:
        """Take a run off the queue; return whether it waited, which one server only is told."""
        try:
            (self._folder / WAITING / f"{run_id}.json").unlink()
        except FileNotFoundError:
            return False
        return True

    def begin(self, entry: Entry, now: float) -> Entry | None:
        """Take note that a waiting run goes to a worker; None if it left meanwhile.

        Raises:
            OSError: that cannot be written.
        """
        begun = replace(entry, attempt=1, begun=now)
        self._write(TRAINING, begun)  # first, so that the run is always in one of the two
        if not self.leave(entry.id):
            self.finish(entry.id)
            return None
        served = {**self._served(), entry.owner: now}
        newest = sorted(served.items(), key=lambda one: one[1])[-MOST_SERVED:]
        self._put(self._folder / SERVED, dict(newest))
        return begun

    def again(self, entry: Entry, lost: str, epoch: int) -> Entry:
        """Take note that a run is begun once more, how its attempt was lost and in which epoch.

        Raises:
            OSError: that cannot be written.
        """
        repeated = replace(entry, attempt=entry.attempt + 1, lost=lost, lost_epoch=epoch)
        self._write(TRAINING, repeated)
        return repeated

    def finish(self, run_id: str) -> None:
        """Take note that a run is with no worker any more."""
        (self._folder / TRAINING / f"{run_id}.json").unlink(missing_ok=True)

    def training(self, run_id: str) -> Entry | None:
        """Return the entry of a run that is with a worker, None if it is not."""
        return _read(self._folder / TRAINING / f"{run_id}.json")

    def read(self) -> TrainingQueue:
        """Return the queue as it is now."""
        waiting = {name: self._known(name) for name in self._names(WAITING)}
        # After those that wait: a run that goes to a worker meanwhile is seen twice, never missed.
        names = self._names(TRAINING)
        training = [_read(self._folder / TRAINING / f"{name}.json") for name in names]
        found = {entry.id: entry for entry in training if entry is not None}
        self._waiting = {name: entry for name, entry in waiting.items() if entry is not None}
        still = tuple(e for name, e in self._waiting.items() if name not in found)
        return TrainingQueue(still, tuple(found.values()), self._served())

    def _known(self, name: str) -> Entry | None:
        return self._waiting.get(name) or _read(self._folder / WAITING / f"{name}.json")

    def _names(self, folder: str) -> list[str]:
        try:
            paths = [*(self._folder / folder).iterdir()]
        except FileNotFoundError:
            return []
        return [path.stem for path in paths if path.name[0] != "."]

    def _served(self) -> Mapping[str, float]:
        try:
            return {str(k): float(v) for k, v in json.loads(self._text(SERVED)).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text()

    def _write(self, folder: str, entry: Entry) -> None:
        self._put(self._folder / folder / f"{entry.id}.json", asdict(entry))

    def _put(self, path: Path, content: object) -> None:
        atomic_write(path, json.dumps(content).encode(), lasting=False)


def _read(path: Path) -> Entry | None:
    """Read an entry, None if it is gone or no entry."""
    try:
        return Entry(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
