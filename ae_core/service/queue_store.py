"""The queue of one scheduler in the database that all servers of a store share.

A run belongs to the scheduler that trains it. As long as a scheduler lives, a server of it renews
its lease (`lease.py`); when a lease has expired, another scheduler takes over the runs. What two
servers must not both do is one transaction: only one of them succeeds.
"""

import time
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, case, delete, exists, func, select, update

from ae_core.errors import Busy, Message
from ae_core.runs.record import UNENDED, RunOutcome, reason_to_json
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import CLASSES, RUNS, SCHEDULERS, STUDENTS, TURNS

LEASE_SECONDS = 15.0
TURN_SECONDS = 86_400.0  # for which it counts that somebody had a turn

_EARLIER = RUNS.alias("earlier")
_IN_A_CLASS = STUDENTS.c.visitor == RUNS.c.owner
_PAUSED = select(STUDENTS).join(CLASSES, CLASSES.c.code == STUDENTS.c.code)
_COMPUTED = {
    "entered": RUNS.c.created,
    "known": exists().where(_IN_A_CLASS)
    | exists().where(_EARLIER.c.owner == RUNS.c.owner, _EARLIER.c.begun > 0, _EARLIER.c.ended > 0),
    "held": _PAUSED.where(_IN_A_CLASS, ~STUDENTS.c.left, CLASSES.c.paused).exists(),
}
# The columns of an entry, in the order of its fields.
_ENTRY = [
    (_COMPUTED[name] if name in _COMPUTED else RUNS.c[name]).label(name)
    for name in (each.name for each in fields(Entry))
]


class QueueStore:
    """The runs of a scheduler that have not ended."""

    def __init__(self, database: Database, scheduler: str) -> None:
        """Use the database; nothing is read or written yet."""
        self._database = database
        self.scheduler = scheduler
        self._mine = (RUNS.c.scheduler == scheduler, RUNS.c.deleted == 0)

    def read(self) -> TrainingQueue:
        """Return the present queue."""
        live = select(RUNS.c.status, *_ENTRY).where(*self._mine, RUNS.c.status.in_(UNENDED))
        with self._database.reading() as connection:
            rows = connection.execute(live).all()
            entries = [(status, Entry(*fields)) for status, *fields in rows]
            parties = {who for _, entry in entries for who in (entry.owner, entry.party)}
            turns = connection.execute(select(TURNS).where(TURNS.c.party.in_(parties))).all()
        return TrainingQueue(
            tuple(entry for status, entry in entries if status == "queued"),
            tuple(entry for status, entry in entries if status == "running"),
            {turn.party: turn.served for turn in turns},
        )

    def start(self, entry: Entry, slots: int, others: Collection[str] = ()) -> bool:
        """Record that a waiting run starts, if it still waits and there is a slot for it.

        Args:
            entry: the run.
            slots: the number of runs of this scheduler that train at a time.
            others: runs that do not take a slot although they have no outcome yet.
        """
        training = select(func.count()).where(
            *self._mine, RUNS.c.status == "running", RUNS.c.id.not_in(others)
        )
        waiting = update(RUNS).where(RUNS.c.id == entry.id, RUNS.c.status == "queued", *self._mine)
        with self._database.changing() as connection:
            if connection.execute(training).scalar_one() >= slots:
                return False
            now = time.time()
            begun = {"status": "running", "attempt": 1, "begun": now, "attempted": now, "lost": ""}
            if not connection.execute(waiting.values(begun)).rowcount:
                return False
            connection.execute(delete(TURNS).where(TURNS.c.served < now - TURN_SECONDS))
            for party in {entry.owner, entry.party}:
                upsert(connection, TURNS, {"party": party, "served": now})
            return True

    def retry(self, entry: Entry, lost: str, epoch: int) -> bool:
        """Record a new attempt at a run, and the cause and the epoch of the last one's loss.

        Returns:
            False if another server has recorded it or the run has ended.
        """
        same = RUNS.c.status == "running", RUNS.c.attempt == entry.attempt
        again = {"attempt": entry.attempt + 1, "lost": lost, "lost_epoch": epoch}
        changed = update(RUNS).where(RUNS.c.id == entry.id, *same, *self._mine)
        with self._database.changing() as connection:
            done = connection.execute(changed.values(**again, attempted=time.time()))
            return done.rowcount == 1

    def remove(self, run_id: str) -> bool:
        """Remove a waiting run; return whether it waited, which is True for only one server."""
        waiting = update(RUNS).where(RUNS.c.id == run_id, RUNS.c.status == "queued")
        with self._database.changing() as connection:
            return connection.execute(waiting.values(status="stopping")).rowcount == 1

    def admit(
        self, connection: Connection, owner: str, most: int, ended: Collection[str] = ()
    ) -> None:
        """Check in a transaction that an owner may put something into the queue; renew the lease.

        Args:
            connection: the transaction.
            owner: the visitor.
            most: the number of runs that a visitor may have in the queue and in training; a sweep
                is one.
            ended: the ids of runs that have ended and could not be stored.

        Raises:
            Busy: there are so many.
        """
        one = func.coalesce(func.nullif(RUNS.c.sweep, ""), RUNS.c.id)
        there = RUNS.c.status.in_(("queued", "running")), RUNS.c.id.not_in(ended)
        count = select(func.count(one.distinct())).where(RUNS.c.owner == owner, *there)
        if connection.scalars(count).one() >= most:
            raise Busy("busy", most=most)
        self._renew(connection)

    def renew(self) -> None:
        """Renew the lease of this scheduler."""
        with self._database.changing() as connection:
            self._renew(connection)

    def _renew(self, connection: Connection) -> None:
        upsert(connection, SCHEDULERS, {"id": self.scheduler, "seen": time.time()})

    def renew_if_used(self) -> None:
        """Renew the lease if the scheduler has any run: an idle server writes nothing."""
        if self._used():
            self.renew()

    def _used(self) -> bool:
        here = select(RUNS.c.id).where(*self._mine, RUNS.c.status.in_(UNENDED)).limit(1)
        with self._database.reading() as connection:
            return connection.execute(here).first() is not None

    def release(self) -> None:
        """End the lease: another scheduler may take over what is left."""
        with self._database.changing() as connection:
            connection.execute(delete(SCHEDULERS).where(SCHEDULERS.c.id == self.scheduler))

    def take_over(self) -> bool:
        """Take over the runs of schedulers whose lease has expired; return whether there were any.

        Their waiting runs wait here and say so. What they trained is tried again, as after a loss.
        """
        alive = select(SCHEDULERS.c.id).where(SCHEDULERS.c.seen > time.time() - LEASE_SECONDS)
        left = RUNS.c.status.in_(UNENDED) & (RUNS.c.scheduler != self.scheduler)
        left &= RUNS.c.scheduler.not_in(alive)
        with self._database.reading() as connection:
            if connection.execute(select(RUNS.c.id).where(left).limit(1)).first() is None:
                return False
        stopped = _outcome(RunOutcome("stopped", Message("stopped_waiting")))
        with self._database.changing() as connection:
            self._renew(connection)
            connection.execute(
                update(RUNS).where(left, RUNS.c.status == "stopping").values(stopped)
            )
            connection.execute(delete(SCHEDULERS).where(SCHEDULERS.c.id.not_in(alive)))
            lost = case((RUNS.c.status == "queued", "queue"), else_=RUNS.c.lost)
            changed = update(RUNS).where(left).values(scheduler=self.scheduler, lost=lost)
            return connection.execute(changed).rowcount > 0

    def fail(self, run_id: str, reason: Message) -> None:
        """End a run that cannot be trained, for the reason."""
        with self._database.changing() as connection:
            mine = update(RUNS).where(RUNS.c.id == run_id, *self._mine)
            connection.execute(mine.values(_outcome(RunOutcome("failed", reason))))

    def holds(self, run_id: str) -> bool:
        """Return whether a run waits, trains or stops here."""
        here = select(RUNS.c.id).where(RUNS.c.id == run_id, RUNS.c.status.in_(UNENDED), *self._mine)
        with self._database.reading() as connection:
            return connection.execute(here).first() is not None


def _outcome(outcome: RunOutcome) -> dict[str, Any]:
    end = {"status": outcome.status, "reason_json": reason_to_json(outcome.reason)}
    return {**end, "ended": time.time(), "scheduler": "", "address": ""}


def clear_queue(database: Database) -> int:
    """Take all waiting runs of all schedulers off the queue, and return their number."""
    stopped = _outcome(RunOutcome("stopped", Message("stopped_waiting")))
    with database.changing() as connection:
        waiting = update(RUNS).where(RUNS.c.status == "queued", RUNS.c.deleted == 0)
        return connection.execute(waiting.values(stopped)).rowcount
