"""The classes that a visitor teaches or is in, and the way to them."""

import streamlit as st

from ae_core.classroom.model import Classroom
from pages.ui.backend.service import classroom_service
from pages.ui.classroom.join_or_open import TEACHER_VIEW
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.query_params import set_query
from pages.ui.state.session import visitor


def your_classes(shown: str = "") -> None:
    """Show the visitor's classes, newest first.

    Args:
        shown: the code of the class that the page shows, which is left out.
    """
    links: dict[str, tuple[Classroom, str, str]] = {}
    if where := classroom_service().class_of(visitor()):
        classroom, student = where
        label = text("classroom.yours.joined", name=notice.plain(student.nickname))
        links[classroom.code] = classroom, label, ""
    for classroom in classroom_service().taught_by(visitor()):
        links[classroom.code] = classroom, text("classroom.yours.taught"), TEACHER_VIEW
    links.pop("".join(shown.upper().split()), None)
    if not links:
        return
    st.markdown(f"## {text('classroom.yours.title')}")
    for classroom, label, view in sorted(links.values(), key=lambda each: -each[0].created):
        # No link: one to the present page would not change the browser's address.
        st.button(
            f"**{classroom.code}** · {label}",
            key=f"classroom.yours.{classroom.code}",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=set_query,
            kwargs={"class": classroom.code, "view": view, "teacher": ""},
        )
