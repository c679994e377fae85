"""What is to be said of a run, judged by its numbers, and what to try: no network, no pictures.

It knows when a rule is asked and what matters most; the rules for a network that does not learn
are in `ae_core.diagnosis.rules`. A finding says in numbers what is seen; pages have the words.
"""

from collections.abc import Callable, Mapping, Sequence

from ae_core.diagnosis import remedies
from ae_core.diagnosis.history import Course
from ae_core.diagnosis.rules import FINE, HINT, PROBLEM, SYMPTOMS, Finding
from ae_core.runs.snapshot import LIVE
from ae_core.specs import TrainingSpec

__all__ = ["FINE", "HINT", "PROBLEM", "Finding", "examine"]

# Of the optimizer: before, a healthy network looks like a sick one. After 80 steps no number of
# mnist-vae's code is in use, after 100 the code of olivetti-conv may be saturated.
EARLY_STEPS = 200
RISEN_HELD_OUT = 0.05  # of what the held-out loss had fallen
BY_HEART = 3.0  # dB between training and held-out pictures: twice the error
FEW_PICTURES = 1000
STILL_GAINING = 0.1  # dB in the last fifth of the epochs: to be seen with twice as many
NO_GAIN = 0.03  # dB; what lies between the two is not worth a word
LONG_ENOUGH = 10  # epochs before "no gain" says something
GOOD_ENOUGH = 0.98  # of the pictures' variance: a larger code would show nothing more


def examine(
    spec: TrainingSpec,
    history: Sequence[Mapping[str, float]],
    *,
    status: str = "running",
    reason: str = "",
) -> tuple[Finding, ...]:
    """Return what is to be said of a run, the most important first.

    Args:
        spec: what is trained.
        history: the metrics of every epoch so far; entries that older runs do not have may miss.
        status: of the run, see `ae_core.runs.snapshot.Snapshot`.
        reason: why it ended.
    """
    if status == "failed":
        blown_up = "NaN" in reason
        found = Finding("nan", PROBLEM, {"rate": spec.learning_rate}, remedies.calmer(spec))
        return (found,) if blown_up else ()
    course = Course(spec, history)
    if not history or not course.pictures:  # an own set that was deleted has none
        return ()
    sick = _first(SYMPTOMS, course) if course.steps >= EARLY_STEPS else None
    if sick is not None and sick.severity == PROBLEM:
        return (sick,)  # what else there is to see follows from it
    by_heart = _first((_too_little_data, _overfitting), course)
    trend = _trend(course, live=status in LIVE) if by_heart is None else None
    blind = _nothing_held_out(course) if status not in LIVE else None
    seen = tuple(f for f in (by_heart, sick, trend, blind) if f is not None)
    return seen or (Finding("learning" if status in LIVE else "healthy", FINE),)


def _first(rules: Sequence[Callable[[Course], Finding | None]], course: Course) -> Finding | None:
    return next((finding for rule in rules if (finding := rule(course)) is not None), None)


def _overfitting(course: Course) -> Finding | None:
    risen, best = course.held_out_rise
    if course.gap < BY_HEART and risen < RISEN_HELD_OUT:
        return None
    remedy = remedies.less_by_heart(course.spec, best)
    if course.gap >= BY_HEART:
        return Finding("overfitting", PROBLEM, {"gap": course.gap}, remedy)
    return Finding("getting_worse", PROBLEM, {"best": best}, remedy)


def _too_little_data(course: Course) -> Finding | None:
    over = _overfitting(course)
    if over is None or course.pictures >= FEW_PICTURES:
        return None
    return Finding("too_little_data", PROBLEM, {"pictures": course.pictures}, over.remedy)


def _nothing_held_out(course: Course) -> Finding | None:
    if course.spec.split != "none" or course.pictures >= FEW_PICTURES:
        return None
    values = {"pictures": course.pictures}
    return Finding("nothing_held_out", HINT, values, remedies.held_out(course.spec))


def _trend(course: Course, *, live: bool) -> Finding | None:
    epochs = len(course.history)
    gain = course.gain(course.recent)
    if not live and gain >= STILL_GAINING:
        values = {"gain": gain, "since": epochs - course.recent}
        return Finding("still_falling", HINT, values, remedies.longer(course.spec))
    if live and course.spec.schedule != "constant":
        return None  # much of what it gains comes with its last, small steps
    look_back = max(course.recent, LONG_ENOUGH // 2)
    if epochs < LONG_ENOUGH or course.steps < EARLY_STEPS or course.gain(look_back) >= NO_GAIN:
        return None
    explained = course.last("explained")
    if explained is not None and explained >= GOOD_ENOUGH:
        return None
    return Finding("flat", HINT, {"since": epochs - look_back}, remedies.larger(course.spec))
