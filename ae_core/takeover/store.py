"""Opens the store of the runs; a folder of an earlier version is then taken over, once.

Servers that start together may all do it at the same time.
"""

import logging
import time
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import select

from ae_core.runs.store import RunStore
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import SETTINGS
from ae_core.takeover.classes import FOLDER, take_over_classes
from ae_core.takeover.old_names import put_away
from ae_core.takeover.runs import QUEUE, take_over_runs
from ae_core.takeover.visitors import RESULTS, SETS, take_over_matches, take_over_sets

# The web server's own: at the start of the app, no other logger shows what is no warning.
_log = logging.getLogger("uvicorn")

DONE = "taken_over"  # the setting that says when the store's folder was taken over


@dataclass(frozen=True)
class TakenOver:
    """How many of each an earlier version left that the database did not know."""

    runs: int = 0
    damaged: int = 0  # run folders
    classes: int = 0
    students: int = 0
    image_sets: int = 0
    match_results: int = 0

    def __str__(self) -> str:
        """Name what there is."""
        counts = {field.name: getattr(self, field.name) for field in fields(self)}
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())


def open_store(root: Path) -> RunStore:
    """Return the store in a folder after taking over what an earlier version left there.

    Raises:
        StorageError: the database or the disk refuses.
    """
    store = RunStore(root)
    if not _is_done(store.database):
        started = time.perf_counter()
        taken = take_over(root, store)
        with store.database.changing() as connection:
            upsert(connection, SETTINGS, {"name": DONE, "value": f"{time.time():.0f}"})
        if taken != TakenOver():
            seconds = time.perf_counter() - started
            _log.info("taken over from an earlier version in %.1f s: %s", seconds, taken)
    return store


def take_over(source: Path, store: RunStore) -> TakenOver:
    """Take over what an earlier version left in a folder; what is known already stays as it is.

    Args:
        source: the folder. Unless it is the store's own, nothing in it changes; otherwise what is
            taken over gets another name.
        store: the store.

    Raises:
        StorageError: the database or the disk refuses.
    """
    if not source.is_dir():
        return TakenOver()
    database = store.database
    image_sets = take_over_sets(source, database)  # before runs that train on them
    runs, damaged = take_over_runs(source, store)
    classes, students = take_over_classes(source, database)
    match_results = take_over_matches(source, database)
    if source == store.root:
        for name in (QUEUE, FOLDER, SETS, RESULTS):
            put_away(source / name)
    return TakenOver(runs, damaged, classes, students, image_sets, match_results)


def _is_done(database: Database) -> bool:
    with database.reading() as connection:
        done = select(SETTINGS.c.name).where(SETTINGS.c.name == DONE)
        return connection.execute(done).first() is not None
