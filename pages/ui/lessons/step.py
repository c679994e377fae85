"""Shows a step of a lesson: text, guess, experiment, check, explanation."""

import html
import re
from collections.abc import Mapping

import streamlit as st

from ae_core.lessons.expressions import MissingFigure, fill
from ae_core.lessons.figures import Figures
from ae_core.lessons.schema import GUESS, Experiment, Lesson, Link, Step, numbers_of
from ae_core.text.sentences import entries
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, text
from pages.ui.lessons.experiments import done_runs, figures_of, train_view
from pages.ui.lessons.guess import ask, said_view, verdict
from pages.ui.lessons.measurements import measure_view, measured_figures
from pages.ui.lessons.progress import Progress, take_tried
from pages.ui.shell.return_link import link_with_return

_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")


def step_view(lesson: Lesson, progress: Progress) -> bool:
    """Show the present step; return whether it is complete."""
    step = lesson.steps[progress.step]
    earlier = _earlier(lesson, progress.step)
    known: dict[str, Mapping[str, float]] = dict(figures_of(done_runs(earlier)))
    level = text(f"lessons.level.{step.level}")
    st.markdown(f"## {notice.plain(step.title)} :gray-badge[{level}]")
    explained(_filled(step.text, known))
    said = progress.guesses[progress.step]
    if step.guess is not None and said is None:
        ask(step.guess, progress, lesson.id)
        glossary(step.text)
        return False
    answer = st.container()
    if step.experiments:
        known |= train_view(step.experiments)
    runs = done_runs((*earlier, *step.experiments))
    known |= measure_view(step, runs)
    _links(step.links)
    complete = _complete(step, known, tried=progress.step in progress.tried)
    if step.guess is not None and said is not None:
        with answer:
            said_view(step.guess, said, _numbers(known, said), shown=complete)
    if complete:
        _checks(step, _numbers(known, said))
        _explanation(step, known)
    elif _is_elsewhere(step):
        st.button(text("lessons.tried"), on_click=take_tried, args=(progress,))
        st.info(text("lessons.not_yet_tried"))
    else:
        st.info(text("lessons.not_yet"))
    glossary(step.text + step.explanation)
    return complete


def right_guesses(lesson: Lesson, progress: Progress) -> list[bool | None]:
    """Return for each step whether the guess was right, None if that is not shown yet."""
    runs = done_runs(_earlier(lesson, len(lesson.steps)))
    known: dict[str, Mapping[str, float]] = dict(figures_of(runs))
    found: list[bool | None] = []
    for number, (step, said) in enumerate(zip(lesson.steps, progress.guesses, strict=True)):
        right = None
        if step.guess is not None and said is not None:
            known |= measured_figures(step, runs)
            if _complete(step, known, tried=number in progress.tried):
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


def _filled(written: str, known: Figures, said: float | None = None) -> str:
    try:
        return fill(written, _numbers(known, said))
    except MissingFigure:
        return text("lessons.earlier_first")


def _links(links: tuple[Link, ...]) -> None:
    if not links:
        return
    with st.container(horizontal=True):
        for link in links:
            st.page_link(
                f"pages/{link.page}.py",
                label=f"**{notice.plain(link.words)}**",
                icon=":material/open_in_new:",
                query_params=link_with_return(dict(link.query)),
            )


def _checks(step: Step, numbers: dict[str, float]) -> None:
    for check in step.checks:
        try:
            holds = check.holds.value(numbers)
            words = fill(check.yes if holds else check.no, numbers)
        except MissingFigure as error:
            notice.warning(text("lessons.no_figure", figure=error.args[0]))
            continue
        icon = ":material/check_circle:" if holds else ":material/help:"
        (st.success if holds else st.warning)(words, icon=icon)


def _explanation(step: Step, known: Figures) -> None:
    if step.explanation:
        explained(_filled(step.explanation, known))
    if step.formula:
        st.latex(_filled(step.formula, known))


def key_of(term: str) -> str:
    """Return the glossary's key of a term: ``latent space`` is ``latent-space``."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def terms_in(written: str) -> list[str]:
    """Return the keys of the terms in a text, in order, without duplicates."""
    return list(dict.fromkeys(key_of(match[1]) for match in _TERM.finditer(written)))


def explained(written: str) -> None:
    """Show a text; ``[[code]]`` or ``[[code|codes]]`` shows the glossary entry as a tooltip."""
    # Visitors do not write lessons' files, but HTML is not allowed in them either.
    safe = _MARKUP.sub("&lt;", written)
    st.markdown(_TERM.sub(_marked, safe), unsafe_allow_html=True)


def glossary(written: str) -> None:
    """Offer the terms of a text as a list, for visitors without a mouse."""
    terms = terms_in(written)
    if not terms:
        return
    with st.expander(text("lessons.words")):
        for term in terms:
            st.markdown(f"**{text(f'glossary.{term}.term')}**: {text(f'glossary.{term}.means')}")


def _marked(match: re.Match[str]) -> str:
    means = entries(language()).get(f"glossary.{key_of(match[1])}.means", "")
    title = html.escape(re.sub(r"[*_$`]", "", means), quote=True)
    return f'<abbr tabindex="0" title="{title}">{match[2] or match[1]}</abbr>'
