"""Reads a lesson's file; errors name the line and the field of each mistake.

``assets/lessons/README.md`` tells teachers how to write one.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from ae_core.errors import UserError
from ae_core.lessons.expressions import Expression, expressions_in
from ae_core.lessons.figures import MEASUREMENTS, RUN_FIGURES
from ae_core.lessons.pictures import read_picture
from ae_core.lessons.schema import (
    GUESS,
    LEVELS,
    PAGES,
    Check,
    Experiment,
    Guess,
    Lesson,
    Link,
    Measurement,
    Step,
)
from ae_core.lessons.toml_reader import TomlTable
from ae_core.models.compatibility import network_shapes
from ae_core.specs import PRESETS, change
from ae_core.storage.files import ROOT

FOLDER = ROOT / "assets" / "lessons"

Value = TypeVar("Value")


def read_lesson(path: Path) -> Lesson:
    """Read a lesson's file.

    Raises:
        UserError: the file has a mistake; the message names file, line, field and what it must be.
    """

    def read(table: TomlTable) -> Lesson:
        level = table.choice("level", LEVELS)
        known = {GUESS}
        go_on = table.table("go_on", _link)
        if go_on is None:
            raise table.error("go_on", "table")
        lesson = Lesson(
            id=path.stem,
            title=table.text("title"),
            about=table.text("about"),
            minutes=int(table.number("minutes")),
            level=level,
            take_away=table.text("take_away"),
            go_on=go_on,
            steps=table.tables("step", partial(_step, known=known, level=level)),
        )
        if not lesson.steps:
            raise table.error("step", "step")
        return lesson

    return TomlTable.of(path.name, path.read_text(encoding="utf-8")).read(read)


def lesson_files(language: str) -> list[Path]:
    """Return the lesson files of a language, in order."""
    return sorted((FOLDER / language).glob("*.toml"))


def _step(table: TomlTable, known: set[str], level: str) -> Step:
    """Read a step.

    Args:
        table: the step's table.
        known: the figures of earlier steps, which the step may name; its own are added.
        level: the lesson's level, the default of a step.
    """
    experiments = table.tables("train", _experiment)
    measurements = table.tables("measure", _measurement)
    for experiment in experiments:
        known.update(f"{experiment.name}.{figure}" for figure in RUN_FIGURES)
    for one in measurements:
        known.update(f"{one.name}.{figure}" for figure in MEASUREMENTS[one.what].figures)
    trained = [name.removesuffix(".epochs") for name in known if name.endswith(".epochs")]
    explanation, formula = table.table("explain", partial(_explanation, known=known)) or ("", "")
    return Step(
        title=table.text("title"),
        level=table.choice("level", LEVELS, level),
        text=_filled_text(table, "text", known),
        picture=table.table("picture", partial(read_picture, experiments=trained)),
        guess=table.table("guess", partial(_guess, known=known)),
        experiments=experiments,
        measurements=measurements,
        links=table.tables("open", _link),
        checks=table.tables("check", partial(_check, known=known)),
        explanation=explanation,
        formula=formula,
    )


def _explanation(table: TomlTable, known: set[str]) -> tuple[str, str]:
    formula = _filled_text(table, "formula", known, optional=True)
    return _filled_text(table, "text", known), formula


def _guess(table: TomlTable, known: set[str]) -> Guess:
    guess = Guess(
        question=table.text("question"),
        choices=table.texts("choices"),
        low=table.number("low", 0.0),
        high=table.number("high", 1.0),
        step=table.number("step", 1.0),
        unit=table.text("unit", optional=True),
        truth=_expression(table, "truth", known),
        close=table.number("close", 0.0),
    )
    if len(guess.choices) == 1:
        raise table.error("choices", "two")
    if not guess.low < guess.high:
        raise table.error("high", "above", low=guess.low)
    return guess


def _experiment(table: TomlTable) -> Experiment:
    preset = table.choice("preset", PRESETS)
    changes = table.settings("change")
    spec = _checked(table, "change", lambda: change(PRESETS[preset], **changes))
    _checked(table, "change", lambda: network_shapes(spec))
    return Experiment(_name(table), table.text("title"), preset, spec)


def _measurement(table: TomlTable) -> Measurement:
    what = table.choice("what", MEASUREMENTS)
    settings, needed = table.settings("settings"), MEASUREMENTS[what].settings
    if set(settings) != set(needed):
        raise table.error("settings", "exactly", names=needed)
    return Measurement(_name(table), table.text("title"), what, tuple(sorted(settings.items())))


def _name(table: TomlTable) -> str:
    name = table.text("name")
    if not name.isidentifier() or name == GUESS:
        raise table.error("name", "word")
    return name


def _link(table: TomlTable) -> Link:
    page = table.choice("page", PAGES)
    query = tuple((name, str(value)) for name, value in table.settings("query").items())
    return Link(page, table.text("words"), query)


def _check(table: TomlTable, known: set[str]) -> Check:
    holds = _expression(table, "holds", known)
    return Check(holds, _filled_text(table, "yes", known), _filled_text(table, "no", known))


def _expression(table: TomlTable, name: str, known: set[str]) -> Expression:
    written = table.text(name)
    found = _checked(table, name, lambda: Expression(written))
    _all_known(table, name, [found], known)
    return found


def _filled_text(table: TomlTable, name: str, known: set[str], *, optional: bool = False) -> str:
    written = table.text(name, optional=optional)
    _all_known(table, name, _checked(table, name, lambda: expressions_in(written)), known)
    return written


def _checked(table: TomlTable, name: str, make: Callable[[], Value]) -> Value:
    """Make a value; turn its UserError into an error about a field."""
    try:
        return make()
    except UserError as error:
        raise table.problem(name, error.message) from None


def _all_known(table: TomlTable, name: str, expressions: list[Expression], known: set[str]) -> None:
    for expression in expressions:
        for unknown in sorted(expression.names - known):
            owner = unknown.partition(".")[0]
            figures = sorted(one for one in known if one.startswith(f"{owner}."))
            others = figures or sorted({one.partition(".")[0] for one in known})
            raise table.error(name, "figures", unknown, figures=tuple(others))
