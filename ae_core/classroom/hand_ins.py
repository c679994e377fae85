"""Work that students hand in: a run with a few sentences."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from ae_core.errors import UserError
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import HAND_INS, RUNS, STUDENTS
from ae_core.text.typed import visible_text

MAX_WORDS, MAX_USER_NAME = 600, 100  # characters
MAX_HAND_INS = 20  # of a student in a class


@dataclass(frozen=True)
class HandIn:
    """A run that a student has handed in.

    Attributes:
        visitor: the student, an opaque name that nobody is shown.
        run: the id of the run.
        words: what the student says about it, plain text, never markup.
        user_name: the student's name in a learning platform, "" if not given.
        handed_in: seconds since 1970.
    """

    visitor: str
    run: str
    words: str
    user_name: str
    handed_in: float


class HandIns:
    """The work handed in to all classes of a database. Any thread may call it."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        """Keep it in a database; ``now`` tells seconds since 1970."""
        self._database = database
        self._now = now

    def hand_in(self, visitor: str, run: str, words: str, user_name: str = "") -> HandIn:
        """Hand in a student's own run; handing it in again replaces the words.

        Raises:
            UserError: the visitor is in no class or has not this run, a text is empty or too long,
                or the student has handed in too much.
            StorageError: the database does not answer.
        """
        said, named = visible_text(words), visible_text(user_name)
        if not said:
            raise UserError("hand_in_empty")
        if len(said) > MAX_WORDS:
            raise UserError("hand_in_long", count=len(said), most=MAX_WORDS)
        if len(named) > MAX_USER_NAME:
            raise UserError("user_name_long", count=len(named), most=MAX_USER_NAME)
        with self._database.changing() as connection:
            there = select(STUDENTS.c.code).where(STUDENTS.c.visitor == visitor, ~STUDENTS.c.left)
            code = connection.scalar(there)
            own = RUNS.c.id == run, RUNS.c.owner == visitor, RUNS.c.deleted == 0
            if code is None or connection.scalar(select(RUNS.c.id).where(*own)) is None:
                raise UserError("hand_in_run")
            mine = HAND_INS.c.code == code, HAND_INS.c.visitor == visitor, HAND_INS.c.run != run
            others = select(func.count()).select_from(HAND_INS).where(*mine)
            if connection.scalars(others).one() >= MAX_HAND_INS:
                raise UserError("hand_ins_many", most=MAX_HAND_INS)
            made = HandIn(visitor, run, said, named, self._now())
            upsert(connection, HAND_INS, {"code": code, **vars(made)})
        return made


def hand_in_of(row: Row[Any]) -> HandIn:
    """Return the work of a row."""
    return HandIn(row.visitor, row.run, row.words, row.user_name, row.handed_in)
