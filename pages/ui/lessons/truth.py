"""The answer to a lesson's question by the runs of a class."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from ae_core.errors import UserError
from ae_core.lessons.expressions import MissingFigure
from ae_core.lessons.schema import Lesson, numbers_of
from pages.ui.lessons.experiments import done_runs, figures_of
from pages.ui.lessons.measurements import measured_figures


def truth_of(lesson: Lesson, step: int, owners: Iterable[str]) -> float | None:
    """Return the answer to a step's question by the runs of the first one who has trained them.

    Args:
        lesson: the lesson.
        step: the number of the step, from 0.
        owners: visitors, in the order in which their runs count.

    Returns:
        None if the step has no question, or none of them has all of its runs.
    """
    asked = lesson.steps[step]
    if asked.guess is None:
        return None
    experiments = tuple(one for each in lesson.steps[: step + 1] for one in each.experiments)
    for owner in owners:
        runs = done_runs(experiments, owner)
        if experiments and not runs:
            continue
        known: dict[str, Mapping[str, float]] = dict(figures_of(runs))
        with suppress(MissingFigure, UserError):
            return float(asked.guess.truth.value(numbers_of(known)))
        with suppress(MissingFigure, UserError):
            known |= measured_figures(asked, runs)
            return float(asked.guess.truth.value(numbers_of(known)))
    return None
