"""Lets a student's page follow the class: ``follow.js`` asks the server, and one button goes there.

Nothing reruns while the class does nothing new.
"""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from ae_core.errors import StorageError
from pages.ui.backend.leading import leading, relay
from pages.ui.backend.lessons import lessons, question_of
from pages.ui.backend.service import classroom_service
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, slug, text
from pages.ui.shell.navigation import PAGES
from pages.ui.state.class_ticket import Ticket, written_ticket
from pages.ui.state.query_params import NOT_SENT, kept_language
from pages.ui.state.session import session, visitor
from pages.ui.widgets.component import component, sent

KEY = "class-follow"
ALONE = ("Projector", "Teacher")  # views that lead a class and follow none
_FOLLOW = component(__file__, '<section class="follow"></section>')


def follow(title: str) -> None:
    """Let the page of a student follow the class; of others, nothing is shown.

    Args:
        title: the name of the page, one of `navigation.PAGES`.
    """
    if st.query_params.get("view") in ALONE or "teacher" in st.query_params:
        return
    with suppress(StorageError):  # the page says so below
        where = classroom_service().class_of(visitor())
        if where is None:
            return
        code = where[0].code
        if sent(KEY, "go"):
            _go(code, title)
        if sent(KEY, "race"):
            st.switch_page("pages/classroom.py", query_params={"class": code, **kept_language()})
        _note_place(code, title)
        _FOLLOW(
            key=KEY,
            data={
                "ticket": written_ticket(Ticket("student", code, where[1].id)),
                "words": _words(),
                "questions": _questions(),
                "pages": named_pages(),
                "lessons": tuple(
                    (name, each.title) for name, each in lessons(language())[0].items()
                ),
            },
            on_go_change=_nothing,
            on_race_change=_nothing,
            on_gone_change=_nothing,
        )


def pages() -> list[tuple[str, str]]:
    """Return the pages to which a class may be sent, by their addresses, with their names."""
    return [(Path(path).stem, name) for path, name, _ in PAGES if path != "app.py"]


def named_pages() -> tuple[tuple[str, str], ...]:
    """Return these pages with their names in the visitor's language."""
    return tuple((page, text(f"frame.page.{slug(name)}")) for page, name in pages())


def _go(code: str, title: str) -> None:
    """Open the page to which the class was sent."""
    lead = leading().lead(code)
    name = dict(pages()).get(lead.page)
    if name is None:
        return
    wanted = {**dict(lead.query), **kept_language()}
    if name == title:  # a link to the present page would not change the browser's address
        st.query_params.from_dict(wanted)
        st.rerun()
    st.switch_page(f"pages/{lead.page}.py", query_params=wanted)


def _note_place(code: str, title: str) -> None:
    """Note where a student is; once, as pages run again and again."""
    place = next((page for page, name in pages() if name == title), "")
    query = st.query_params
    lesson = lessons(language())[0].get(query.get("lesson", "")) if place == "lessons" else None
    if lesson is not None:
        step = query.get("step", "1")
        known = step.isdecimal() and 0 < int(step[:3]) <= len(lesson.steps) + 1
        place = f"{lesson.id}/{int(step[:3]) if known else 1}"
    if session().noted_place != (code, place):
        leading().visit(visitor(), place)
        session().noted_place = code, place


def send_here(title: str) -> None:
    """Offer a visitor who teaches in this tab to send the class to the present page."""
    here = next((page for page, name in pages() if name == title), "")
    if not session().teaching or here in ("", "classroom"):
        return
    code, secret = [*session().teaching.items()][-1]

    def send() -> None:
        query = {name: value for name, value in st.query_params.items() if name not in NOT_SENT}
        with notice.refusals(notice.toast):
            taken = leading().lead(code).taken
            leading().send(code, secret, here, query, taken=taken, visitor=visitor())
            relay().forget(code)
            st.toast(text("classroom.lead.sent", code=code))

    with st.sidebar:
        st.button(
            text("classroom.lead.send_here", code=code),
            help=text("classroom.lead.send_here_help"),
            icon=":material/campaign:",
            key="class-send-here",
            width="stretch",
            on_click=send,
        )


def _nothing() -> None:
    """Let the page run anew, which then finds out."""


def _questions() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return the lessons' questions, by name, with text and choices in the visitor's language."""
    every = (
        question_of(lesson, step)
        for lesson in lessons(language())[0].values()
        for step in range(len(lesson.steps))
    )
    return tuple((each.name, each.text, each.choices) for each in every if each is not None)


def _words() -> tuple[tuple[str, str], ...]:
    return (
        ("region", text("classroom.follow.region")),
        ("paused", text("classroom.follow.paused")),
        ("go", text("classroom.follow.go", place="{place}")),
        ("race", text("classroom.follow.race", numbers="{numbers}")),
        ("back", text("classroom.follow.back", place="{place}")),
        ("step", text("classroom.follow.step", lesson="{lesson}", step="{step}")),
        ("send", text("classroom.follow.send")),
        ("said", text("classroom.follow.said", guess="{guess}")),
        ("waiting", text("classroom.follow.waiting", count="{count}")),
        ("truth", text("classroom.follow.truth", truth="{truth}")),
        ("no_truth", text("classroom.follow.no_truth")),
        ("before", text("classroom.follow.before")),
        ("number", text("classroom.follow.number")),
        ("failed", text("classroom.follow.failed")),
    )
