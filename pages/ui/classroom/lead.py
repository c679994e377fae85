"""The teacher leads the class: where to, what to ask, when to show the answer."""

from collections.abc import Callable

import streamlit as st

from ae_core.classroom.lead import Asked, Lead
from ae_core.classroom.model import Classroom
from ae_core.classroom.questions import MAX_CHOICES, MAX_QUESTION, typed_question
from ae_core.errors import UserError
from pages.ui.backend.leading import leading, relay
from pages.ui.backend.lessons import lessons, question_of
from pages.ui.classroom.lead_live import Names, lead_live
from pages.ui.i18n import notice
from pages.ui.i18n.text import decimal, language, text
from pages.ui.state.session import visitor

Truth = Callable[[str, int], float | None]  # of a lesson's step, from 0


def lead_view(classroom: Classroom, secret: str, truth: Truth, pages: Names) -> None:
    """Show what a teacher leads a class with.

    Args:
        classroom: the class.
        secret: the teacher's secret, "" for the visitor who opened the class.
        truth: returns the answer to a lesson's question by somebody's runs, None if it is unknown.
        pages: the pages of the app with their names.
    """
    code = classroom.code
    state = relay().state(code)
    lead = state.lead if state is not None else Lead()
    asked = state.asked if state is not None else None
    with st.container(border=True, key="class-lead"):
        st.markdown(f"## {text('classroom.lead.title')}")
        left, right = st.columns([2, 3], gap="large")
        with left:
            place = _where_to(code, secret, lead)
            if asked is None:
                _ask(code, secret, place)
            else:
                _asked(code, secret, asked, truth)
        with right:
            lead_live(code, "teacher", lead.number, pages)


def _do(code: str, act: Callable[[], object]) -> None:
    """Do something at a click, before the page reruns; all devices hear of it at once."""
    with notice.refusals(notice.toast):
        act()
        relay().forget(code)


def _where_to(code: str, secret: str, lead: Lead) -> tuple[str, int]:
    """Let the teacher send the class to a step; return the chosen lesson and step, from 0."""
    found = lessons(language())[0]
    at = dict(lead.query) if lead.page == "lessons" else {}
    names = list(found)
    name = st.selectbox(
        text("classroom.lead.lesson"),
        names,
        names.index(at["lesson"]) if at.get("lesson") in names else 0,
        format_func=lambda name: f"{names.index(name) + 1}. {found[name].title}",
        key=f"classroom.lead.lesson.{lead.number}",
    )
    steps = found[name].steps
    now = int(at["step"]) - 1 if name == at.get("lesson") and at.get("step", "").isdecimal() else 0
    step = st.selectbox(
        text("classroom.lead.step"),
        range(len(steps)),
        min(now, len(steps) - 1),
        format_func=lambda place: f"{place + 1}. {steps[place].title}",
        key=f"classroom.lead.step.{name}.{lead.number}",
    )
    key = f"classroom.lead.taken.{lead.number}"
    help_ = text("classroom.lead.taken_help")
    st.toggle(text("classroom.lead.taken"), lead.taken, help=help_, key=key)

    def send(place: int) -> None:
        query = {"lesson": name, "step": str(place + 1)}
        taken = bool(st.session_state[key])  # a fast hand presses both at once
        _do(
            code,
            lambda: leading().send(code, secret, "lessons", query, taken=taken, visitor=visitor()),
        )

    there = name == at.get("lesson") and step == now
    with st.container(horizontal=True):
        st.button(
            text("classroom.lead.send"),
            type="secondary" if there else "primary",
            icon=":material/campaign:",
            key="classroom.lead.send",
            on_click=send,
            args=(step,),
        )
        if there and step + 1 < len(steps):
            st.button(
                text("classroom.lead.next"),
                type="primary",
                icon=":material/arrow_forward:",
                key="classroom.lead.next",
                on_click=send,
                args=(step + 1,),
            )
    st.caption(text("classroom.lead.other_pages", code=code))
    return name, step


def _ask(code: str, secret: str, place: tuple[str, int]) -> None:
    """Offer the step's question, and one of the teacher's own."""
    lesson, step = place
    question = question_of(lessons(language())[0][lesson], step)
    if question is not None:
        st.markdown(f"**{notice.plain(question.text)}**")
        st.button(
            text("classroom.lead.ask"),
            icon=":material/front_hand:",
            key="classroom.lead.ask",
            on_click=_do,
            args=(code, lambda: leading().ask(code, secret, question, visitor=visitor())),
        )
    else:
        st.caption(text("classroom.lead.no_question"))
    with st.expander(text("classroom.lead.own"), icon=":material/edit:"):
        _own_question(code, secret)


def _own_question(code: str, secret: str) -> None:
    with st.form("classroom.lead.own", border=False, clear_on_submit=True):
        asked = st.text_input(
            text("classroom.lead.own_text"), max_chars=MAX_QUESTION, key="classroom.lead.own_text"
        )
        choices = st.text_input(
            text("classroom.lead.own_choices"),
            help=text("classroom.lead.own_choices_help", most=MAX_CHOICES),
            key="classroom.lead.own_choices",
        )
        right = st.text_input(
            text("classroom.lead.own_right"),
            help=text("classroom.lead.own_right_help"),
            max_chars=120,
            key="classroom.lead.own_right",
        )
        pressed = st.form_submit_button(
            text("classroom.lead.own_ask"), type="primary", key="classroom.lead.own_ask"
        )
    if not pressed:
        return

    with notice.refusals():
        named = [each.strip() for each in choices.split("/") if each.strip()]
        question = typed_question("", asked, named, _right(right.strip(), named))
        leading().ask(code, secret, question, visitor=visitor())
        relay().forget(code)
        st.rerun()


def _right(typed: str, choices: list[str]) -> float | None:
    """Return the number of the choice, or the number, that a teacher has typed as the answer."""
    if not typed:
        return None
    if choices:
        same = [n for n, each in enumerate(choices, 1) if each.casefold() == typed.casefold()]
        if not same:
            raise UserError("question_right_choice", typed=typed)
        return float(same[0])
    number = decimal(typed)
    if isinstance(number, str):
        raise UserError("question_right_number", typed=typed)
    return number


def _asked(code: str, secret: str, asked: Asked, truth: Truth) -> None:
    """Offer what goes on with the question on all devices."""
    question = asked.question
    st.markdown(f"**{notice.plain(question.text)}**")

    def reveal() -> None:
        known = question.truth
        lesson, _, step = question.name.partition("/")
        if known is None and step.isdecimal() and lesson in lessons(language())[0]:
            known = truth(lesson, int(step) - 1)
        leading().reveal(code, secret, question.name, known, visitor=visitor())

    with st.container(horizontal=True):
        if not asked.revealed or question.truth is None:
            st.button(
                text("classroom.lead.reveal"),
                type="secondary" if asked.revealed else "primary",
                icon=":material/visibility:",
                key="classroom.lead.reveal",
                on_click=_do,
                args=(code, reveal),
            )
        st.button(
            text("classroom.lead.again"),
            icon=":material/replay:",
            help=text("classroom.lead.again_help"),
            key="classroom.lead.again",
            on_click=_do,
            args=(code, lambda: leading().ask(code, secret, question, visitor=visitor())),
        )
        st.button(
            text("classroom.lead.put_away"),
            icon=":material/close:",
            key="classroom.lead.put_away",
            on_click=_do,
            args=(code, lambda: leading().put_away(code, secret, visitor=visitor())),
        )
    if asked.revealed and question.truth is None:
        st.caption(text("classroom.lead.no_truth"))
