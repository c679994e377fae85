"""Where a student is: lesson, step, guesses and what was tried elsewhere, in the address.

Runs are found by their specs. What a student does on another page leaves no run: there the student
says so.
"""

from dataclasses import dataclass

import streamlit as st

from ae_core.lessons.schema import Lesson
from pages.ui.state.query_params import set_query


@dataclass(frozen=True)
class Progress:
    """A place in a lesson.

    Attributes:
        step: its number, from 0; as many as there are steps stand for the summary.
        guesses: one a step, None where nothing was guessed.
        tried: the numbers of the steps, from 0, whose experiment on another page is done.
    """

    step: int
    guesses: tuple[float | None, ...]
    tried: frozenset[int]


def progress_in(lesson: Lesson) -> Progress:
    """Read the address; what cannot be read there counts as not done."""
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
    """Return a step's number from 0, written as from 1; -1 for what is none."""
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
    """Open a step of the lesson, by its number from 0."""
    set_query(step=str(step + 1))


def take_guess(progress: Progress, value: float) -> None:
    """Keep the guess of the present step."""
    guesses = list(progress.guesses)
    guesses[progress.step] = value
    set_query(guess=";".join("" if one is None else f"{one:g}" for one in guesses))


def open_lesson(name: str) -> None:
    """Begin a lesson anew; with an empty name, leave the present one."""
    set_query(lesson=name, step="1" if name else "", guess="", tried="")


def take_tried(progress: Progress) -> None:
    """Keep that the present step's experiment on another page is done."""
    set_query(tried=";".join(str(step + 1) for step in sorted({*progress.tried, progress.step})))
