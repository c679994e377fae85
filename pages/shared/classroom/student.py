"""A student's page: the own place in a class, the way to train, and the wall to look at."""

import streamlit as st

from ae_core.classroom.model import Classroom, Student
from pages.shared import notice
from pages.shared.answers import class_book
from pages.shared.classroom.entrance import REFUSALS
from pages.shared.classroom.live import live_view
from pages.shared.links import put
from pages.shared.session import visitor
from pages.shared.text import text


def student_view(room: Classroom, student: Student) -> None:
    """Show a class to one of its students."""
    name = notice.plain(student.nickname)
    st.subheader(text("classroom.you", name=name, code=room.code))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/train.py",
            label=text("classroom.train"),
            icon=":material/play_arrow:",
            query_params={"view": "Set up"},
        )
        st.button(
            text("classroom.leave"), icon=":material/logout:", type="tertiary", on_click=_leave
        )
    live_view(room.code, mine=student.id)


def _leave() -> None:
    try:
        class_book().leave(visitor())
    except REFUSALS as error:
        notice.toast(str(error))
        return
    put(**{"class": ""})
