"""The store of the runs: what is said of them in the database, and a folder of files for each.

The files are ``<id>/{weights.npz, preview.png, moments.npz, map.npz}``. ``weights.npz`` also exists
while a run trains, and then changes every few seconds. Each file is written under another name and
then renamed, so that a reader never sees a partial one.
"""

import logging
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update

from ae_core.errors import StorageError, UnknownThing, UserError, disk_reason
from ae_core.runs import checkpoint
from ae_core.runs.record import ENDED, RunRecord
from ae_core.runs.rows import end_to_row, record_of, to_row
from ae_core.storage.database import Database, database_in, insert_new
from ae_core.storage.files import atomic_write
from ae_core.storage.tables import RUNS

_log = logging.getLogger(__name__)

RUN_ID = re.compile(r"[0-9a-f]{12}")
WEIGHTS = "weights.npz"
UNDO_SECONDS = 60.0  # after a deletion
Check = Callable[[Connection], None]


class RunRef(NamedTuple):
    """A run with its owner and its sweep (empty without one); sorts by age."""

    created: float
    id: str
    owner: str
    sweep: str


_REF = (RUNS.c.created, RUNS.c.id, RUNS.c.owner, RUNS.c.sweep)
_THERE = RUNS.c.deleted == 0
# Made once, because every page asks it at every run.
_OF_OWNERS = (
    select(*_REF)
    .where(RUNS.c.owner.in_(bindparam("owners", expanding=True)), _THERE)
    .order_by(RUNS.c.created.desc(), RUNS.c.number.desc(), RUNS.c.id)
)


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

    def begin(
        self,
        records: Sequence[RunRecord],
        scheduler: str = "",
        address: str = "",
        check: Check = lambda _: None,
    ) -> None:
        """Store runs that wait for a scheduler, and make their folders; all or none.

        Args:
            records: the runs.
            scheduler: the scheduler that trains them.
            address: the network address that they come from.
            check: raises a UserError if, when their turn has come, they may not be stored.

        Raises:
            StorageError: the database or the disk refuses.
            UserError: of the check.
        """
        try:
            for record in records:
                self.folder(record.id).mkdir(parents=True)
            self.insert(records, scheduler, address, check)
        except (OSError, UserError) as error:
            for record in records:
                self.discard(record.id)
            if isinstance(error, OSError):
                _log.error("a run could not be begun: %s", error)
                raise _refused(error) from error
            raise

    def insert(
        self,
        records: Sequence[RunRecord],
        scheduler: str = "",
        address: str = "",
        check: Check = lambda _: None,
    ) -> int:
        """Store what is said of runs, whatever their status; return how many were not known.

        `begin` explains the arguments.

        Raises:
            StorageError: the database refuses.
            UserError: of the check.
        """
        rows = [
            {
                **to_row(record, scheduler, number),
                "address": address,
                "bytes": self._size(record.id),
            }
            for number, record in enumerate(records)
        ]
        with self.database.changing() as connection:
            check(connection)
            return insert_new(connection, RUNS, rows)

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
            checkpoint.remove(folder)
        except OSError as error:  # who tries again says so in the log
            raise _refused(error) from error
        size = self._size(record.id)
        unended = update(RUNS).where(RUNS.c.id == record.id, RUNS.c.status.not_in(ENDED), _THERE)
        with self.database.changing() as connection:
            done = connection.execute(
                unended.values(
                    **end_to_row(record), ended=time.time(), bytes=size, scheduler="", address=""
                )
            )
            return done.rowcount == 1

    def read(self, run_id: str) -> RunRecord:
        """Read a run; if its outcome is damaged, the reason says so.

        Raises:
            UnknownThing: there is no such run, or its settings cannot be read.
        """
        self.folder(run_id)
        found = self._row(select(RUNS).where(RUNS.c.id == run_id))
        if found is None:
            raise UnknownThing("unknown_run", id=run_id)
        return record_of(found)

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
        with self.database.reading() as connection:
            rows = connection.execute(_OF_OWNERS, {"owners": list(owners)})
            return [RunRef(*row) for row in rows]

    def sweep(self, sweep_id: str) -> list[RunRef]:
        """Return a sweep's runs in training order; none if there is no such sweep."""
        found = select(*_REF).where(RUNS.c.sweep == sweep_id, RUNS.c.sweep != "")
        return self._refs(found.order_by(RUNS.c.number))

    def trained_on(self, image_set: str) -> list[RunRef]:
        """Return all runs that train on an image set."""
        return self._refs(select(*_REF).where(RUNS.c.image_set == image_set))

    def delete(self, run_id: str, owner: str) -> bool:
        """Delete a visitor's ended run; `restore` undoes it for `UNDO_SECONDS`.

        Returns:
            False if there is no such run of the visitor's, or it has not ended.
        """
        ended = RUNS.c.status.in_(ENDED), _THERE
        return self._change(run_id, owner, *ended, deleted=time.time())

    def restore(self, run_id: str, owner: str) -> bool:
        """Undo a deletion; return False if it is too late."""
        recent = RUNS.c.deleted > time.time() - UNDO_SECONDS
        return self._change(run_id, owner, recent, deleted=0.0)

    def keep(self, run_id: str, owner: str, kept: bool) -> None:
        """Keep a visitor's run for ever, or no longer."""
        self._change(run_id, owner, _THERE, kept=kept)

    def is_kept(self, run_id: str) -> bool:
        """Return whether the owner of a run wants to keep it."""
        row = self._row(select(RUNS.c.kept).where(RUNS.c.id == run_id))
        return row is not None and bool(row.kept)

    def _change(self, run_id: str, owner: str, *which: ColumnElement[bool], **values: Any) -> bool:
        mine = update(RUNS).where(RUNS.c.id == run_id, RUNS.c.owner == owner, *which)
        with self.database.changing() as connection:
            return connection.execute(mine.values(**values)).rowcount == 1

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
        """Return the size of a run's files in bytes, without what another attempt still writes."""
        return sum(map(_bytes, self.folder(run_id).glob("[!.]*")))


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # another server has just renamed or removed it
        return 0


def _refused(error: OSError) -> StorageError:
    return StorageError("run_not_saved", reason=disk_reason(error))
