"""The teacher's page: how students get in, what they may do, and the wall with its buttons."""

import time
from collections.abc import Callable

import streamlit as st

from ae_core.classroom.csv_export import table
from ae_core.classroom.join_link import with_query
from ae_core.classroom.model import CLASS_LIMITS, Challenge, ClassLimits, Classroom
from ae_core.data.loading import IMAGE_SETS, card
from ae_core.data.user_image_sets import name_of, own_sets
from pages.ui.backend.service import class_book, class_wall
from pages.ui.classroom.entrance import REFUSALS, attempt
from pages.ui.classroom.joining import here, joining
from pages.ui.classroom.limits import limits_in_words
from pages.ui.classroom.live import live_view
from pages.ui.i18n import notice
from pages.ui.i18n.names import pictures_title
from pages.ui.i18n.text import text
from pages.ui.state.query_params import put
from pages.ui.state.session import teaching, visitor
from pages.ui.widgets.download_menu import File, offer

MOST_NUMBERS, USUAL_NUMBERS = 64, 8  # of the code in a challenge
FIRST_PICTURES = "digits"


def teacher_view(room: Classroom, secret: str) -> None:
    """Show the teacher's page of a class."""
    joining(room, large=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            text("classroom.projector"),
            with_query(here(), **{"class": room.code, "view": "Projector"}),
            icon=":material/present_to_all:",
            help=text("classroom.projector_help"),
        )
        _pause(room, secret)
        _limits(room, secret)
        _challenge(room, secret)
        _clear(room, secret)
        offer(
            f"class.{room.code}",
            [File(text("classroom.csv"), f"class-{room.code}.csv", lambda: _csv(room), "text/csv")],
            label=text("classroom.table"),
        )
        st.button(text("classroom.close"), type="tertiary", on_click=_close, args=(room.code,))
    said = notice.plain(limits_in_words(room.limits))
    st.caption(f"**{said}** · {text('classroom.secret')}")
    live_view(room.code, secret=secret)


def _try(action: Callable[[], object]) -> None:
    """Do something at a click, before the page is drawn again, or say why it cannot be."""
    try:
        action()
    except REFUSALS as error:
        notice.toast(str(error))


def _pause(room: Classroom, secret: str) -> None:
    def pause(paused: bool) -> None:
        class_book().change(room.code, secret, paused=paused)
        act = class_wall().hold if paused else class_wall().go_on
        act(class_book().students(room.code))

    st.button(
        text("classroom.go_on" if room.paused else "classroom.pause"),
        icon=":material/play_arrow:" if room.paused else ":material/pause:",
        type="primary",
        help=text("classroom.pause_help"),
        key="classroom.pause",
        on_click=_try,
        args=(lambda: pause(not room.paused),),
    )


def _limits(room: Classroom, secret: str) -> None:
    with (
        st.popover(text("classroom.limits"), icon=":material/rule:"),
        st.form("limits", border=False),
    ):
        most = CLASS_LIMITS["epochs"]
        epochs = st.number_input(
            text("classroom.limits_epochs"),
            int(most.low),
            int(most.high),
            room.limits.epochs,
            key="classroom.limits.epochs",
        )
        image_sets = st.multiselect(
            text("classroom.limits_image_sets"),
            _image_sets(room.limits),
            list(room.limits.image_sets),
            format_func=pictures_title,
            placeholder=text("classroom.limits_all"),
            key="classroom.limits.image_sets",
        )
        runs = st.number_input(
            text("classroom.limits_runs"),
            int(CLASS_LIMITS["runs"].low),
            int(CLASS_LIMITS["runs"].high),
            room.limits.runs,
            key="classroom.limits.runs",
        )
        if st.form_submit_button(text("classroom.limits_set"), type="primary"):
            limits = ClassLimits(int(epochs), tuple(image_sets), int(runs))
            attempt(lambda: _change(room, secret, limits=limits))


def _change(room: Classroom, secret: str, **changes: object) -> None:
    class_book().change(room.code, secret, **changes)


def _image_sets(limits: ClassLimits) -> list[str]:
    """Return all image sets of the app and those that the teacher has made."""
    own = [name_of(each) for each in own_sets().mine(visitor())]
    return list(dict.fromkeys([*IMAGE_SETS, *own, *limits.image_sets]))


def _challenge(room: Classroom, secret: str) -> None:
    with st.popover(text("classroom.challenge.title"), icon=":material/trophy:"):
        st.markdown(text("classroom.challenge.about"))
        numbers = st.slider(
            text("classroom.challenge.numbers"),
            1,
            MOST_NUMBERS,
            USUAL_NUMBERS,
            key="classroom.numbers",
        )
        names = list(room.limits.image_sets) or _image_sets(room.limits)
        name = st.selectbox(
            text("classroom.challenge.pictures"),
            names,
            names.index(FIRST_PICTURES) if FIRST_PICTURES in names else 0,
            format_func=pictures_title,
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
        if st.button(text("classroom.challenge.start"), type="primary", key="classroom.challenge"):
            begun = Challenge(numbers, name, side, time.time())
            attempt(lambda: _change(room, secret, challenge=begun))
        if room.challenge is not None and st.button(text("classroom.challenge.end")):
            attempt(lambda: _change(room, secret, challenge=None))


def _clear(room: Classroom, secret: str) -> None:
    with st.popover(text("classroom.clear"), icon=":material/mop:"):
        st.markdown(text("classroom.clear_about"))
        if st.button(text("classroom.clear_yes"), type="primary", key="classroom.clear"):
            attempt(lambda: _change(room, secret, cleared=time.time()))


def _csv(room: Classroom) -> bytes:
    students = class_book().students(room.code)
    return table(
        (student, run)
        for student in students
        for run in reversed(class_wall().views(room, student))
    )


def _close(code: str) -> None:
    teaching().pop(code, None)
    put(**{"class": "", "teacher": ""})
