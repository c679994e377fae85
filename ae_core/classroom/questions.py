"""A question to a class, its guesses, and the bars that show them.

Everything here is a frozen value or a pure function; `leading` keeps questions and guesses.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.storage.files import check_text
from ae_core.text.typed import visible_text

MAX_QUESTION, MAX_CHOICE = 300, 120  # characters
MIN_CHOICES, MAX_CHOICES = 2, 8
MOST = 1e9  # of a number that a class is asked for, and -MOST the least
MAX_BINS = 16
FINEST = 1e-9  # to which a guessed number is rounded


@dataclass(frozen=True)
class Question:
    """A question whose answers are choices or numbers.

    Attributes:
        name: unique in the class: ``lesson/step`` of a lesson's question.
        text: a sentence of plain text, never markup.
        choices: what to choose from; empty if the answer is a number.
        low: the smallest number.
        high: the largest number.
        step: the step between numbers, 0 for any.
        unit: the unit of the number.
        truth: the number of the right choice, from 1, or the right number; None if there is none.
        close: the largest error of a number that still counts as right.
    """

    name: str
    text: str
    choices: tuple[str, ...] = ()
    low: float = -MOST
    high: float = MOST
    step: float = 0.0
    unit: str = ""
    truth: float | None = None
    close: float = 0.0

    def __post_init__(self) -> None:
        """Check the texts that a database and a page have to hold."""
        for part in (self.name, self.text, self.unit, *self.choices):
            check_text("question", part)
        if len(self.choices) > MAX_CHOICES or len(self.text) > 2 * MAX_QUESTION:
            raise ValueError(f"question={self.text[:40]!r} is too long")

    @property
    def bounded(self) -> bool:
        """Whether the numbers have bounds of their own."""
        return self.low > -MOST and self.high < MOST

    def chosen(self, value: float) -> str:
        """Return the choice of a guess, "" of one that an earlier text of the question had."""
        place = round(value) - 1
        return self.choices[place] if 0 <= place < len(self.choices) else ""

    def is_right(self, value: float) -> bool | None:
        """Return whether a guess is right, None if nobody knows."""
        return None if self.truth is None else abs(value - self.truth) <= self.close

    def check(self, value: float) -> float:
        """Return a guess that this question allows.

        Raises:
            UserError: it is none.
        """
        if self.choices:
            if value not in range(1, len(self.choices) + 1):
                raise UserError("guess_choice", value=value, most=len(self.choices))
            return float(value)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise UserError("guess_number", value=value, low=self.low, high=self.high)
        return round(float(value), 9)


def typed_question(name: str, text: str, choices: Sequence[str], truth: float | None) -> Question:
    """Return a question that a teacher has typed.

    Args:
        name: unique in the class.
        text: the question.
        choices: the choices, some of them perhaps empty; none for a number.
        truth: the number of the right choice, from 1, or the right number; None if there is none.

    Raises:
        UserError: the question is empty or too long, or it has a single choice or too many.
    """
    asked = visible_text(text)
    named = tuple(filter(None, map(visible_text, choices)))
    if not asked:
        raise UserError("question_empty")
    if len(asked) > MAX_QUESTION:
        raise UserError("question_long", count=len(asked), most=MAX_QUESTION)
    if longest := next((each for each in named if len(each) > MAX_CHOICE), ""):
        raise UserError("question_choice_long", count=len(longest), most=MAX_CHOICE)
    if named and not MIN_CHOICES <= len(named) <= MAX_CHOICES:
        raise UserError("question_choices", count=len(named), low=MIN_CHOICES, high=MAX_CHOICES)
    question = Question(name, asked, named, truth=truth)
    if truth is not None:
        question.check(truth)
    return question


@dataclass(frozen=True)
class Bars:
    """The guesses of a class, counted.

    Attributes:
        edges: the edges of a histogram's bins, one more than there are counts in a round; empty for
            choices.
        rounds: the counts of each round, by choice or bin.
    """

    edges: tuple[float, ...]
    rounds: tuple[tuple[int, ...], ...]


def bars(question: Question, rounds: Sequence[Mapping[str, float]]) -> Bars:
    """Count the guesses of each round; every bin has its lower edge and not its upper one.

    Args:
        question: the question.
        rounds: the guesses of each round, by student.
    """
    if question.choices:
        counts = tuple(
            tuple(
                sum(value == place for value in each.values())
                for place in range(1, len(question.choices) + 1)
            )
            for each in rounds
        )
        return Bars((), counts)
    values = [value for each in rounds for value in each.values()]
    if not values:
        return Bars((), tuple(() for _ in rounds))
    # Bounds that a lesson sets do not move while the class guesses.
    low, high = (question.low, question.high) if question.bounded else (min(values), max(values))
    width = _width(low, high, whole=all(value.is_integer() for value in values))
    first = math.floor(low / width)
    count = math.floor(high / width) - first + 1
    binned = []
    for each in rounds:
        row = [0] * count
        for value in each.values():
            row[math.floor(value / width) - first] += 1
        binned.append(tuple(row))
    return Bars(tuple((first + place) * width for place in range(count + 1)), tuple(binned))


def _width(low: float, high: float, *, whole: bool) -> float:
    """Return 1, 2 or 5 times a power of ten, so that at most `MAX_BINS` bins hold all numbers."""
    span = high - low or abs(high)
    wanted = max(span / (MAX_BINS - 1), 1.0 if whole else FINEST)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((each * power for each in (1, 2, 5) if each * power >= wanted), 10 * power)
