"""Housekeeping: which ended runs the store deletes, so that it never fills the disk.

A run goes when it is old, when its owner has too many bytes, or when the store has. What its owner
keeps, and what is on the wall of an open class, stays.
"""

import logging
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import delete, exists, func, select

from ae_core.errors import UserError
from ae_core.runs.record import ENDED
from ae_core.runs.store import UNDO_SECONDS, RunStore
from ae_core.specs import Limit
from ae_core.storage.tables import CLASSES, RUNS, STUDENTS

_log = logging.getLogger(__name__)

DAY = 86_400.0
YOUNG = 30 * DAY  # a run of this age never goes because others have too many
MB, GB = 1e6, 1e9
POSITIVE = Limit(1e-6, 1e9, whole=False)
VARIABLES = {"days": "AE_KEEP_DAYS", "visitor_mb": "AE_VISITOR_MB", "store_gb": "AE_STORE_GB"}
WARNING = 0.8  # of a visitor's bytes, from which the page says what will happen


@dataclass(frozen=True)
class Retention:
    """How long runs are kept, and how much they may take.

    Attributes:
        days: the age at which a run goes, in days.
        visitor_mb: the bytes of one visitor's runs, in 10^6.
        store_gb: the bytes of all runs, in 10^9; never more than half of what the disk has.
    """

    days: float = 200.0
    visitor_mb: float = 500.0
    store_gb: float = 20.0

    @classmethod
    def of_environment(cls) -> "Retention":
        """Return the operator's: ``AE_KEEP_DAYS``, ``AE_VISITOR_MB`` and ``AE_STORE_GB``.

        Raises:
            UserError: one of them is no number, or not positive.
        """
        given = {field: (name, os.environ.get(name)) for field, name in VARIABLES.items()}
        return cls(**{f: POSITIVE.parse(name, text) for f, (name, text) in given.items() if text})


class StoredRun(NamedTuple):
    """An ended run; ``free`` unless it is kept or on a wall. Sorts by age."""

    created: float
    id: str
    owner: str
    bytes: int
    free: bool


def to_delete(runs: Sequence[StoredRun], retention: Retention, now: float, room: float) -> set[str]:
    """Return the ids of the runs that go.

    Args:
        runs: all ended runs.
        retention: how many may stay.
        now: seconds since 1970.
        room: the bytes of the disk that are free.
    """
    runs = sorted(runs)
    gone = {run.id for run in runs if run.free and run.created < now - retention.days * DAY}
    owned: dict[str, list[StoredRun]] = defaultdict(list)
    for run in runs:
        if run.id not in gone:
            owned[run.owner].append(run)
    sizes = {owner: sum(run.bytes for run in mine) for owner, mine in owned.items()}
    # The oldest last, as they go from the end; the newest run of a visitor always stays.
    free = {o: [run for run in mine[:-1] if run.free][::-1] for o, mine in owned.items()}

    def drop(owner: str) -> None:
        run = free[owner].pop()
        gone.add(run.id)
        sizes[owner] -= run.bytes

    for owner in owned:
        while free[owner] and sizes[owner] > retention.visitor_mb * MB:
            drop(owner)
    total = sum(run.bytes for run in runs)
    most = store_limit(retention, total, room)
    while sum(sizes.values()) > most:
        old = [o for o, mine in free.items() if mine and mine[-1].created < now - YOUNG]
        if not old:
            break
        drop(max(old, key=lambda o: (sizes[o], o)))
    return gone


def store_limit(retention: Retention, total: float, room: float) -> float:
    """Return the bytes that all runs may take, with ``total`` on the disk and ``room`` free."""
    return min(retention.store_gb * GB, (total + room) / 2)


class Housekeeping:
    """Deletes runs of a store for good.

    Attributes:
        retention: the bounds.
        before: what is to be done before the runs, once a day.
    """

    def __init__(self, store: RunStore, retention: Retention) -> None:
        """Keep the runs of a store within the bounds; nothing is deleted yet."""
        self._store = store
        self.retention = retention
        self.before: list[Callable[[], object]] = []
        self._purged = self._tidied = 0.0

    def go_on(self) -> None:
        """Do what is due: once a minute or once a day."""
        now = time.time()
        if now >= self._tidied + DAY:
            self._tidied = self._purged = now
            for job in self.before:
                job()
            self.tidy()
        elif now >= self._purged + UNDO_SECONDS:
            self._purged = now
            self._remove(self._undone())

    def tidy(self) -> int:
        """Delete what has to go, and return the number of runs."""
        on_a_wall = exists().where(
            STUDENTS.c.visitor == RUNS.c.owner,
            ~STUDENTS.c.left,
            STUDENTS.c.code == CLASSES.c.code,
            RUNS.c.created >= STUDENTS.c.joined,
            RUNS.c.created >= CLASSES.c.cleared,
        )
        columns = RUNS.c.created, RUNS.c.id, RUNS.c.owner, RUNS.c.bytes, ~RUNS.c.kept & ~on_a_wall
        ended = select(*columns).where(RUNS.c.status.in_(ENDED), RUNS.c.deleted == 0)
        with self._store.database.reading() as connection:
            runs = [StoredRun(*row) for row in connection.execute(ended)]
        gone = self._undone() | to_delete(runs, self.retention, time.time(), self._room())
        self._remove(gone)
        return len(gone)

    def _undone(self) -> set[str]:
        """Return the deleted runs that nobody may restore any more."""
        late = RUNS.c.deleted.between(1.0, time.time() - UNDO_SECONDS)
        with self._store.database.reading() as connection:
            return set(connection.execute(select(RUNS.c.id).where(late)).scalars())

    def _remove(self, run_ids: Collection[str]) -> None:
        if not run_ids:
            return
        for run_id in run_ids:
            self._store.discard(run_id)
        with self._store.database.changing() as connection:
            connection.execute(delete(RUNS).where(RUNS.c.id.in_(run_ids)))
        _log.info("%d runs were deleted", len(run_ids))

    def make_room(self, owner: str) -> None:
        """Tidy before a visitor's new run if there is too much.

        Raises:
            UserError: the store is still full.
        """
        total, mine = self._bytes(), self.usage(owner)
        if mine > self.retention.visitor_mb * MB or total > self._most(total):
            self.tidy()
            total = self._bytes()
        if total > (most := self._most(total)):
            raise UserError("store_full", most=round(most / MB))

    def usage(self, owner: str) -> int:
        """Return the bytes of a visitor's runs."""
        return self._bytes(owner)

    def _bytes(self, owner: str | None = None) -> int:
        total = select(func.coalesce(func.sum(RUNS.c.bytes), 0)).where(RUNS.c.deleted == 0)
        if owner is not None:
            total = total.where(RUNS.c.owner == owner)
        with self._store.database.reading() as connection:
            return int(connection.execute(total).scalar_one())

    def _most(self, total: float) -> float:
        return store_limit(self.retention, total, self._room())

    def _room(self) -> int:
        root = self._store.root
        return shutil.disk_usage(next(p for p in (root, *root.parents) if p.exists())).free
