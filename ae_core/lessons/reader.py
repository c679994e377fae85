"""A lesson from its file: every mistake is named by line and field.

``assets/lessons/README.md`` tells a teacher how to write one.
"""

from collections.abc import Iterable
from pathlib import Path

from ae_core.errors import UserError
from ae_core.lessons.expressions import Expression, expressions_in
from ae_core.lessons.figures import MEASURES, RUN_FIGURES
from ae_core.lessons.schema import (
    GUESS,
    LEVELS,
    PAGES,
    Check,
    Experiment,
    Guess,
    Lesson,
    Link,
    Measure,
    Step,
)
from ae_core.lessons.toml_reader import Table
from ae_core.models.compatibility import network_shapes
from ae_core.specs import PRESETS, change
from ae_core.storage import ROOT

FOLDER = ROOT / "assets" / "lessons"


def read_lesson(path: Path) -> Lesson:
    """Read a lesson's file.

    Raises:
        UserError: it names the file, the line, the field and what that must be.
    """
    table = Table(path.name, path.read_text(encoding="utf-8"))
    level = _level(table, "")
    known = {GUESS}
    lesson = Lesson(
        id=path.stem,
        title=table.text("title"),
        about=table.text("about"),
        minutes=int(table.number("minutes")),
        level=level,
        steps=tuple(_step(step, known, level) for step in table.tables("step")),
    )
    if not lesson.steps:
        raise table.error("step", "step")
    table.end()
    return lesson


def lesson_files(language: str) -> list[Path]:
    """Return the lessons' files of a language, in their order."""
    return sorted((FOLDER / language).glob("*.toml"))


def _level(table: Table, usual: str) -> str:
    """Read the level of a lesson or a step; without ``usual`` it must be there."""
    level = table.text("level", optional=bool(usual)) or usual
    if level not in LEVELS:
        raise table.error("level", "one_of", choices=tuple(LEVELS))
    return level


def _step(table: Table, known: set[str], level: str) -> Step:
    """Read a step.

    Args:
        table: of the step.
        known: the figures that it may name; gains its own.
        level: of the lesson, which is the step's where that says nothing.
    """
    experiments = tuple(_experiment(one) for one in table.tables("train"))
    measures = tuple(_measure(one) for one in table.tables("measure"))
    for experiment in experiments:
        known.update(f"{experiment.name}.{figure}" for figure in RUN_FIGURES)
    for measure in measures:
        known.update(f"{measure.name}.{figure}" for figure in MEASURES[measure.what].figures)
    guess = table.table("guess")
    explain = table.table("explain")
    step = Step(
        title=table.text("title"),
        level=_level(table, level),
        text=_filled_text(table, "text", known),
        guess=None if guess is None else _guess(guess, known),
        experiments=experiments,
        measures=measures,
        links=tuple(_link(one) for one in table.tables("open")),
        checks=tuple(_check(one, known) for one in table.tables("check")),
        explanation="" if explain is None else _filled_text(explain, "text", known),
        formula="" if explain is None else _filled_text(explain, "formula", known, optional=True),
    )
    if explain is not None:
        explain.end()
    table.end()
    return step


def _guess(table: Table, known: set[str]) -> Guess:
    choices = table.texts("choices")
    guess = Guess(
        question=table.text("question"),
        choices=choices,
        low=table.number("low", 0.0),
        high=table.number("high", 1.0),
        step=table.number("step", 1.0),
        unit=table.text("unit", optional=True),
        truth=_expression(table, "truth", known),
        close=table.number("close", 0.0),
    )
    if len(choices) == 1:
        raise table.error("choices", "two")
    if not guess.low < guess.high:
        raise table.error("high", "above", low=guess.low)
    table.end()
    return guess


def _experiment(table: Table) -> Experiment:
    preset, changes = table.text("preset"), table.settings("change")
    if preset not in PRESETS:
        raise table.error("preset", "one_of", choices=tuple(PRESETS))
    try:
        spec = change(PRESETS[preset].spec, **changes)
        network_shapes(spec)
    except UserError as error:
        raise table.problem("change", error.message) from None
    made = Experiment(_name(table), table.text("title"), preset, spec)
    table.end()
    return made


def _measure(table: Table) -> Measure:
    what, settings = table.text("what"), table.settings("settings")
    if what not in MEASURES:
        raise table.error("what", "one_of", choices=tuple(MEASURES))
    needed = MEASURES[what].settings
    if set(settings) != set(needed):
        raise table.error("settings", "exactly", names=tuple(needed))
    made = Measure(_name(table), table.text("title"), what, tuple(sorted(settings.items())))
    table.end()
    return made


def _name(table: Table) -> str:
    name = table.text("name")
    if not name.isidentifier() or name == GUESS:
        raise table.error("name", "word")
    return name


def _link(table: Table) -> Link:
    page = table.text("page")
    if page not in PAGES:
        raise table.error("page", "one_of", choices=tuple(PAGES))
    query = tuple((name, str(value)) for name, value in table.settings("query").items())
    made = Link(page, table.text("words"), query)
    table.end()
    return made


def _check(table: Table, known: set[str]) -> Check:
    made = Check(
        _expression(table, "holds", known),
        _filled_text(table, "yes", known),
        _filled_text(table, "no", known),
    )
    table.end()
    return made


def _expression(table: Table, name: str, known: set[str]) -> Expression:
    written = table.text(name)
    try:
        found = Expression(written)
    except UserError as error:
        raise table.problem(name, error.message) from None
    _all_known(table, name, [found], known)
    return found


def _filled_text(table: Table, name: str, known: set[str], *, optional: bool = False) -> str:
    written = table.text(name, optional=optional)
    try:
        found = expressions_in(written)
    except UserError as error:
        raise table.problem(name, error.message) from None
    _all_known(table, name, found, known)
    return written


def _all_known(table: Table, name: str, expressions: Iterable[Expression], known: set[str]) -> None:
    for expression in expressions:
        for unknown in sorted(expression.names - known):
            owner = unknown.partition(".")[0]
            figures = sorted(one for one in known if one.startswith(f"{owner}."))
            others = figures or sorted({one.partition(".")[0] for one in known})
            raise table.error(name, "figures", unknown, figures=tuple(others))
