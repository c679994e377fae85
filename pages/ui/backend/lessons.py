"""Reads lessons and computes their measurements, cached for all visitors."""

import streamlit as st

from ae_core.classroom.questions import Question
from ae_core.errors import UserError
from ae_core.lessons import measurements
from ae_core.lessons.figures import MeasurementResult
from ae_core.lessons.reader import lesson_files, read_lesson
from ae_core.lessons.schema import Lesson
from ae_core.models.inference import ModelFile
from pages.ui.backend.caching import KEYS
from pages.ui.backend.service import evaluate


@st.cache_resource(show_spinner=False, max_entries=8)
def lessons(language: str) -> tuple[dict[str, Lesson], tuple[UserError, ...]]:
    """Return the lessons of a language by name, and the errors of unreadable ones."""
    found, problems = {}, []
    for path in lesson_files(language):
        try:
            found[path.stem] = read_lesson(path)
        except UserError as error:
            problems.append(error)
    return found, tuple(problems)


def question_of(lesson: Lesson, step: int) -> Question | None:
    """Return the question of a lesson's step, from 0, for a class; None if it has none."""
    guess = lesson.steps[step].guess
    if guess is None:
        return None
    name = f"{lesson.id}/{step + 1}"
    if guess.choices:
        return Question(name, guess.question, guess.choices)
    return Question(
        name,
        guess.question,
        low=float(guess.low),
        high=float(guess.high),
        step=float(guess.step),
        unit=guess.unit,
        close=float(guess.close),
    )


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs=KEYS)
def lesson_measure(
    what: str, settings: tuple[tuple[str, str | int | float], ...], model: ModelFile | None
) -> MeasurementResult:
    """Return a lesson's measurement; see `ae_core.lessons.measurements.measure`."""
    return evaluate(measurements.measure, what, settings, model)
