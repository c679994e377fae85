"""Classes and students as rows of the database, and changes that take several statements."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, select

from ae_core.classroom.model import JOIN_SECONDS, Challenge, ClassLimits, Classroom, Student
from ae_core.storage.files import DamagedFile, check_time, checked, reading
from ae_core.storage.tables import CLASSES, GUESSES, HAND_INS, QUESTIONS, RUNS, STEPS, STUDENTS

EMPTY_SECONDS = 3600.0  # after which a class that nobody has joined may make room
KNOWN_SECONDS = 3600.0  # after which whoever is in a class is no stranger any more
OF_STUDENTS = (GUESSES, STEPS, HAND_INS)  # each row is a student's
_PLAIN = ("code", "key", "created", "used", "teacher", "paused", "closed", "cleared")


def class_row(classroom: Classroom) -> dict[str, Any]:
    """Return a class as a row of `ae_core.storage.tables.CLASSES`."""
    return class_columns(**vars(classroom))


def class_columns(**changes: Any) -> dict[str, Any]:
    """Return changed attributes of a class as columns."""
    columns = dict(changes)
    for name in {"limits", "challenge"} & set(changes):
        value = columns.pop(name)
        columns[f"{name}_json"] = json.dumps(None if value is None else asdict(value))
    return columns


def classroom_in(row: Row[Any]) -> Classroom:
    """Return the class of a row.

    Raises:
        DamagedFile: its limits or its challenge cannot be read; a newer version may have written
            them.
    """
    about = {name: getattr(row, name) for name in _PLAIN}
    with reading(Path("class", row.code)):
        return Classroom(
            **about,
            limits=limits_in(json.loads(row.limits_json)),
            challenge=challenge_in(json.loads(row.challenge_json)),
        )


def student_row(code: str, student: Student) -> dict[str, Any]:
    """Return a student of a class as a row of `ae_core.storage.tables.STUDENTS`."""
    return {"code": code, **asdict(student)}


def student_in(row: Row[Any]) -> Student:
    """Return the student of a row."""
    return Student(row.visitor, row.nickname, row.joined, row.left)


def limits_in(about: Any) -> ClassLimits:
    """Return limits that come from JSON.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: these are none.
    """
    return checked(ClassLimits, about | {"image_sets": tuple(about["image_sets"])})


def challenge_in(about: Any) -> Challenge | None:
    """Return a challenge that comes from JSON; older ones have another name for a setting.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: this is none.
    """
    if not about:
        return None
    if "numbers" in about:
        about["latent_dim"] = about.pop("numbers")
    challenge = checked(Challenge, about)
    check_time("begun", challenge.begun)
    return challenge


def known_challenge(written: str) -> Challenge | None:
    """Return the challenge of a class's row, None also for a damaged one."""
    with suppress(DamagedFile), reading(Path("class", "challenge")):
        return challenge_in(json.loads(written))
    return None


def delete_classes(connection: Connection, condition: ColumnElement[bool]) -> None:
    """Delete classes, their students and all that these did there."""
    codes = connection.scalars(select(CLASSES.c.code).where(condition)).all()
    for table in (*OF_STUDENTS, QUESTIONS, STUDENTS, CLASSES):
        connection.execute(delete(table).where(table.c.code.in_(codes)))


def make_room(connection: Connection, most: int, now: float, teacher: str | None = None) -> bool:
    """Return whether there are fewer than ``most`` classes in all, or of one teacher.

    Otherwise one that is an hour old and has no students is deleted, if any: a teacher's oldest; in
    all, the youngest of the address from which most of these were opened. So a script fills no
    server for others, and what they have prepared stays.
    """
    among = [] if teacher is None else [CLASSES.c.teacher == teacher]
    if connection.scalars(select(func.count()).select_from(CLASSES).where(*among)).one() < most:
        return True
    students = exists().where(STUDENTS.c.code == CLASSES.c.code)
    empty = [*among, CLASSES.c.created < now - EMPTY_SECONDS, ~students]
    order: ColumnElement[Any] = CLASSES.c.created
    if teacher is None:
        addresses = select(CLASSES.c.address).where(*empty).group_by(CLASSES.c.address)
        crowded = addresses.order_by(func.count().desc()).limit(1)
        empty.append(CLASSES.c.address == crowded.scalar_subquery())
        order = CLASSES.c.created.desc()
    chosen = select(CLASSES.c.code).where(*empty).order_by(order).limit(1)
    code = connection.scalar(chosen)
    if code is None:
        return False
    delete_classes(connection, CLASSES.c.code == code)
    return True


def is_known(connection: Connection, visitor: str, now: float) -> bool:
    """Return whether a visitor has trained a run, or was in a class more than an hour ago.

    A class of one's own counts once somebody has joined it.
    """
    early = STUDENTS.c.joined <= now - KNOWN_SECONDS
    taught = select(CLASSES.c.code).where(CLASSES.c.teacher == visitor)
    trained = RUNS.c.owner == visitor, RUNS.c.begun > 0, RUNS.c.ended > 0
    for there in (
        select(RUNS.c.id).where(*trained),
        select(STUDENTS.c.code).where(STUDENTS.c.visitor == visitor, early),
        select(STUDENTS.c.code).where(STUDENTS.c.code.in_(taught), early),
    ):
        if connection.execute(there.limit(1)).first() is not None:
            return True
    return False


def forget_passers_by(connection: Connection, code: str, now: float) -> None:
    """Delete students who left a class and have no runs of that time; they fill no class."""
    runs = exists().where(
        RUNS.c.owner == STUDENTS.c.visitor,
        RUNS.c.created >= STUDENTS.c.joined,
        RUNS.c.deleted == 0,
    )
    left = STUDENTS.c.code == code, STUDENTS.c.left, ~runs
    early = select(STUDENTS.c.visitor).where(*left, STUDENTS.c.joined <= now - JOIN_SECONDS)
    gone = connection.scalars(early).all()
    for table in (*OF_STUDENTS, STUDENTS) if gone else ():
        connection.execute(delete(table).where(table.c.code == code, table.c.visitor.in_(gone)))
