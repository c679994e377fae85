"""The Class page: visitors join or open a class; its wall shows everybody's training live."""

from functools import partial

import streamlit as st

from ae_core.classroom.beginning import first_settings
from ae_core.classroom.model import Classroom, Student
from ae_core.errors import StorageError, UserError
from pages.ui.backend.leading import leading
from pages.ui.backend.lessons import lessons
from pages.ui.backend.service import class_entrance, class_wall, classroom_service
from pages.ui.backend.submission import refusal, submit_run
from pages.ui.classroom.hand_in import hand_in_form
from pages.ui.classroom.join_or_open import (
    PROJECTOR_VIEW,
    TEACHER_VIEW,
    caller,
    https_help,
    join_form,
    join_or_open,
)
from pages.ui.classroom.lead_live import lead_live
from pages.ui.classroom.teacher import teacher_view
from pages.ui.classroom.wall import projector, refreshing_wall
from pages.ui.classroom.yours import your_classes
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, text
from pages.ui.lessons.truth import truth_of
from pages.ui.shell.follow import named_pages
from pages.ui.shell.frame import page_frame, page_heading
from pages.ui.shell.this_browser import this_browser
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session, visitor


def page() -> None:
    """Draw the page."""
    _class_or_way_in()
    if st.query_params.get("view") != PROJECTOR_VIEW:
        with notice.refusals(but=(StorageError,)):
            your_classes(st.query_params.get("class", ""))
            this_browser("classroom.browser")


def _class_or_way_in() -> None:
    if "class" not in st.query_params:
        _remembered()
    if code := st.query_params.get("class", ""):
        with notice.refusals(but=(StorageError,)):
            _one_class(code)
            return
    page_heading("Class")
    join_or_open()


def _remembered() -> None:
    """Put the visitor's class into the address: the one taught in this tab, or the joined one."""
    for code, secret in reversed(session().teaching.items()):
        set_query(**{"class": code, "teacher": secret, "view": "" if secret else TEACHER_VIEW})
        return
    where = classroom_service().class_of(visitor())
    if where is not None:
        set_query(**{"class": where[0].code})


def _one_class(code: str) -> None:
    secret, view = st.query_params.get("teacher", ""), st.query_params.get("view")
    if secret or view == TEACHER_VIEW:
        try:
            classroom = class_entrance().as_teacher(code, secret, caller())
        except StorageError:  # the class may be there
            raise
        except UserError:
            session().teaching.pop(code, None)
            raise
        session().teaching[classroom.code] = secret
        teacher_view(classroom, secret, partial(_truth, classroom.code), named_pages())
        return
    classroom = class_entrance().find(code, caller())
    if view == PROJECTOR_VIEW:
        number = leading().lead(classroom.code).number
        lead_live(classroom.code, "projector", number, named_pages())
        projector(classroom.code)
        return
    where = classroom_service().class_of(visitor())
    if where is not None and where[0].code == classroom.code:
        _student_view(*where)
        return
    st.title(text("classroom.join.this", code=classroom.code), anchor=False)
    if where is not None:
        st.caption(text("classroom.join.elsewhere", code=where[0].code))
    join_form(classroom)
    https_help(classroom)


def _truth(code: str, lesson: str, step: int) -> float | None:
    """Return the answer to a lesson's question by the teacher's runs, else by a student's."""
    owners = (visitor(), *(student.visitor for student in classroom_service().students(code)))
    return truth_of(lessons(language())[0][lesson], step, owners)


def _student_view(classroom: Classroom, student: Student) -> None:
    """Show a class to one of its students."""
    name = notice.plain(student.nickname)
    st.title(text("classroom.you", name=name, code=classroom.code), anchor=False)
    if not class_wall().runs(classroom, student):
        _first_run(classroom, student)
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
        https_help(classroom)
    hand_in_form(classroom, student)
    refreshing_wall(classroom.code, mine=student.id)


def _first_run(classroom: Classroom, student: Student) -> None:
    """Let a student who has no run yet begin one with a single tap."""
    if not st.button(
        text("classroom.first_run"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="classroom.first_run",
    ):
        return
    with notice.refusals(refusal):
        run = submit_run(*first_settings(classroom, student))
        st.switch_page("pages/train.py", query_params={"run": run, "view": "Watch"})


def _leave() -> None:
    with notice.refusals(notice.toast):
        classroom_service().leave(visitor())
        set_query(**{"class": ""})


page_frame(
    "Class",
    page,
    by_itself=False,
    heading=False,
    sidebar=st.query_params.get("view") != PROJECTOR_VIEW,
)
