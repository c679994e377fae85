"""Where a student is: lesson, step and guesses, in the address. Runs are found by their specs."""

from dataclasses import dataclass

import streamlit as st

from ae_core.lessons import Lesson
from pages.shared.links import put


@dataclass(frozen=True)
class Progress:
    """A place in a lesson.

    Attributes:
        step: its number, from 0; as many as there are steps stand for the summary.
        guesses: one a step, None where nothing was guessed.
    """

    step: int
    guesses: tuple[float | None, ...]


def progress_in(lesson: Lesson) -> Progress:
    """Read the address; what cannot be read there counts as not done."""
    written = st.query_params.get("step", "")
    step = int(written) - 1 if written.isdecimal() and len(written) < 4 else 0
    guesses = [_number(part) for part in st.query_params.get("guess", "").split(";")]
    count = len(lesson.steps)
    padded = (guesses + [None] * count)[:count]
    allowed = tuple(
        value if step_.guess is not None and value is not None and _allowed(step_.guess, value)
        else None
        for step_, value in zip(lesson.steps, padded, strict=True)
    )  # fmt: skip
    return Progress(min(max(step, 0), count), allowed)


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
    put(step=str(step + 1))


def take_guess(progress: Progress, value: float) -> None:
    """Keep the guess of the present step."""
    guesses = list(progress.guesses)
    guesses[progress.step] = value
    put(guess=";".join("" if one is None else f"{one:g}" for one in guesses))
