"""How a teacher leads a class: where it is sent, what it is asked, and what it has guessed.

Servers that share a database lead the same class. Each change is one transaction.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from ae_core.classroom.lead import MAX_QUERY, PAGE, Asked, Lead, asked_in, lead_in
from ae_core.classroom.questions import Question
from ae_core.classroom.service import ClassroomService
from ae_core.errors import UnknownThing, UserError
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import CLASSES, GUESSES, QUESTIONS, STEPS, STUDENTS

MAX_QUESTIONS = 300  # of a class; the lessons of the app have fewer than thirty
MAX_ROUNDS = 20  # of a question
MAX_STEPS = 500  # of a student
OWN = "own/"  # begins the names of the questions that a teacher types
_STEP = re.compile(r"[a-z0-9-]{1,60}/\d{1,3}")


class Leading:
    """The leads of all classes of a database. Any thread may call it.

    Methods that take a code and a secret raise a UserError for anybody but the teacher, see
    `ClassroomService`; all raise a StorageError if the database does not answer.
    """

    def __init__(
        self,
        classes: ClassroomService,
        database: Database,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Lead the classes of a service in its database; ``now`` tells seconds since 1970."""
        self._classes = classes
        self._database = database
        self._now = now

    def send(
        self,
        code: str,
        secret: str,
        page: str,
        query: Mapping[str, str],
        *,
        taken: bool = False,
        visitor: str = "",
    ) -> None:
        """Send the class to a page, and put its question away.

        Raises:
            UserError: this is no page's address.
        """
        try:
            lead = Lead(0, page, tuple(query.items()), taken)
        except ValueError:
            raise UserError("lead_address", most=MAX_QUERY) from None
        code = self._classes.as_teacher(code, secret, visitor).code
        with self._database.changing() as connection:
            _set_lead(connection, replace(lead, number=_lead(connection, code).number), code)

    def ask(self, code: str, secret: str, question: Question, *, visitor: str = "") -> str:
        """Ask a question, or ask it again: then it is a new round; return its name.

        What students answered in a lesson before it was asked counts in the first round.

        Args:
            code: the code of the class.
            secret: the teacher's secret.
            question: the question; one without a name gets one.
            visitor: the teacher.

        Raises:
            UserError: the class was asked too often.
        """
        code = self._classes.as_teacher(code, secret, visitor).code
        with self._database.changing() as connection:
            count = _count(connection, code)
            name = question.name or f"{OWN}{count + 1}"
            before = _asked(connection, code, name)
            if before is None and count >= MAX_QUESTIONS:
                raise UserError("questions_many", most=MAX_QUESTIONS)
            again = before.round + bool(before.asked) if before is not None else 1
            if again > MAX_ROUNDS:
                raise UserError("rounds_many", most=MAX_ROUNDS)
            named = Asked(replace(question, name=name), again, False, self._now())
            upsert(connection, QUESTIONS, _row(code, named))
            _set_lead(connection, replace(_lead(connection, code), question=name), code)
        return name

    def reveal(
        self, code: str, secret: str, name: str, truth: float | None = None, *, visitor: str = ""
    ) -> None:
        """Show everybody the guesses, and the answer if there is one; the round has ended.

        Args:
            code: the code of the class.
            secret: the teacher's secret.
            name: the name of the question.
            truth: the answer, None for that of the question itself.
            visitor: the teacher.
        """
        code = self._classes.as_teacher(code, secret, visitor).code
        with self._database.changing() as connection:
            asked = _asked(connection, code, name)
            if asked is None:
                raise UserError("question_gone")
            if truth is not None:
                asked = replace(asked, question=replace(asked.question, truth=truth))
            upsert(connection, QUESTIONS, _row(code, replace(asked, revealed=True)))
            _set_lead(connection, replace(_lead(connection, code), question=name), code)

    def put_away(self, code: str, secret: str, *, visitor: str = "") -> None:
        """Take the question off all devices; its guesses stay."""
        code = self._classes.as_teacher(code, secret, visitor).code
        with self._database.changing() as connection:
            _set_lead(connection, replace(_lead(connection, code), question=""), code)

    def guess(self, visitor: str, name: str, round_: int, value: float) -> None:
        """Take a student's guess; the last one before the answer is shown counts.

        Raises:
            UserError: the visitor is in no class, the question is not being asked, or the value is
                none of its answers.
        """
        with self._database.changing() as connection:
            code = _class_of(connection, visitor)
            if not code or not name or _lead(connection, code).question != name:
                raise UserError("guess_late")
            asked = _asked(connection, code, name)
            if asked is None or asked.revealed or asked.round != round_:
                raise UserError("guess_late")
            self._take(connection, code, visitor, asked, value)

    def guess_in_lesson(self, visitor: str, question: Question, value: float) -> bool:
        """Take a guess that a student makes in a lesson, asked or not; return whether it counts.

        It does not for who is in no class, nor after the answer has been shown.
        """
        with self._database.changing() as connection:
            code = _class_of(connection, visitor)
            if not code:
                return False
            asked = _asked(connection, code, question.name)
            if asked is None and _count(connection, code) < MAX_QUESTIONS:
                asked = Asked(question, 1, False, 0.0)
                upsert(connection, QUESTIONS, _row(code, asked))
            if asked is None or asked.revealed:
                return False
            self._take(connection, code, visitor, asked, value)
        return True

    def _take(
        self, connection: Connection, code: str, visitor: str, asked: Asked, value: float
    ) -> None:
        row = {"code": code, "question": asked.question.name, "round": asked.round}
        row |= {"visitor": visitor, "value": asked.question.check(value), "given": self._now()}
        upsert(connection, GUESSES, row)

    def visit(self, visitor: str, place: str) -> None:
        """Note where a student is; for others, do nothing.

        Args:
            visitor: the student.
            place: ``lesson/step`` with a number from 1, or a page of the app; "" for Home.
        """
        lesson, page = _STEP.fullmatch(place), PAGE.fullmatch(place)
        if not lesson and not page:
            raise ValueError(f"place={place!r}")
        with self._database.changing() as connection:
            code = _class_of(connection, visitor)
            own = STUDENTS.c.code == code, STUDENTS.c.visitor == visitor
            if not code:
                return
            connection.execute(update(STUDENTS).where(*own).values(place=place))
            seen = select(func.count()).select_from(STEPS)
            mine = seen.where(STEPS.c.code == code, STEPS.c.visitor == visitor)
            if lesson and connection.scalars(mine).one() < MAX_STEPS:
                row = {"code": code, "visitor": visitor, "place": place, "seen": self._now()}
                upsert(connection, STEPS, row)

    def lead(self, code: str) -> Lead:
        """Return where a class is sent."""
        with self._database.reading() as connection:
            return _lead(connection, code)

    def asked(self, code: str) -> list[Asked]:
        """Return the questions of a class, the one asked last at the end."""
        rows = select(QUESTIONS).where(QUESTIONS.c.code == code)
        with self._database.reading() as connection:
            found = connection.execute(rows.order_by(QUESTIONS.c.asked, QUESTIONS.c.name)).all()
        return [asked for asked in map(asked_in, found) if asked is not None]


def _row(code: str, asked: Asked) -> dict[str, Any]:
    about = {name: getattr(asked, name) for name in ("round", "revealed", "asked")}
    name = asked.question.name
    return {
        "code": code,
        "name": name,
        "question_json": json.dumps(asdict(asked.question)),
        **about,
    }


def _lead(connection: Connection, code: str) -> Lead:
    written = connection.scalar(select(CLASSES.c.lead_json).where(CLASSES.c.code == code))
    if written is None:
        raise UnknownThing("class_unknown", code=code, length=len(code))
    return lead_in(written)


def _set_lead(connection: Connection, lead: Lead, code: str) -> None:
    about = json.dumps(asdict(replace(lead, number=lead.number + 1)))
    connection.execute(update(CLASSES).where(CLASSES.c.code == code).values(lead_json=about))


def _class_of(connection: Connection, visitor: str) -> str:
    """Return the code of a visitor's class, "" if the visitor is in none."""
    there = select(STUDENTS.c.code).where(STUDENTS.c.visitor == visitor, ~STUDENTS.c.left)
    return connection.scalar(there) or ""


def _count(connection: Connection, code: str) -> int:
    rows = select(func.count()).select_from(QUESTIONS).where(QUESTIONS.c.code == code)
    return connection.scalars(rows).one()


def _asked(connection: Connection, code: str, name: str) -> Asked | None:
    wanted = select(QUESTIONS).where(QUESTIONS.c.code == code, QUESTIONS.c.name == name)
    row = connection.execute(wanted).first()
    return None if row is None else asked_in(row)
