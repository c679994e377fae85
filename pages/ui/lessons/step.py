"""Shows a step of a lesson: text, picture, guess, experiment, check, explanation."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ae_core.lessons.expressions import fill
from ae_core.lessons.figures import Figures
from ae_core.lessons.pictures import LivePicture
from ae_core.lessons.schema import (
    GUESS,
    Experiment,
    Lesson,
    Link,
    Step,
    figures_named,
    numbers_of,
)
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.images import test_image
from pages.ui.i18n import notice
from pages.ui.i18n.text import in_formula, number, text
from pages.ui.lessons.class_guess import said_in_class
from pages.ui.lessons.experiments import done_runs, figures_of, train_view
from pages.ui.lessons.glossary import explained, words_of
from pages.ui.lessons.guess import ask, said_view, verdict
from pages.ui.lessons.live_code import code_view
from pages.ui.lessons.measurements import measure_view, measured_figures
from pages.ui.lessons.pixels import pixels_view
from pages.ui.lessons.progress import Progress, go_to, take_guess, take_tried
from pages.ui.pickers.models import pretrained_autoencoders
from pages.ui.shell.return_link import link_with_return
from pages.ui.widgets.jpeg import jpeg_view

SIDE = 330  # pixels of the screen, for a picture beside the text
QUALITY = 10  # of a JPEG at first: most of its waves are zero, and one still knows the picture


def step_view(lesson: Lesson, progress: Progress) -> bool:
    """Show the present step; return whether it is complete."""
    step = lesson.steps[progress.step]
    earlier = _earlier(lesson, progress.step)
    known: dict[str, Mapping[str, float]] = dict(figures_of(done_runs(earlier)))
    level = text(f"lessons.level.{step.level}")
    st.markdown(f"## {notice.plain(step.title)} :gray-badge[{level}]")
    place = _text(step, numbers_of(known))
    complete = _tasks(lesson, progress, earlier, known)
    if step.picture is not None:
        with place, notice.refusals():  # last: it may wait for a worker
            _picture(step.picture, done_runs((*earlier, *step.experiments)))
    return complete


def _text(step: Step, numbers: dict[str, float]) -> DeltaGenerator:
    """Show the step's text, and return the place of its picture."""
    if step.picture is not None and step.picture.kind == "pixels":
        with st.container(horizontal=True, gap="medium"):
            place = st.container(width=SIDE, key="lesson-picture")
            place.empty()  # with nothing in it, it would take no room until the picture comes
            words = st.container(key="lesson-text")
    else:
        words, place = st.container(), st.container()
    with words:  # of a step that was skipped, figures are missing: the end says so
        explained(fill(step.text, numbers, number, missing="…"))
    return place


def _picture(picture: LivePicture, runs: Mapping[str, Snapshot]) -> None:
    if picture.kind == "pixels":
        pixels_view(picture)
    elif picture.kind == "jpeg":
        images = pretrained_autoencoders()[picture.model].spec.images
        jpeg_view(test_image(images, picture.number), QUALITY)
    else:
        code_view(picture, runs)


def _tasks(
    lesson: Lesson,
    progress: Progress,
    earlier: tuple[Experiment, ...],
    known: dict[str, Mapping[str, float]],
) -> bool:
    """Show all that there is to do, as far as it is done; return whether the step is complete."""
    step = lesson.steps[progress.step]
    said = progress.guesses[progress.step]
    if step.guess is not None and said is None:
        said = said_in_class(lesson, progress.step)  # nobody is asked twice
        if said is not None:
            take_guess(progress, said)
    if step.guess is not None and said is None:
        ask(step.guess, progress, lesson)
        words_of(step.text)
        return False
    answer = st.container()
    if step.experiments:
        known |= train_view(step.experiments)
    runs = done_runs((*earlier, *step.experiments))
    known |= measure_view(step, runs)
    _links(step.links, runs)
    complete = _complete(step, known, tried=progress.step in progress.tried)
    if step.guess is not None and said is not None:
        with answer:
            said_view(step.guess, said, _numbers(known, said), shown=complete)
    skipped = _skipped(lesson, step, known)
    if complete and skipped is not None:
        _first_train(skipped)
    elif complete:
        _checks(step, _numbers(known, said))
        _explanation(step, numbers_of(known))
    elif _is_elsewhere(step):
        st.button(text("lessons.tried"), on_click=take_tried, args=(progress,))
        st.info(text("lessons.not_yet_tried"))
    else:
        st.info(text("lessons.not_yet"))
    words_of(step.text + step.explanation)
    return complete


def right_guesses(lesson: Lesson, progress: Progress) -> list[bool | None]:
    """Return for each step whether the guess was right, None if that is not shown yet."""
    runs = done_runs(_earlier(lesson, len(lesson.steps)))
    known: dict[str, Mapping[str, float]] = dict(figures_of(runs))
    found: list[bool | None] = []
    for place, (step, said) in enumerate(zip(lesson.steps, progress.guesses, strict=True)):
        right = None
        if step.guess is not None and said is not None:
            known |= measured_figures(step, runs)
            if _complete(step, known, tried=place in progress.tried):
                right = verdict(step.guess, said, _numbers(known, said))
        found.append(right)
    return found


def _earlier(lesson: Lesson, count: int) -> tuple[Experiment, ...]:
    return tuple(one for step in lesson.steps[:count] for one in step.experiments)


def _is_elsewhere(step: Step) -> bool:
    """Return whether the experiment is on another page and leaves no run."""
    return bool(step.links) and not (step.experiments or step.measurements)


def _complete(step: Step, known: Figures, *, tried: bool) -> bool:
    names = {one.name for one in step.experiments} | {one.name for one in step.measurements}
    return names <= set(known) and (tried or not _is_elsewhere(step))


def _numbers(known: Figures, said: float | None) -> dict[str, float]:
    return numbers_of(known) | ({} if said is None else {GUESS: said})


def _skipped(lesson: Lesson, step: Step, known: Figures) -> int | None:
    """Return the number, from 1, of a step whose training this one names and that is missing."""
    missing = {name.partition(".")[0] for name in figures_named(step)} - set(known)
    for place, earlier in enumerate(lesson.steps, 1):
        if missing & {one.name for one in earlier.experiments}:
            return place
    return None


def _first_train(place: int) -> None:
    notice.warning(text("lessons.earlier_first", step=place))
    st.button(
        text("lessons.go_to_step", step=place),
        icon=":material/arrow_back:",
        on_click=go_to,
        args=(place - 1,),
    )


def _links(links: tuple[Link, ...], runs: Mapping[str, Snapshot]) -> None:
    if not links:
        return
    with st.container(horizontal=True):
        for link in links:
            page_link(link, runs)


def page_link(link: Link, runs: Mapping[str, Snapshot]) -> None:
    """Show a link to another page, which leads back to the lesson.

    A model ``train:<name>`` is the student's own run; before it exists, the page's first model.
    """
    query = dict(link.query)
    own = query.get("model", "").partition("train:")[2]
    if own:
        del query["model"]
        query |= {"model": runs[own].id} if own in runs else {}
    st.page_link(
        f"pages/{link.page}.py",
        label=f"**{notice.plain(link.words)}**",
        icon=":material/open_in_new:",
        query_params=link_with_return(query),
    )


def _checks(step: Step, numbers: dict[str, float]) -> None:
    for check in step.checks:
        holds = check.holds.value(numbers)
        words = fill(check.yes if holds else check.no, numbers, number)
        icon = ":material/check_circle:" if holds else ":material/help:"
        (st.success if holds else st.warning)(words, icon=icon)


def _explanation(step: Step, numbers: dict[str, float]) -> None:
    explained(fill(step.explanation, numbers, number))
    if step.formula:
        st.latex(fill(step.formula, numbers, in_formula))
