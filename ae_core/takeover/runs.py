"""Takes over the run folders and the queue of an earlier version.

The rows are stored first, then the files of text get another name. A server that is killed in
between, or does it at the same time as another one, stores nothing twice.
"""

import logging
import shutil
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from sqlalchemy import select

from ae_core.errors import StorageError, disk_reason
from ae_core.runs.folder import END, ORIGIN, SPEC, Origin, read_origin, read_run
from ae_core.runs.record import RunRecord
from ae_core.runs.store import RUN_ID, RunStore
from ae_core.storage.files import DamagedFile
from ae_core.storage.tables import RUNS
from ae_core.takeover.old_names import OLD, earlier_files, put_away

_log = logging.getLogger(__name__)

QUEUE = "queue"
TEXTS = (ORIGIN, SPEC, END)  # the first one tells that there is a run to take over


def take_over_runs(source: Path, store: RunStore) -> tuple[int, int]:
    """Take over runs; return the number of those that the database did not know, and of damaged.

    Those that waited or trained in a queue that servers shared wait again. Damaged ones stay as
    they are, and the log names them.

    Args:
        source: the folder of an earlier version. Unless it is the store's own, it stays as it is,
            and files of runs are copied from there.
        store: the store.

    Raises:
        StorageError: the database or the disk refuses.
    """
    own = source == store.root
    waiting = {path.stem for path in earlier_files(source / QUEUE, "*/*.json")}
    with store.database.reading() as connection:
        known = set(connection.scalars(select(RUNS.c.id)))
    folders = [path for path in source.iterdir() if RUN_ID.fullmatch(path.name)]
    taken = damaged = 0
    for group in _sweeps(folder for folder in folders if folder.name not in known):
        records = [record for folder in group if (record := _read(folder, waiting))]
        for record in [] if own else records:
            _copy(source / record.id, store.folder(record.id))
        taken += store.insert(records)
        known |= {record.id for record in records}
        damaged += sum(folder.name not in known and (folder / ORIGIN).exists() for folder in group)
    for folder in folders if own else ():
        if folder.name in known:
            for name in TEXTS:
                put_away(folder / name)
    return taken, damaged


def _sweeps(folders: Iterable[Path]) -> Iterator[list[Path]]:
    """Return the folders with runs; those of a sweep together, in the order of their training."""
    found: list[tuple[str, float, Path]] = []
    for folder in folders:
        try:
            origin = read_origin(folder)
        except FileNotFoundError:  # none of an earlier version, or another server was faster
            continue
        except DamagedFile:
            origin = Origin("", "", 0.0)  # counted when the rest is read
        found.append((origin.sweep or folder.name, origin.created, folder))
    for _, group in groupby(sorted(found), key=lambda each: each[0]):
        yield [folder for _, _, folder in group]


def _read(folder: Path, waiting: Container[str]) -> RunRecord | None:
    """Return the run of a folder, None if it is damaged."""
    try:
        record = read_run(folder)
    except DamagedFile:
        return None
    except FileNotFoundError as error:
        if (folder / ORIGIN).exists():  # else another server was faster
            _log.error("%s is damaged: %s is missing", folder, Path(error.filename).name)
        return None
    if record.id in waiting and not (folder / END).exists():
        return replace(record, status="queued", reason=None)
    return record


def _copy(folder: Path, target: Path) -> None:
    """Copy the files of a run that are no text, all or none, unless they are there."""
    part = target.with_name(f".{target.name}.part")
    try:
        if not target.exists():
            shutil.rmtree(part, ignore_errors=True)
            leave = shutil.ignore_patterns(*TEXTS, f"*{OLD}", ".*")
            shutil.copytree(folder, part, ignore=leave)
            part.rename(target)
    except OSError as error:
        _log.error("a run could not be copied: %s", error)
        raise StorageError("run_not_saved", reason=disk_reason(error)) from error
