"""The store of the runs: what is said of them in the database, and a folder of files for each.

The files are ``<id>/{weights.npz, preview.png, moments.npz, map.npz}``. ``weights.npz`` also exists
while a run trains, and then changes every few seconds. Each file is written under another name and
then renamed, so that a reader never sees a partial one.
"""

import json
import logging
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select, update

from ae_core.errors import StorageError, UnknownThing, disk_reason
from ae_core.runs.record import (
    END_DAMAGED,
    ENDED,
    STATUSES,
    RunOutcome,
    RunRecord,
    checked_history,
    reason_from_json,
    reason_to_json,
    spec_from_json,
)
from ae_core.specs import to_json
from ae_core.storage.database import Database, database_in
from ae_core.storage.files import DamagedFile, atomic_write, check_time, reading
from ae_core.storage.tables import RUNS

_log = logging.getLogger(__name__)

RUN_ID = re.compile(r"[0-9a-f]{12}")
WEIGHTS = "weights.npz"


class RunRef(NamedTuple):
    """A run with its owner and its sweep (empty without one); sorts by age."""

    created: float
    id: str
    owner: str
    sweep: str


_REF = (RUNS.c.created, RUNS.c.id, RUNS.c.owner, RUNS.c.sweep)
_THERE = RUNS.c.deleted == 0


class RunStore:
    """All runs of a database, and their folders below one folder.

    Attributes:
        root: that folder.
        database: the database.
    """

    def __init__(self, root: Path) -> None:
        """Use ``root``, which need not exist yet, and its database."""
        self.root = root
        self.database: Database = database_in(root)

    def folder(self, run_id: str) -> Path:
        """Return a run's folder, whether or not it exists.

        Raises:
            UnknownThing: ``run_id`` is not a valid id, e.g. a path.
        """
        if not RUN_ID.fullmatch(run_id):
            raise UnknownThing("unknown_run", id=run_id)
        return self.root / run_id

    def begin(self, records: Sequence[RunRecord], scheduler: str = "", address: str = "") -> None:
        """Store runs that wait for a scheduler, and make their folders; all or none.

        Args:
            records: the runs.
            scheduler: the scheduler that trains them.
            address: the network address that they come from.

        Raises:
            StorageError: the database or the disk refuses.
        """
        try:
            for record in records:
                self.folder(record.id).mkdir(parents=True)
            self.insert(records, scheduler, address)
        except (OSError, StorageError) as error:
            for record in records:
                self.discard(record.id)
            if isinstance(error, OSError):
                raise _refused(error) from error
            raise

    def insert(self, records: Sequence[RunRecord], scheduler: str = "", address: str = "") -> None:
        """Store what is said of runs, whatever their status, see `begin`.

        Raises:
            StorageError: the database refuses.
        """
        rows = [
            {
                **row(record, scheduler, number),
                "address": address,
                "bytes": self._size(record.id),
            }
            for number, record in enumerate(records)
        ]
        with self.database.changing() as connection:
            connection.execute(RUNS.insert(), rows)

    def finish(self, record: RunRecord, files: Mapping[str, bytes]) -> bool:
        """Store a run's files, then its outcome; return False if it had ended or was deleted.

        Raises:
            StorageError: the database or the disk refuses.
        """
        folder = self.folder(record.id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                atomic_write(folder / name, data)
        except OSError as error:
            raise _refused(error) from error
        size = self._size(record.id)
        unended = update(RUNS).where(RUNS.c.id == record.id, RUNS.c.status.not_in(ENDED), _THERE)
        with self.database.changing() as connection:
            done = connection.execute(
                unended.values(**_end(record), ended=time.time(), bytes=size, scheduler="")
            )
            return done.rowcount == 1

    def read(self, run_id: str) -> RunRecord:
        """Read a run; if its outcome is damaged, the reason says so.

        Raises:
            UnknownThing: there is no such run, or its settings cannot be read.
        """
        self.folder(run_id)
        row = self._row(select(RUNS).where(RUNS.c.id == run_id))
        if row is None:
            raise UnknownThing("unknown_run", id=run_id)
        try:
            with reading(Path(run_id, "spec")):
                check_time("created", row.created)
                spec = spec_from_json(row.spec_json)
        except DamagedFile:
            raise UnknownThing("run_damaged", id=run_id) from None
        record = RunRecord(run_id, spec, row.preset, row.owner, row.created, sweep=row.sweep)
        try:
            with reading(Path(run_id, "end")):
                if row.status not in STATUSES:
                    raise ValueError(f"status={row.status!r} must be one of {STATUSES}")
                history = checked_history(json.loads(row.history_json), spec.epochs)
                reason = reason_from_json(row.reason_json)
                return record.ended(RunOutcome(row.status, reason, history))
        except DamagedFile:
            return record.ended(RunOutcome("failed", END_DAMAGED))

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
        row = self._row(select(RUNS.c.status).where(RUNS.c.id == run_id))
        return row is not None and row.status in ENDED

    def refs(self, owners: Collection[str]) -> list[RunRef]:
        """Return the runs of some visitors, newest first."""
        newest = RUNS.c.created.desc(), RUNS.c.number.desc(), RUNS.c.id
        return self._refs(select(*_REF).where(RUNS.c.owner.in_(owners)).order_by(*newest))

    def sweep(self, sweep_id: str) -> list[RunRef]:
        """Return a sweep's runs in training order; none if there is no such sweep."""
        found = select(*_REF).where(RUNS.c.sweep == sweep_id, RUNS.c.sweep != "")
        return self._refs(found.order_by(RUNS.c.number))

    def trained_on(self, image_set: str) -> list[RunRef]:
        """Return all runs that train on an image set."""
        return self._refs(select(*_REF).where(RUNS.c.image_set == image_set))

    def discard(self, run_id: str) -> None:
        """Delete a run's folder, as far as possible."""
        shutil.rmtree(self.folder(run_id), ignore_errors=True)

    def _row(self, question: Select[Any]) -> Row[Any] | None:
        with self.database.reading() as connection:
            return connection.execute(question.where(_THERE)).first()

    def _refs(self, question: Select[Any]) -> list[RunRef]:
        with self.database.reading() as connection:
            return [RunRef(*row) for row in connection.execute(question.where(_THERE))]

    def _size(self, run_id: str) -> int:
        """Return the size of a run's files in bytes."""
        return sum(path.stat().st_size for path in self.folder(run_id).glob("*"))


def row(record: RunRecord, scheduler: str = "", number: int = 0) -> dict[str, Any]:
    """Return the row of a run, the ``number``-th that was submitted together."""
    return {
        "id": record.id,
        "owner": record.owner,
        "sweep": record.sweep,
        "preset": record.preset,
        "image_set": record.spec.image_set,
        "spec_json": to_json(record.spec),
        "created": record.created,
        "number": number,
        **_end(record),
        "scheduler": scheduler,
        "ended": record.created if record.status in ENDED else 0.0,
    }


def _end(record: RunRecord) -> dict[str, str]:
    return {
        "status": record.status,
        "reason_json": reason_to_json(record.reason),
        "history_json": json.dumps(record.history),
    }


def _refused(error: OSError) -> StorageError:
    _log.error("a run could not be saved: %s", error)
    return StorageError("run_not_saved", reason=disk_reason(error))
