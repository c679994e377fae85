"""A student's page: the own place in a class, the way to train, and the wall to look at."""

import streamlit as st

from ae_core.classroom.model import Classroom, Student
from ae_core.errors import UserError
from pages.ui.backend.service import classroom_service
from pages.ui.classroom.live import live_view
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.query_params import set_query
from pages.ui.state.session import visitor


def student_view(classroom: Classroom, student: Student) -> None:
    """Show a class to one of its students."""
    name = notice.plain(student.nickname)
    st.subheader(text("classroom.you", name=name, code=classroom.code))
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
    live_view(classroom.code, mine=student.id)


def _leave() -> None:
    try:
        classroom_service().leave(visitor())
    except UserError as error:
        notice.toast(error)
        return
    set_query(**{"class": ""})
