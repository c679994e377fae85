"""Handing in a run with a few sentences, and what the teacher gets."""

import streamlit as st

from ae_core.classroom.hand_ins import MAX_USER_NAME, MAX_WORDS, HandIn
from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.run_card import RunCard
from pages.ui.backend.leading import hand_ins, record_of
from pages.ui.backend.service import class_wall
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import number, text
from pages.ui.state.query_params import linked_choice
from pages.ui.state.session import visitor

SORTS = ("Newest", "Nickname", "PSNR")


def hand_in_form(classroom: Classroom, student: Student) -> None:
    """Let a student hand in one of the runs on the wall, and show what was handed in."""
    cards = {card.run.id: card for card in class_wall().cards(classroom, student)}
    mine = [each for each in record_of(classroom.code).hand_ins if each.visitor == student.visitor]
    with st.expander(text("classroom.hand_in.title"), icon=":material/assignment_turned_in:"):
        for each in mine:
            st.markdown(
                f":material/check: **{notice.plain(_run_in_words(cards.get(each.run)))}**: "
                f"{notice.plain(each.words)}"
            )
        if not cards:
            st.caption(text("classroom.hand_in.no_run"))
            return
        with st.form("classroom.hand_in", border=False, clear_on_submit=True):
            run = st.selectbox(
                text("classroom.hand_in.run"),
                list(cards),
                format_func=lambda name: _run_in_words(cards.get(name)),
                key="classroom.hand_in.run",
            )
            words = st.text_area(
                text("classroom.hand_in.words"),
                max_chars=MAX_WORDS,
                height=90,
                key="classroom.hand_in.words",
            )
            user_name = st.text_input(
                text("classroom.hand_in.user_name"),
                max_chars=MAX_USER_NAME,
                help=text("classroom.hand_in.user_name_help"),
                key="classroom.hand_in.user_name",
            )
            if st.form_submit_button(
                text("classroom.hand_in.button"), type="primary", key="classroom.hand_in.button"
            ):
                with notice.refusals():
                    hand_ins().hand_in(visitor(), run, words, user_name)
                    st.rerun()


def _run_in_words(card: RunCard | None) -> str:
    if card is None:
        return text("classroom.hand_in.gone")
    psnr = "–" if card.psnr is None else f"{number(card.psnr, '.1f')} dB"
    numbers = text("run.numbers", count=card.latent_dim)
    return f"{image_set_title(card.run.spec.image_set)} · {numbers} · {psnr}"


def work_list(classroom: Classroom) -> None:
    """Show the teacher all work handed in, sorted."""
    record = record_of(classroom.code)
    if not record.hand_ins:
        return
    students = {student.visitor: student for student in record.students}
    cards = {
        card.run.id: card
        for who in {each.visitor for each in record.hand_ins}
        for card in class_wall().cards(classroom, students[who])
    }
    label = text("classroom.hand_in.all", count=len(record.hand_ins))
    with st.expander(label, icon=":material/assignment:", key="class-work"):
        order = linked_choice(
            "work", text("classroom.wall.sort"), SORTS, "classroom", words="classroom.hand_in.sort"
        )

        def place(each: HandIn) -> tuple[float, str]:
            card = cards.get(each.run)
            psnr = card.psnr if card is not None and card.psnr is not None else 0.0
            name = students[each.visitor].nickname.casefold()
            by = {"Newest": -each.handed_in, "PSNR": -psnr}
            return by.get(order, 0.0), name

        for each in sorted(record.hand_ins, key=place):
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                name = notice.plain(students[each.visitor].nickname)
                about = notice.plain(_run_in_words(cards.get(each.run)))
                user_name = f" ({notice.plain(each.user_name)})" if each.user_name else ""
                st.markdown(f"**{name}**{user_name} · {about}  \n{notice.plain(each.words)}")
                st.page_link(
                    "pages/train.py",
                    label=text("classroom.wall.open"),
                    query_params={"run": each.run, "view": "Watch"},
                )
