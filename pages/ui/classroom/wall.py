"""The wall of a class with its challenge, refreshed every few seconds.

``wall.js`` updates the wall in the browser, ``plot.js`` paints its charts and images.
"""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ae_core.classroom.run_card import STATUSES, Standing, WallEntry, pack
from ae_core.classroom.wall import newest_ranked, standings
from ae_core.errors import UnknownThing
from pages.ui.backend.service import class_wall, classroom_service
from pages.ui.classroom.join_or_open import join_corner, join_info
from pages.ui.classroom.limits import challenge_in_words, challenge_view, limits_in_words
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.session import visitor
from pages.ui.widgets.component import component, sent

WORDS = (
    *("sort", "sort_name", "sort_psnr", "sort_loss", "sort_newest", "sort_numbers"),
    *("plot", "measure_psnr", "measure_loss", "measure_sizes", "mean"),
    *("epoch", "loss", "held_out", "in_training"),
    *("leads", "no_run", "pictures", "curve", "stop", "remove", "open", "band", "best"),
)
SHOWN_SECONDS = 1.5  # refresh interval on the projector and for the teacher
STUDENT_SECONDS = 3.0  # slower: a hundred students may view a hundred students
MAX_PODIUM = 3  # ranks with pictures on the projector

_WALL = component(__file__, '<div class="wall"></div>')


def refreshing_wall(code: str, *, mine: str = "", secret: str | None = None) -> None:
    """Show a class and keep it up to date.

    Args:
        code: the code of the class.
        mine: the id of the student who views the wall.
        secret: in the teacher's view, the secret; "" for the visitor who opened the class.
    """
    every = STUDENT_SECONDS if mine else SHOWN_SECONDS
    st.fragment(run_every=every)(_draw)(code, mine, secret)


@notice.refusals()  # and try again: a projector has nobody who loads its page anew
def _draw(code: str, mine: str, secret: str | None) -> None:
    try:
        classroom = classroom_service().find(code)
    except UnknownThing:
        st.rerun()  # the whole page, which shows the reason
    students = classroom_service().students(code)
    if mine and mine not in {student.id for student in students}:
        st.rerun()  # the teacher has taken this student out
    if classroom.paused:
        st.warning(text("classroom.paused"), icon=":material/pause:")
    if secret is None:
        st.caption(notice.plain(limits_in_words(classroom.limits)))
    entries = class_wall().entries(classroom, students)
    best = standings(entries)
    challenge_view(classroom, best, to_a_student=bool(mine))
    if not students:
        st.info(text("classroom.empty"))
        return
    _draw_wall(
        f"class-wall-{code}-{'all' if secret is None else 'teacher'}",
        entries,
        best,
        view="student" if secret is None else "teacher",
        mine=mine,
        on_act=None if secret is None else partial(_act, code, secret),
    )


def projector(code: str) -> None:
    """Show a class to the back row, and keep it up to date."""
    with st.container(key="projector"):  # `frame.css` gives it the whole window
        st.fragment(run_every=SHOWN_SECONDS)(_draw_projector)(code)


@notice.refusals()
def _draw_projector(code: str) -> None:
    try:
        classroom = classroom_service().find(code)
    except UnknownThing:
        st.rerun()
    students = classroom_service().students(code)
    if classroom.paused:
        st.warning(text("classroom.paused"), icon=":material/pause:")
    if not students:
        join_info(classroom, large=True)
        st.info(text("classroom.empty"))
        return
    challenge = classroom.challenge
    every = class_wall().entries(classroom, students)
    entries = [each.for_the_back_row(challenge) for each in every]
    best = standings(entries) if challenge else newest_ranked(entries)
    head = text("classroom.title") if challenge is None else challenge_in_words(challenge)
    join_corner(classroom, head)
    if challenge is not None and not best:
        st.header(text("classroom.challenge.nobody"), anchor=False)
    podium = [each for each in best if each.rank <= MAX_PODIUM][: MAX_PODIUM + 1]
    _draw_wall(f"class-wall-{code}-projector", entries, podium, view="projector")


def _act(code: str, secret: str, act: str, name: str) -> None:
    """Run an action of the teacher on the wall."""
    with notice.refusals(notice.toast):
        classroom_service().as_teacher(code, secret, visitor())
        if act == "stop":
            class_wall().stop(classroom_service().students(code), name)
        else:
            classroom_service().remove(code, secret, name, visitor=visitor())


def _draw_wall(
    key: str,
    entries: list[WallEntry],
    best: Sequence[Standing],
    *,
    view: str,
    mine: str = "",
    on_act: Callable[[str, str], None] | None = None,
) -> None:
    """Draw a wall.

    Args:
        key: the key of the component.
        entries: the students' entries, at least one.
        best: the best in the challenge; on a projector, in any case.
        view: see `ae_core.classroom.run_card.pack`.
        mine: the id of the student who views the wall.
        on_act: only for the teacher's wall; called with "stop" or "remove" and the id of the run
            or student, before the page reruns.
    """

    def take(act: str) -> None:
        named = sent(key, act)
        if on_act is not None and isinstance(named, str):
            on_act(act, named)

    _WALL(
        key=key,
        data=pack(entries, words=_words(), mine=mine, best=best, view=view),
        on_stop_change=lambda: take("stop"),
        on_remove_change=lambda: take("remove"),
    )


def _words() -> dict[str, str]:
    words = {word: text(f"classroom.wall.{word}") for word in WORDS}
    words |= {status: text(f"run.status.{status}") for status in STATUSES}
    words["waiting"] = text("classroom.wall.waiting", place="#")
    words["numbers"] = text("run.numbers", count="#")
    return words
