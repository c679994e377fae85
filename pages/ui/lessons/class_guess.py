"""Counts what a student guesses in a lesson among the guesses of the student's class."""

from contextlib import suppress

from ae_core.errors import UserError
from ae_core.lessons.schema import Lesson
from pages.ui.backend.leading import leading, relay
from pages.ui.backend.lessons import question_of
from pages.ui.backend.service import classroom_service
from pages.ui.state.session import visitor


def said_in_class(lesson: Lesson, step: int) -> float | None:
    """Return what a student has answered to a step's question, if the class is asked it now.

    Args:
        lesson: the lesson.
        step: the number of the step, from 0.
    """
    with suppress(UserError):
        where = classroom_service().class_of(visitor())
        state = relay().state(where[0].code) if where is not None else None
        question = question_of(lesson, step)
        asked = state.asked if state is not None else None
        if where and state and asked and question and asked.question.name == question.name:
            return state.guesses[-1].get(where[1].id)
    return None


def tell_class(lesson: Lesson, step: int, value: float) -> None:
    """Count a guess of a lesson's step, from 0, in the student's class."""
    with suppress(UserError):  # the lesson goes on without the class
        where = classroom_service().class_of(visitor())
        question = question_of(lesson, step)
        if where is not None and question is not None:
            leading().guess_in_lesson(visitor(), question, value)
            relay().forget(where[0].code)
