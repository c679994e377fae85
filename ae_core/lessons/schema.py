"""The data model of a lesson: predict, try, see, explain.

The conditions that the app checks, and texts between double braces, name the figures of experiments
``<experiment>.<figure>``, as in ``small.val_psnr``.
"""

from dataclasses import dataclass

from ae_core.lessons.expressions import Expression, expressions_in
from ae_core.lessons.figures import Figures
from ae_core.lessons.pictures import LivePicture
from ae_core.specs import TrainingSpec

PAGES = ("train", "reconstruct", "denoise", "latent_space", "measure")
LEVELS = ("basic", "further")
GUESS = "guess"  # in expressions: the number of the choice, from 1, or the slider's value


@dataclass(frozen=True)
class Guess:
    """A prediction that the student makes before the results are shown.

    Attributes:
        question: a sentence.
        choices: the options; empty if the answer is a number.
        low: the smallest number.
        high: the largest number.
        step: the step between numbers.
        unit: the unit of the number.
        truth: the number of the right choice, or the right value.
        close: the largest error of a value that still counts as right.
    """

    question: str
    choices: tuple[str, ...]
    low: float
    high: float
    step: float
    unit: str
    truth: Expression
    close: float


@dataclass(frozen=True)
class Experiment:
    """A training; it is done when the student has an ended run with exactly this spec."""

    name: str
    title: str
    preset: str
    spec: TrainingSpec


@dataclass(frozen=True)
class Measurement:
    """Figures that a worker computes; see `ae_core.lessons.figures.MEASUREMENTS`."""

    name: str
    title: str
    what: str
    settings: tuple[tuple[str, str | int | float], ...]


@dataclass(frozen=True)
class Link:
    """A page of the app with its settings filled in."""

    page: str
    words: str
    query: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Check:
    """A condition on the figures, and the texts for both outcomes."""

    holds: Expression
    yes: str
    no: str


@dataclass(frozen=True)
class Step:
    """One screen of a lesson; texts are Markdown with ``[[terms]]`` of the glossary."""

    title: str
    level: str
    text: str
    picture: LivePicture | None
    guess: Guess | None
    experiments: tuple[Experiment, ...]
    measurements: tuple[Measurement, ...]
    links: tuple[Link, ...]
    checks: tuple[Check, ...]
    explanation: str
    formula: str


@dataclass(frozen=True)
class Lesson:
    """A lesson; its steps may name experiments of earlier steps.

    Attributes:
        take_away: what to remember, two lines of Markdown.
        go_on: a page on which to go on trying.
    """

    id: str
    title: str
    about: str
    minutes: int
    level: str
    take_away: str
    go_on: Link
    steps: tuple[Step, ...]


def figures_named(step: Step) -> frozenset[str]:
    """Return the figures that a step's texts and conditions name, but for the student's guess."""
    texts = [step.text, step.explanation, step.formula]
    texts += [words for check in step.checks for words in (check.yes, check.no)]
    found = [expression for words in texts for expression in expressions_in(words)]
    found += [check.holds for check in step.checks]
    found += [step.guess.truth] if step.guess is not None else []
    return frozenset(name for each in found for name in each.names) - {GUESS}


def numbers_of(figures: Figures) -> dict[str, float]:
    """Flatten figures by experiment to numbers by dotted name."""
    return {f"{name}.{key}": value for name, each in figures.items() for key, value in each.items()}
