"""What of a class changes by itself: the challenge and the wall, drawn anew every few seconds."""

import streamlit as st

from ae_core.classroom.wall import standings
from ae_core.errors import UserError
from pages.ui.backend.service import class_wall, classroom_service
from pages.ui.classroom.limits import challenge_view, limits_in_words
from pages.ui.classroom.wall import wall
from pages.ui.i18n import notice
from pages.ui.i18n.text import text

SHOWN_SECONDS = 1.5  # on the projector and to the teacher
STUDENT_SECONDS = 3.0  # a hundred students may look at a hundred students


def live_view(code: str, *, mine: str = "", secret: str = "") -> None:
    """Show a class and keep it up to date.

    Args:
        code: of the class.
        mine: the id of the student who looks at it.
        secret: the teacher's, on the teacher's page alone.
    """
    every = STUDENT_SECONDS if mine else SHOWN_SECONDS
    st.fragment(run_every=every)(_draw)(code, mine, secret)


def _draw(code: str, mine: str, secret: str) -> None:
    try:
        classroom = classroom_service().find(code)
    except UserError:
        st.rerun()  # the whole page: it says why
    students = classroom_service().students(code)
    if mine and mine not in {student.id for student in students}:
        st.rerun()  # the teacher has taken this student out
    if classroom.paused:
        st.warning(text("classroom.paused"), icon=":material/pause:")
        if not mine:
            class_wall().pause(students)  # what came off the queue meanwhile
    if not secret:
        st.caption(notice.plain(limits_in_words(classroom.limits)))
    entries = class_wall().entries(classroom, students)
    best = standings(entries)
    challenge_view(classroom, best, to_a_student=bool(mine))
    if not students:
        st.info(text("classroom.empty"))
        return
    wall(
        f"class-wall-{code}-{'teacher' if secret else 'all'}",
        entries,
        mine=mine,
        leaders={student.id for student, _ in best[:1]},
        on_act=(lambda act, name: _act(code, secret, act, name)) if secret else None,
    )


def _act(code: str, secret: str, act: str, name: str) -> None:
    """Do what the teacher asked for on the wall."""
    try:
        classroom_service().as_teacher(code, secret)
        if act == "stop":
            class_wall().stop(classroom_service().students(code), name)
        else:
            classroom_service().remove(code, secret, name)
    except UserError as error:
        notice.toast(error)
