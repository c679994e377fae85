"""Runs on disk: ``<id>/{run,spec,history}.json, weights.npz, preview.png, moments.npz, map.npz``.

``weights.npz`` also exists while a run trains, and then changes every few seconds.

Every file is written under another name and then renamed, so that a reader never sees a partial
file. A run whose folder has no ``history.json`` was interrupted by a restart. `ae_core.runs.record`
defines the contents of the files.
"""

import logging
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ae_core.errors import StorageError, UnknownThing, disk_reason
from ae_core.runs.record import (
    END_DAMAGED,
    RunOutcome,
    RunRecord,
    begin_to_json,
    end_to_json,
    from_begin,
    origin_from_json,
    spec_from_json,
    with_end,
)
from ae_core.storage.files import DamagedFile, atomic_write, reading

_log = logging.getLogger(__name__)

RUN_ID = re.compile(r"[0-9a-f]{12}")
WEIGHTS = "weights.npz"


class RunRef(NamedTuple):
    """A run with its owner and its sweep (empty without one); sorts by age."""

    created: float
    id: str
    owner: str
    sweep: str


class RunStore:
    """All run folders below one folder.

    Attributes:
        root: that folder.
    """

    def __init__(self, root: Path) -> None:
        """Use ``root``, which need not exist yet."""
        self.root = root

    def folder(self, run_id: str) -> Path:
        """Return a run's folder, whether or not it exists.

        Raises:
            UnknownThing: ``run_id`` is not a valid id, e.g. a path.
        """
        if not RUN_ID.fullmatch(run_id):
            raise UnknownThing("unknown_run", id=run_id)
        return self.root / run_id

    def begin(self, record: RunRecord) -> None:
        """Write the files of a run that is about to train.

        Raises:
            StorageError: the folder cannot be written, for example because the disk is full.
        """
        write_record(self.folder(record.id), record, {})

    def finish(self, record: RunRecord, files: Mapping[str, bytes]) -> None:
        """Write a run's outcome: its files (weights, images), history and status.

        Raises:
            StorageError: as in `begin`.
        """
        write_record(self.folder(record.id), record, files, ended=True)

    def read(self, run_id: str) -> RunRecord:
        """Read a run; if its outcome is damaged, the reason says so.

        Raises:
            UnknownThing: there is no such run, or its settings or its origin cannot be read.
        """
        record, path = self._begun(run_id), self.folder(run_id) / "history.json"
        try:
            with reading(path):
                return with_end(record, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return record
        except DamagedFile:
            return record.ended(RunOutcome("failed", END_DAMAGED))

    def _begun(self, run_id: str) -> RunRecord:
        origin, spec = (self.folder(run_id) / name for name in ("run.json", "spec.json"))
        try:
            with reading(origin):
                about = origin_from_json(origin.read_text(encoding="utf-8"))
            with reading(spec):
                settings = spec_from_json(spec.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UnknownThing("unknown_run", id=run_id) from None
        except DamagedFile:
            raise UnknownThing("run_damaged", id=run_id) from None
        return from_begin(run_id, settings, about)

    def file(self, run_id: str, name: str) -> bytes | None:
        """Return a file of a run, or None if the run has no such file.

        Raises:
            OSError: the file cannot be read.
        """
        try:
            return (self.folder(run_id) / name).read_bytes()
        except FileNotFoundError:
            return None

    def has_weights(self, run_id: str) -> bool:
        """Return whether the store has a run's weights, which it may before the run ends.

        It looks only at the end of the file, which is missing if the file was cut off. Workers
        check the rest when they read it.
        """
        return zipfile.is_zipfile(self.folder(run_id) / WEIGHTS)

    def has_damaged_weights(self, run_id: str) -> bool:
        """Return whether there is something in place of a run's weights that cannot be read."""
        return (self.folder(run_id) / WEIGHTS).exists() and not self.has_weights(run_id)

    def has_ended(self, run_id: str) -> bool:
        """Return whether the store has a run's outcome."""
        return (self.folder(run_id) / "history.json").is_file()

    def ids(self) -> set[str]:
        """Return the ids of all folders that may be runs."""
        try:
            return {path.name for path in self.root.iterdir() if RUN_ID.fullmatch(path.name)}
        except FileNotFoundError:
            return set()

    def refs(self, run_ids: Iterable[str]) -> list[RunRef]:
        """Return references to some runs, oldest first, without those whose files do not read."""
        found = []
        for run_id in run_ids:
            path = self.folder(run_id) / "run.json"
            try:
                with reading(path):
                    about = origin_from_json(path.read_text(encoding="utf-8"))
            except (FileNotFoundError, DamagedFile):
                continue
            found.append(RunRef(about.created, run_id, about.owner, about.sweep))
        return sorted(found)

    def discard(self, run_id: str) -> None:
        """Delete the folder of a run that never started, as far as possible."""
        shutil.rmtree(self.folder(run_id), ignore_errors=True)


def write_record(
    folder: Path, record: RunRecord, files: Mapping[str, bytes], *, ended: bool = False
) -> None:
    """Write a run folder.

    Raises:
        StorageError: the folder cannot be written.
    """
    spec, about = begin_to_json(record)
    texts = {"spec.json": spec, "run.json": about}
    if ended:
        texts["history.json"] = end_to_json(record)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in {**files, **{k: v.encode() for k, v in texts.items()}}.items():
            atomic_write(folder / name, data)
    except OSError as error:
        _log.error("a run could not be saved: %s", error)
        raise StorageError("run_not_saved", reason=disk_reason(error)) from error
