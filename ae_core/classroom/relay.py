"""What the devices of a class ask for every second: one reading of the database serves them all."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from ae_core.classroom.lead import Asked, Lead, asked_in, lead_in
from ae_core.classroom.model import Challenge, Student
from ae_core.classroom.questions import bars
from ae_core.classroom.rows import known_challenge, student_in
from ae_core.storage.database import Database
from ae_core.storage.tables import CLASSES, GUESSES, QUESTIONS, STUDENTS

FRESH_SECONDS = 0.4  # for which all devices get the same state
MAX_CLASSES = 64  # whose states are kept


@dataclass(frozen=True)
class ClassState:
    """A class at a moment.

    Attributes:
        paused: whether the teacher has paused it.
        challenge: its challenge, None without one.
        lead: where it is sent, and what it is asked.
        asked: the question on all devices, None without one.
        students: the students in it by their ids, in the order of joining.
        places: the number of students at each step, as ``lesson/step``.
        guesses: the guesses of each round up to the present one, by the ids of students.
    """

    paused: bool
    challenge: Challenge | None
    lead: Lead
    asked: Asked | None
    students: Mapping[str, Student]
    places: Mapping[str, int]
    guesses: tuple[Mapping[str, float], ...] = ()

    def for_student(self, student: str) -> dict[str, Any] | None:
        """Return what a student may see: nobody's name, and no bars before the answer is shown.

        None for who is not in the class.
        """
        if student not in self.students:
            return None
        shown = self.asked is not None and self.asked.revealed
        message = self._message(with_bars=shown)
        if self.asked is not None:
            message["question"]["mine"] = self.guesses[-1].get(student)
        return message

    def for_projector(self) -> dict[str, Any]:
        """Return what everybody in the room may see: the bars, and nobody's name."""
        return self._message(with_bars=True)

    def for_teacher(self) -> dict[str, Any]:
        """Return what the teacher sees: who guessed what, and who is where."""
        message = self._message(with_bars=True) | {"places": dict(self.places)}
        if self.asked is not None:
            named = self.guesses[-1].items()
            message["question"]["names"] = [
                (self.students[student].nickname, value) for student, value in named
            ]
        return message

    def _message(self, *, with_bars: bool) -> dict[str, Any]:
        lead, race = self.lead, self.challenge
        return {
            "number": lead.number,
            "paused": self.paused,
            "challenge": None if race is None else (race.begun, race.latent_dim),
            "page": lead.page,
            "query": dict(lead.query),
            "taken": lead.taken,
            "students": len(self.students),
            "question": None if self.asked is None else self._question(self.asked, with_bars),
        }

    def _question(self, asked: Asked, with_bars: bool) -> dict[str, Any]:
        question = asked.question
        about: dict[str, Any] = {
            "name": question.name,
            "text": question.text,
            "choices": question.choices,
            "low": question.low,
            "high": question.high,
            "step": question.step,
            "unit": question.unit,
            "round": asked.round,
            "revealed": asked.revealed,
            "guessed": len(self.guesses[-1]),
        }
        if with_bars:
            counted = bars(question, self.guesses)
            about |= {"edges": counted.edges, "rounds": counted.rounds}
        if asked.revealed:
            about["truth"] = question.truth
        return about


class Relay:
    """The states of a database's classes, each read at most every `FRESH_SECONDS`."""

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        """Begin without any; ``now`` is the clock."""
        self._database = database
        self._now = now
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # by code, the one asked for last last
        self._lock = threading.Lock()  # guards the dictionary; nothing waits while it is held

    def fresh(self, code: str) -> "_Kept | None":
        """Return what is kept of a class if it is fresh; this never waits for the database."""
        kept = self._kept.get(code)
        return kept if kept is not None and self._now() < kept.until else None

    def state(self, code: str) -> ClassState | None:
        """Return the state of a class, None if there is no such class.

        Who asks while it is read waits for it.

        Raises:
            StorageError: the database does not answer.
        """
        with self._lock:
            kept = self._kept.setdefault(code, _Kept())
            self._kept.move_to_end(code)
            if len(self._kept) > MAX_CLASSES:
                self._kept.popitem(last=False)
        with kept.reading:
            if self._now() >= kept.until:
                kept.state = read_state(self._database, code)
                kept.until = self._now() + FRESH_SECONDS
            return kept.state

    def forget(self, code: str) -> None:
        """Read a class anew for whoever asks next, because it has changed."""
        if (kept := self._kept.get(code)) is not None:
            kept.until = 0.0


@dataclass(eq=False)
class _Kept:
    """The state of a class, and until when it is fresh."""

    reading: threading.Lock = field(default_factory=threading.Lock)
    state: ClassState | None = None
    until: float = 0.0


def read_state(database: Database, code: str) -> ClassState | None:
    """Read the state of a class, None if there is no such class."""
    with database.reading() as connection:
        row = connection.execute(
            select(CLASSES.c.paused, CLASSES.c.challenge_json, CLASSES.c.lead_json).where(
                CLASSES.c.code == code
            )
        ).first()
        if row is None:
            return None
        lead = lead_in(row.lead_json)
        there = select(STUDENTS).where(STUDENTS.c.code == code, ~STUDENTS.c.left)
        rows = connection.execute(there.order_by(STUDENTS.c.joined, STUDENTS.c.visitor)).all()
        wanted = QUESTIONS.c.code == code, QUESTIONS.c.name == lead.question
        question = connection.execute(select(QUESTIONS).where(*wanted)).first()
        asked = None if question is None else asked_in(question)
        given = select(GUESSES.c.round, GUESSES.c.visitor, GUESSES.c.value)
        of_it = GUESSES.c.code == code, GUESSES.c.question == lead.question
        guesses = connection.execute(given.where(*of_it)).all() if asked is not None else []
    students = {row.visitor: student_in(row) for row in rows}
    places: dict[str, int] = {}
    for student in rows:
        if student.place:
            places[student.place] = places.get(student.place, 0) + 1
    by_round: list[dict[str, float]] = [{} for _ in range(asked.round if asked is not None else 0)]
    for round_, visitor, value in guesses:
        if visitor in students and round_ <= len(by_round):
            by_round[round_ - 1][students[visitor].id] = value
    return ClassState(
        row.paused,
        known_challenge(row.challenge_json),
        lead,
        asked,
        {student.id: student for student in students.values()},
        places,
        tuple(by_round),
    )
