"""The service through which visitors open, join, change and leave classes.

Servers that share a database see the same classes. Each change is one transaction.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update

from ae_core.classroom.model import (
    CODE_LENGTH,
    CODE_LETTERS,
    DAYS,
    SECONDS_PER_DAY,
    Classroom,
    Student,
    check_joining,
    checked_nickname,
    written_code,
)
from ae_core.classroom.rows import (
    class_columns,
    class_row,
    classroom_in,
    delete_classes,
    forget_passers_by,
    is_known,
    make_room,
    student_in,
    student_row,
)
from ae_core.errors import StorageError, UnknownThing, UserError
from ae_core.storage.database import Database, upsert
from ae_core.storage.files import DamagedFile
from ae_core.storage.tables import CLASSES, STUDENTS

MAX_CLASSES = 5000  # in a database
MAX_TAUGHT = 5  # of them opened by one visitor
USE_SECONDS = 3600.0  # between two notes that a class is used
# Made once, because pages ask it all the time.
_CLASS_OF = (
    select(*CLASSES.c, *(column for column in STUDENTS.c if column.name != "code"))
    .join(STUDENTS, STUDENTS.c.code == CLASSES.c.code)
    .where(STUDENTS.c.visitor == bindparam("visitor"), ~STUDENTS.c.left)
)


class ClassroomService:
    """All classes of a database. Any thread may call it.

    A teacher is who knows the class's secret, or the visitor who opened it. Methods that take a
    code raise an UnknownThing if no class has it, if the class has ended or if its row is damaged;
    those that take a secret raise a UserError for anybody but the teacher; all raise a
    StorageError if the database refuses.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        """Use a database; ``now`` is the clock."""
        self._database = database
        self._now = now

    def open_class(self, visitor: str, address: str = "") -> tuple[Classroom, str]:
        """Open a class; return it and the teacher's secret, which the server does not keep.

        Where a bound is reached, a class that is an hour old and has no students makes room, see
        `ae_core.classroom.rows.make_room`.

        Args:
            visitor: the teacher.
            address: where the teacher is, empty if unknown.

        Raises:
            UserError: none makes room, or there are too many classes in all.
        """
        secret, now = secrets.token_urlsafe(24), self._now()  # 192 bits
        with self._database.changing() as connection:
            delete_classes(connection, _over(now))
            if not make_room(connection, MAX_TAUGHT, now, visitor):
                mine = select(CLASSES.c.code).where(CLASSES.c.teacher == visitor)
                codes = connection.scalars(mine).all()
                raise UserError("too_many_taught", most=MAX_TAUGHT, names=tuple(sorted(codes)))
            if not make_room(connection, MAX_CLASSES, now):
                raise UserError("too_many_classes", most=MAX_CLASSES, days=DAYS)
            while connection.execute(_class(code := _new_code())).first():
                pass
            classroom = Classroom(code, _hashed(secret), now, now, visitor)
            connection.execute(CLASSES.insert(), class_row(classroom) | {"address": address})
        return classroom, secret

    def find(self, code: str) -> Classroom:
        """Return a class by its code, typed with or without spaces and capitals."""
        code = written_code(code)
        row = None
        if len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS):
            with self._database.reading() as connection:
                row = connection.execute(_class(code)).first()
        if row is None:
            raise _unknown(code)
        return self._read(row)

    def as_teacher(self, code: str, secret: str, visitor: str = "") -> Classroom:
        """Return a class to its teacher."""
        classroom = self.find(code)
        known = hmac.compare_digest(_hashed(secret).encode(), classroom.key.encode())
        if not known and (not visitor or visitor != classroom.teacher):
            raise UserError("class_secret", code=classroom.code)
        self._note_use(classroom)
        return classroom

    def taught_by(self, visitor: str) -> list[Classroom]:
        """Return the classes that a visitor opened, newest first; damaged ones are left out."""
        mine = select(CLASSES).where(CLASSES.c.teacher == visitor, CLASSES.c.teacher != "")
        with self._database.reading() as connection:
            rows = connection.execute(mine.order_by(CLASSES.c.created.desc())).all()
        found = []
        for row in rows:
            with suppress(UnknownThing):
                found.append(self._read(row))
        return found

    def knows(self, visitor: str) -> bool:
        """Return whether a visitor is no newcomer, see `ae_core.classroom.rows.is_known`."""
        with self._database.reading() as connection:
            return is_known(connection, visitor, self._now())

    def change(self, code: str, secret: str, *, visitor: str = "", **changes: Any) -> Classroom:
        """Change limits, challenge, ``paused``, ``closed`` or ``cleared``, as the teacher."""
        code = self.as_teacher(code, secret, visitor).code
        columns = class_columns(**changes, used=self._now())
        with self._database.changing() as connection:
            connection.execute(update(CLASSES).where(CLASSES.c.code == code).values(columns))
        return self.find(code)

    def end(self, code: str, secret: str, *, visitor: str = "") -> None:
        """End a class, as its teacher; its students keep their runs."""
        code = self.as_teacher(code, secret, visitor).code
        with self._database.changing() as connection:
            delete_classes(connection, CLASSES.c.code == code)

    def tidy(self) -> None:
        """Delete the classes that nobody has used for `DAYS` days."""
        with self._database.changing() as connection:
            delete_classes(connection, _over(self._now()))

    def students(self, code: str) -> tuple[Student, ...]:
        """Return the students in a class, in the order of joining."""
        there = select(STUDENTS).where(STUDENTS.c.code == code, ~STUDENTS.c.left)
        with self._database.reading() as connection:
            rows = connection.execute(there.order_by(STUDENTS.c.joined, STUDENTS.c.visitor))
            return tuple(map(student_in, rows))

    def join(self, code: str, visitor: str, nickname: str) -> Student:
        """Put a visitor into a class and out of any other; joining again changes the nickname.

        Raises:
            UserError: the class is closed or full, or the nickname is not allowed.
        """
        code, chosen = self.find(code).code, checked_nickname(nickname)
        with self._database.changing() as connection:
            now = self._now()
            classroom = connection.execute(_class(code)).first()
            if classroom is None:
                raise _unknown(code)
            forget_passers_by(connection, code, now)
            rows = connection.execute(select(STUDENTS).where(STUDENTS.c.code == code))
            others = {row.visitor: student_in(row) for row in rows}
            before = others.pop(visitor, None)
            if classroom.closed and (before is None or before.left):
                raise UserError("class_closed", code=code)
            check_joining(code, chosen, [*others.values()], now, again=before is not None)
            _leave(connection, STUDENTS.c.visitor == visitor)
            student = Student(visitor, chosen, before.joined if before else now)
            upsert(connection, STUDENTS, student_row(code, student))
            connection.execute(
                update(CLASSES).where(CLASSES.c.code == code).values(used=now, address="")
            )
        return student

    def leave(self, visitor: str) -> None:
        """Take a visitor out of the class."""
        with self._database.changing() as connection:
            _leave(connection, STUDENTS.c.visitor == visitor)

    def remove(self, code: str, secret: str, student_id: str, *, visitor: str = "") -> None:
        """Take a student out of a class, as its teacher; the student may come back."""
        code = self.as_teacher(code, secret, visitor).code
        named = [each.visitor for each in self.students(code) if each.id == student_id]
        with self._database.changing() as connection:
            _leave(connection, STUDENTS.c.visitor.in_(named), STUDENTS.c.code == code)

    def class_of(self, visitor: str) -> tuple[Classroom, Student] | None:
        """Return a visitor's class, and the visitor as a student there; None if in no class."""
        with self._database.reading() as connection:
            row = connection.execute(_CLASS_OF, {"visitor": visitor}).first()
        if row is None:
            return None
        try:
            classroom = self._read(row)
        except UnknownThing:
            return None
        self._note_use(classroom)
        return classroom, student_in(row)

    def _read(self, row: Row[Any]) -> Classroom:
        """Return the class of a row.

        Raises:
            UnknownThing: the row is damaged, or the class has ended.
        """
        try:
            found = classroom_in(row)
        except DamagedFile:
            raise UnknownThing("class_damaged", code=row.code) from None
        if self._now() > found.expires:
            ended = datetime.fromtimestamp(found.expires, UTC).date()
            raise UnknownThing("class_old", code=found.code, date=ended, days=DAYS)
        return found

    def _note_use(self, classroom: Classroom) -> None:
        """Note that a class is used; rarely, because pages ask for it all the time."""
        now = self._now()
        if now < classroom.used + USE_SECONDS:
            return
        used = update(CLASSES).where(CLASSES.c.code == classroom.code, CLASSES.c.used < now)
        # An error is in the log, and a full disk need not hide a class.
        with suppress(StorageError), self._database.changing() as connection:
            connection.execute(used.values(used=now))


def _class(code: str) -> Select[Any]:
    return select(CLASSES).where(CLASSES.c.code == code)


def _over(now: float) -> ColumnElement[bool]:
    return CLASSES.c.used < now - DAYS * SECONDS_PER_DAY


def _unknown(code: str) -> UnknownThing:
    return UnknownThing("class_unknown", code=code, length=CODE_LENGTH)


def _leave(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    connection.execute(update(STUDENTS).where(~STUDENTS.c.left, *conditions).values(left=True))


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
