"""The way into a class: students join it, and teachers open it and show how to join."""

import html
from collections.abc import Callable

import streamlit as st

from ae_core.classroom.entrance import Caller
from ae_core.classroom.model import CODE_LENGTH, DAYS, MAX_NICKNAME, Classroom
from ae_core.errors import UserError
from pages.ui.backend.leading import relay
from pages.ui.backend.service import class_entrance, classroom_service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.addresses import visitor_address
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session, visitor
from pages.ui.widgets.link import (
    by_https_and_http,
    certificate,
    here,
    is_local,
    qr_code,
    reachable,
    with_query,
)

PROJECTOR_VIEW = "Projector"  # in the address of the page that is projected
TEACHER_VIEW = "Teacher"  # in the address of a visitor who opened the class


def join_or_open() -> None:
    """Let the visitor join a class or open one."""
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        st.header(text("classroom.join.title"), anchor=False)
        st.markdown(text("classroom.join.about"))
        join_form()
    with right, st.container(border=True):
        st.header(text("classroom.open.title"), anchor=False)
        st.markdown(text("classroom.open.about", days=DAYS))
        if st.button(
            text("classroom.open.button"),
            icon=":material/add:",
            width="stretch",
            key="classroom.open",
        ):
            _open()


def join_form(classroom: Classroom | None = None) -> None:
    """Let the visitor join a class, either from a link or with a typed code."""
    with st.form("classroom.join", border=False):
        typed = ""
        if classroom is None:
            typed = st.text_input(
                text("classroom.join.code"), max_chars=2 * CODE_LENGTH, key="classroom.code"
            )
        nickname = st.text_input(
            text("classroom.join.nickname"),
            max_chars=MAX_NICKNAME,
            help=text("classroom.join.nickname_help"),
            key="classroom.nickname",
        )
        pressed = st.form_submit_button(
            text("classroom.join.button"),
            type="primary",
            icon=":material/login:",
            width="stretch",
            key="classroom.join.button",
        )
    if not pressed:
        return

    def join() -> None:
        wished = classroom.code if classroom is not None else typed
        if not wished.strip():
            raise UserError("class_code_missing")
        code = class_entrance().find(wished, caller()).code
        classroom_service().join(code, visitor(), nickname)
        relay().forget(code)
        set_query(**{"class": code})

    attempt(join)


def attempt(action: Callable[[], None]) -> None:
    """Run a visitor's action and rerun the whole page, or show the error."""
    with notice.refusals():
        action()
        st.rerun()


def _open() -> None:
    def open_class() -> None:
        classroom, secret = class_entrance().open_class(caller())
        session().teaching[classroom.code] = secret
        set_query(**{"class": classroom.code, "teacher": secret})

    attempt(open_class)


def caller() -> Caller:
    """Return the visitor, and where the visitor is."""
    return Caller(visitor(), visitor_address())


def join_info(classroom: Classroom, *, large: bool) -> None:
    """Show how students join a class, for a projector or, in one low row, for the teacher."""
    address = with_query(reachable(), **{"class": classroom.code})
    size = "clamp(4rem, 13vw, 11rem)" if large else "clamp(2.2rem, 4vw, 3rem)"
    shape = [2, 5] if large else [1, 9]
    picture, words = st.columns(shape, vertical_alignment="center", gap="small")
    with picture:
        st.image(qr_code(address), width="stretch" if large else 104, alt=text("classroom.qr"))
    with words:
        st.html(
            f'<h1 style="font-size:{size};font-weight:800;letter-spacing:.08em;line-height:1">'
            f"{classroom.code}</h1>"
        )
        st.code(address, language=None, wrap_lines=True)
        if not large:
            https_help(classroom)
    if is_local(here()):
        st.caption(text("classroom.local" if is_local(address) else "classroom.local_guessed"))


def https_help(classroom: Classroom) -> None:
    """Say how a device gets a camera and trusts the certificate, where there is https and http."""
    both = by_https_and_http(with_query(reachable(), **{"class": classroom.code}))
    if both is None:
        return
    secure, plain = both
    with st.popover(text("classroom.https.open"), icon=":material/lock:"):
        st.markdown(text("classroom.https.about", certificate=certificate(secure)))
        st.code(secure, language=None, wrap_lines=True)
        st.markdown(text("classroom.https.devices"))
        st.markdown(text("classroom.https.careful"))
        st.markdown(text("classroom.https.plain"))
        st.code(plain, language=None, wrap_lines=True)


def join_corner(classroom: Classroom, title: str) -> None:
    """Show a heading, and in a corner beside it how to join: others are there already."""
    address = with_query(reachable(), **{"class": classroom.code})
    with st.container(horizontal=True, horizontal_alignment="distribute", key="projector-head"):
        st.title(notice.plain(title), anchor=False, width="stretch")
        shown = html.escape(address.partition("://")[2])
        st.html(f"<p>{classroom.code}</p><small>{shown}</small>", width="content")
        st.image(qr_code(address), width=110, alt=text("classroom.qr"))
