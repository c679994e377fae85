"""The teacher leads the class: where to, what to ask, when to show the answer."""

from collections.abc import Callable

import streamlit as st

from ae_core.classroom.lead import Asked, Lead
from ae_core.classroom.model import Classroom
from ae_core.classroom.questions import MAX_CHOICES, MAX_QUESTION, Question, typed_question
from ae_core.errors import UserError
from pages.ui.backend.leading import leading, relay
from pages.ui.backend.lessons import lessons, question_of
from pages.ui.classroom.lead_live import Names, lead_live
from pages.ui.i18n import notice
from pages.ui.i18n.text import decimal, language, text
from pages.ui.state.session import session, visitor

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
            chosen = _where_to(code, secret, lead)
            if asked is None:
                _ask(code, secret, chosen)
            else:
                _asked(code, secret, asked, truth)
        with right:
            lead_live(code, "teacher", lead.number, pages)


def _do(code: str, act: Callable[[], object]) -> None:
    """Do something at a click, before the page reruns; all devices hear of it at once."""
    with notice.refusals(notice.toast):
        act()
        relay().forget(code)


def _where_to(code: str, secret: str, lead: Lead) -> Callable[[], tuple[str, int]]:
    """Let the teacher send the class to a step; return what tells the chosen one, from 0.

    It is asked for at a click: a fast hand chooses and presses before the page has run anew.
    """
    found = lessons(language())[0]
    at = dict(lead.query) if lead.page == "lessons" else {}
    here, written = at.get("lesson", ""), at.get("step", "")[:3]
    if here:
        session().led_lesson = here
    now = max(int(written) - 1, 0) if written.isdecimal() else 0
    names = list(found)
    key = f"classroom.lead.lesson.{here}"
    name = st.selectbox(
        text("classroom.lead.lesson"),
        names,
        names.index(last) if (last := here or session().led_lesson) in names else 0,
        format_func=lambda name: f"{names.index(name) + 1}. {found[name].title}",
        key=key,
    )
    steps = found[name].steps
    step = st.selectbox(
        text("classroom.lead.step"),
        range(len(steps)),
        min(now, len(steps) - 1) if name == here else 0,
        format_func=lambda place: f"{place + 1}. {steps[place].title}",
        key=f"classroom.lead.step.{here}.{now}.{name}",
    )
    st.toggle(
        text("classroom.lead.taken"),
        lead.taken,
        help=text("classroom.lead.taken_help"),
        key="classroom.lead.taken",
    )

    def chosen() -> tuple[str, int]:
        wanted = st.session_state[key]
        step = f"classroom.lead.step.{here}.{now}.{wanted}"
        return wanted, int(st.session_state[step]) if step in st.session_state else 0

    def send(ahead: int) -> None:
        lesson, place = chosen()
        query = {"lesson": lesson, "step": str(place + 1 + ahead)}
        taken = bool(st.session_state["classroom.lead.taken"])
        _do(
            code,
            lambda: leading().send(code, secret, "lessons", query, taken=taken, visitor=visitor()),
        )

    there = name == here and step == now
    with st.container(horizontal=True):
        st.button(
            text("classroom.lead.send"),
            type="secondary" if there else "primary",
            icon=":material/campaign:",
            key="classroom.lead.send",
            on_click=send,
            args=(0,),
        )
        if there and step + 1 < len(steps):
            st.button(
                text("classroom.lead.next"),
                type="primary",
                icon=":material/arrow_forward:",
                key="classroom.lead.next",
                on_click=send,
                args=(1,),
            )
    st.caption(text("classroom.lead.other_pages", code=code))
    return chosen


def _ask(code: str, secret: str, chosen: Callable[[], tuple[str, int]]) -> None:
    """Offer the step's question, and one of the teacher's own."""

    def question() -> Question | None:
        lesson, step = chosen()
        return question_of(lessons(language())[0][lesson], step)

    def ask() -> None:
        if (wanted := question()) is not None:
            _do(code, lambda: leading().ask(code, secret, wanted, visitor=visitor()))

    if (shown := question()) is not None:
        st.markdown(f"**{notice.plain(shown.text)}**")
        st.button(
            text("classroom.lead.ask"),
            icon=":material/front_hand:",
            key="classroom.lead.ask",
            on_click=ask,
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
    if question.truth is None and question.step:  # a lesson's number, which runs give
        st.caption(text(f"classroom.lead.{'no_truth' if asked.revealed else 'reveal_first'}"))
