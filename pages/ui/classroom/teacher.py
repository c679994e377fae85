"""The teacher's view of a class: how to join, the limits, and the wall with its buttons."""

import time
from collections.abc import Callable

import streamlit as st

from ae_core.classroom.model import CLASS_LIMITS, Challenge, ClassLimits, Classroom
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import card
from ae_core.data.user_image_sets import user_sets
from pages.ui.backend.service import class_wall, classroom_service
from pages.ui.classroom.exports import files_of
from pages.ui.classroom.hand_in import work_list
from pages.ui.classroom.join_or_open import PROJECTOR_VIEW, attempt, join_info
from pages.ui.classroom.lead import Truth, lead_view
from pages.ui.classroom.lead_live import Names
from pages.ui.classroom.limits import limits_in_words
from pages.ui.classroom.wall import refreshing_wall
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import in_words, label
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session, visitor
from pages.ui.widgets.download_menu import download_menu
from pages.ui.widgets.link import here, with_query

MAX_LATENT_DIM, USUAL_LATENT_DIM = 64, 8  # in a challenge
FIRST_PICTURES = "digits"


def teacher_view(classroom: Classroom, secret: str, truth: Truth, pages: Names) -> None:
    """Show the teacher's view of a class.

    Args:
        classroom: the class.
        secret: the teacher's secret, "" for the visitor who opened the class.
        truth: see `lead_view`.
        pages: likewise.
    """
    code = classroom.code
    join_info(classroom, large=False)
    lead_view(classroom, secret, truth, pages)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            text("classroom.projector"),
            with_query(here(), **{"class": code, "view": PROJECTOR_VIEW}),
            icon=":material/present_to_all:",
            help=text("classroom.projector_help"),
        )
        _pause(classroom, secret)
        _door(classroom, secret)
        _limits(classroom, secret)
        _challenge(classroom, secret)
        _clear(classroom, secret)
        st.button(
            text("classroom.clear_queue"),
            help=text("classroom.clear_queue_help"),
            icon=":material/playlist_remove:",
            key="classroom.clear_queue",
            on_click=_try,
            args=(lambda: class_wall().clear_queue(classroom_service().students(code)),),
        )
        download_menu(f"class.{code}", files_of(classroom), label=text("classroom.table"))
        _end(classroom, secret)
        st.button(text("classroom.close"), type="tertiary", on_click=_close, args=(code,))
    said = notice.plain(limits_in_words(classroom.limits))
    st.caption(f"**{said}** · {text('classroom.secret' if secret else 'classroom.no_secret')}")
    work_list(classroom)
    refreshing_wall(code, secret=secret)


def _try(action: Callable[[], object]) -> None:
    """Run an action at a click, before the page reruns, or show the error."""
    with notice.refusals(notice.toast):
        action()


def _pause(classroom: Classroom, secret: str) -> None:
    def pause(paused: bool) -> None:
        _change(classroom, secret, paused=paused)
        act = class_wall().pause if paused else class_wall().resume
        act(classroom_service().students(classroom.code))

    st.button(
        text("classroom.go_on" if classroom.paused else "classroom.pause"),
        icon=":material/play_arrow:" if classroom.paused else ":material/pause:",
        type="primary",
        help=text("classroom.pause_help"),
        key="classroom.pause",
        on_click=_try,
        args=(lambda: pause(not classroom.paused),),
    )


def _door(classroom: Classroom, secret: str) -> None:
    key = f"classroom.door.{classroom.code}"
    st.session_state[key] = classroom.closed  # another tab may have changed it
    st.toggle(
        text("classroom.door"),
        help=text("classroom.door_help"),
        key=key,
        on_change=by_hand(
            lambda: _try(lambda: _change(classroom, secret, closed=st.session_state[key]))
        ),
    )


def _limits(classroom: Classroom, secret: str) -> None:
    with (
        st.popover(text("classroom.limits"), icon=":material/rule:"),
        st.form("limits", border=False),
    ):
        most = CLASS_LIMITS["epochs"]
        epochs = st.number_input(
            text("classroom.limits_epochs"),
            int(most.low),
            int(most.high),
            classroom.limits.epochs,
            key="classroom.limits.epochs",
        )
        image_sets = st.multiselect(
            text("classroom.limits_image_sets"),
            _image_sets(classroom.limits),
            list(classroom.limits.image_sets),
            format_func=image_set_title,
            placeholder=text("classroom.limits_all"),
            key="classroom.limits.image_sets",
        )
        runs = st.number_input(
            text("classroom.limits_runs"),
            int(CLASS_LIMITS["runs"].low),
            int(CLASS_LIMITS["runs"].high),
            classroom.limits.runs,
            key="classroom.limits.runs",
        )
        if st.form_submit_button(text("classroom.limits_set"), type="primary"):
            limits = ClassLimits(int(epochs), tuple(image_sets), int(runs))
            attempt(lambda: _change(classroom, secret, limits=limits))


def _change(classroom: Classroom, secret: str, **changes: object) -> None:
    classroom_service().change(classroom.code, secret, visitor=visitor(), **changes)


def _image_sets(limits: ClassLimits) -> list[str]:
    """Return all image sets of the app and the teacher's own ones."""
    own = [each.image_set for each in user_sets().mine(visitor())]
    return list(dict.fromkeys([*IMAGE_SETS, *own, *limits.image_sets]))


def _challenge(classroom: Classroom, secret: str) -> None:
    begun_last = classroom.challenge.begun if classroom.challenge else 0.0
    with st.popover(  # another one after each start, which closes it
        text("classroom.challenge.title"),
        icon=":material/trophy:",
        key=f"classroom.challenge.{begun_last}",
    ):
        st.markdown(text("classroom.challenge.about"))
        latent_dim = st.slider(
            text("classroom.challenge.numbers"),
            1,
            MAX_LATENT_DIM,
            USUAL_LATENT_DIM,
            key="classroom.numbers",
        )
        names = list(classroom.limits.image_sets) or _image_sets(classroom.limits)
        name = st.selectbox(
            text("classroom.challenge.pictures"),
            names,
            names.index(FIRST_PICTURES) if FIRST_PICTURES in names else 0,
            format_func=image_set_title,
            key="classroom.pictures",
        )
        sizes = card(name).sizes
        side = st.selectbox(
            text("classroom.challenge.side"),
            sizes,
            len(sizes) - 1 if max(sizes) <= 32 else 0,
            format_func=lambda side: f"{side}×{side}",
            key=f"classroom.side.{name}",
        )
        offered = card(name).channels
        channels = offered[-1]
        if len(offered) > 1:
            channels = st.selectbox(
                label("channels"),
                offered,
                offered.index(channels),
                format_func=lambda channels: in_words(channels, "channels"),
                key=f"classroom.channels.{name}",
            )
        if st.button(text("classroom.challenge.start"), type="primary", key="classroom.challenge"):
            begun = Challenge(latent_dim, name, side, time.time(), channels)
            attempt(lambda: _change(classroom, secret, challenge=begun))
        if classroom.challenge is not None and st.button(text("classroom.challenge.end")):
            attempt(lambda: _change(classroom, secret, challenge=None))


def _clear(classroom: Classroom, secret: str) -> None:
    with st.popover(text("classroom.clear"), icon=":material/mop:"):
        st.markdown(text("classroom.clear_about"))
        if st.button(text("classroom.clear_yes"), type="primary", key="classroom.clear"):
            attempt(lambda: _change(classroom, secret, cleared=time.time()))


def _end(classroom: Classroom, secret: str) -> None:
    def end() -> None:
        students = classroom_service().students(classroom.code)
        classroom_service().end(classroom.code, secret, visitor=visitor())
        if classroom.paused:
            class_wall().resume(students)
        _close(classroom.code)

    with st.popover(text("classroom.end"), icon=":material/logout:"):
        st.markdown(text("classroom.end_about"))
        if st.button(text("classroom.end_yes"), type="primary", key="classroom.end"):
            attempt(end)


def _close(code: str) -> None:
    session().teaching.pop(code, None)
    set_query(**{"class": "", "teacher": "", "view": ""})
