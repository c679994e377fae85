"""What a class did: who saw which steps, guessed what, trained and handed in what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from ae_core.classroom.hand_ins import HandIn, hand_in_of
from ae_core.classroom.lead import Asked, asked_in
from ae_core.classroom.model import Student
from ae_core.classroom.questions import Bars, bars
from ae_core.classroom.rows import student_in
from ae_core.classroom.run_card import RunCard
from ae_core.storage.database import Database
from ae_core.storage.tables import GUESSES, HAND_INS, QUESTIONS, STEPS, STUDENTS


@dataclass(frozen=True, eq=False)
class ClassRecord:
    """What the present students of a class did.

    Attributes:
        students: the students, in the order of joining.
        asked: the questions, the one asked last at the end.
        guesses: by question and round, and then by student: the guess and its time in seconds since
            1970.
        steps: by student, the steps of lessons as ``lesson/step``, in order.
        hand_ins: the work handed in, the oldest first.
    """

    students: Sequence[Student]
    asked: Sequence[Asked]
    guesses: Mapping[tuple[str, int], Mapping[str, tuple[float, float]]]
    steps: Mapping[str, Sequence[str]]
    hand_ins: Sequence[HandIn]

    def bars(self, asked: Asked) -> Bars:
        """Return the bars of a question, of all its rounds."""
        name = asked.question.name
        rounds = [self.guesses.get((name, round_), {}) for round_ in range(1, asked.round + 1)]
        return bars(
            asked.question, [{who: said[0] for who, said in each.items()} for each in rounds]
        )

    def guesses_of(self, student: Student) -> tuple[int, int]:
        """Return the questions that a student answered in their last round, and right ones."""
        count = right = 0
        for asked in self.asked:
            said = self.guesses.get((asked.question.name, asked.round), {}).get(student.visitor)
            if said is not None:
                count += 1
                right += asked.question.is_right(said[0]) is True
        return count, right


def read_record(database: Database, code: str) -> ClassRecord:
    """Read what the present students of a class did.

    Raises:
        StorageError: the database does not answer.
    """
    with database.reading() as connection:
        there = select(STUDENTS).where(STUDENTS.c.code == code, ~STUDENTS.c.left)
        rows = connection.execute(there.order_by(STUDENTS.c.joined, STUDENTS.c.visitor))
        students = tuple(map(student_in, rows))
        present = {student.visitor for student in students}
        order = select(QUESTIONS).where(QUESTIONS.c.code == code).order_by(QUESTIONS.c.asked)
        asked = [asked_in(row) for row in connection.execute(order)]
        guesses: dict[tuple[str, int], dict[str, tuple[float, float]]] = {}
        for row in connection.execute(select(GUESSES).where(GUESSES.c.code == code)):
            if row.visitor in present:
                said = guesses.setdefault((row.question, row.round), {})
                said[row.visitor] = row.value, row.given
        steps: dict[str, list[str]] = {}
        seen = select(STEPS).where(STEPS.c.code == code).order_by(STEPS.c.place)
        for row in connection.execute(seen):
            steps.setdefault(row.visitor, []).append(row.place)
        work = select(HAND_INS).where(HAND_INS.c.code == code).order_by(HAND_INS.c.handed_in)
        hand_ins = [hand_in_of(row) for row in connection.execute(work) if row.visitor in present]
    return ClassRecord(students, [a for a in asked if a is not None], guesses, steps, hand_ins)


def best_card(cards: Sequence[RunCard]) -> RunCard | None:
    """Return the run that draws best, None if none has been measured."""
    measured = [card for card in cards if card.psnr is not None]
    return min(measured, key=lambda card: (card.merit, card.created), default=None)
