"""A student's progress in the address: lesson, step, guesses, and experiments on other pages.

Runs are found by their specs. An experiment on another page leaves no run: the student confirms it.
"""

from dataclasses import dataclass

import streamlit as st

from ae_core.lessons.schema import Lesson
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session


@dataclass(frozen=True)
class Progress:
    """The progress in a lesson.

    Attributes:
        step: the number of the present step, from 0; the number of all steps means the summary.
        guesses: one guess per step, None if there is none.
        tried: the numbers of the steps, from 0, whose experiment on another page is done.
    """

    step: int
    guesses: tuple[float | None, ...]
    tried: frozenset[int]


def progress_in(lesson: Lesson) -> Progress:
    """Read the progress in the address; invalid parts count as not done."""
    step = max(_place(st.query_params.get("step", "")), 0)
    tried = {_place(part) for part in st.query_params.get("tried", "").split(";")}
    guesses = [_number(part) for part in st.query_params.get("guess", "").split(";")]
    count = len(lesson.steps)
    padded = (guesses + [None] * count)[:count]
    allowed = tuple(
        value if step_.guess is not None and value is not None and _allowed(step_.guess, value)
        else None
        for step_, value in zip(lesson.steps, padded, strict=True)
    )  # fmt: skip
    return Progress(min(step, count), allowed, frozenset(tried & set(range(count))))


def _place(written: str) -> int:
    """Convert a step's number in the address, from 1, to one from 0; return -1 if it is invalid."""
    return int(written) - 1 if written.isdecimal() and len(written) < 4 else -1


def _allowed(guess: object, value: float) -> bool:
    choices, low, high = (getattr(guess, name) for name in ("choices", "low", "high"))
    return value in range(1, len(choices) + 1) if choices else low <= value <= high


def _number(text: str) -> float | None:
    try:
        return float(text[:20])
    except ValueError:
        return None


def go_to(step: int) -> None:
    """Open a step of the lesson by its number, from 0."""
    set_query(step=str(step + 1))


def take_guess(progress: Progress, value: float) -> None:
    """Store the guess of the present step."""
    guesses = list(progress.guesses)
    guesses[progress.step] = value
    set_query(guess=";".join("" if one is None else f"{one:g}" for one in guesses))


def open_lesson(name: str) -> None:
    """Begin a lesson; with an empty name, leave the present one."""
    set_query(lesson=name, step="1" if name else "", guess="", tried="")


def keep_place(lesson: Lesson, progress: Progress) -> None:
    """Keep, for this tab, where the visitor is in a lesson, or that it is done."""
    session().lesson_places.pop(lesson.id, None)
    if progress.step == len(lesson.steps):
        session().lessons_done.add(lesson.id)
    elif progress.step > 0:
        names = ("step", "guess", "tried")
        place = {name: st.query_params.get(name, "") for name in names}
        session().lesson_places[lesson.id] = place


def has_place(name: str) -> bool:
    """Return whether a lesson was left in the middle."""
    return name in session().lesson_places


def is_done(name: str) -> bool:
    """Return whether the visitor has come to the end of a lesson in this tab."""
    return name in session().lessons_done


def go_on(name: str) -> None:
    """Open a lesson where the visitor left it."""
    set_query(lesson=name, **session().lesson_places[name])


def take_tried(progress: Progress) -> None:
    """Store that the present step's experiment on another page is done."""
    set_query(tried=";".join(str(step + 1) for step in sorted({*progress.tried, progress.step})))
