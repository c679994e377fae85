"""The Lessons page: predict, try, see, explain."""

import streamlit as st

from ae_core.lessons.schema import Lesson
from pages.ui.backend.lessons import lessons
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, text
from pages.ui.lessons.glossary import all_words, explained
from pages.ui.lessons.progress import (
    Progress,
    go_on,
    go_to,
    has_place,
    is_done,
    keep_place,
    open_lesson,
    progress_in,
)
from pages.ui.lessons.step import page_link, right_guesses, step_view
from pages.ui.shell.frame import page_frame, page_heading
from pages.ui.shell.top import top

_SIGNS = {True: ":material/check:", False: ":material/close:", None: ":material/remove:"}


def page() -> None:
    """Draw the page."""
    top(st.query_params.get("lesson", ""), st.query_params.get("step", ""))
    found, problems = lessons(language())
    for problem in problems:
        notice.error(problem)
    wished = st.query_params.get("lesson", "")
    if wished in found:
        names = list(found)
        _lesson(found[wished], [found[name] for name in names[names.index(wished) + 1 :]])
        return
    if wished:
        notice.error(text("lessons.unknown", lesson=wished[:40]))
    _list(found)


def _list(found: dict[str, Lesson]) -> None:
    page_heading("Lessons")
    st.caption(text("lessons.teachers"))
    for number, lesson in enumerate(found.values(), 1):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container():
                st.markdown(f"**{number}. {notice.plain(lesson.title)}**")
                level = text(f"lessons.level.{lesson.level}")
                length = text("lessons.minutes", minutes=lesson.minutes, level=level)
                st.caption(f"{notice.plain(lesson.about)}  \n{length}")
            left = has_place(lesson.id)
            again = "lessons.again" if is_done(lesson.id) else "lessons.begin"
            st.button(
                text("lessons.go_on" if left else again),
                icon=":material/check:" if is_done(lesson.id) else None,
                key=f"lessons.begin.{lesson.id}",
                on_click=go_on if left else open_lesson,
                args=(lesson.id,),
            )
    all_words()


def _lesson(lesson: Lesson, later: list[Lesson]) -> None:
    progress = progress_in(lesson)
    keep_place(lesson, progress)
    count = len(lesson.steps)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            text("lessons.all"), icon=":material/arrow_back:", on_click=open_lesson, args=("",)
        )
        st.title(notice.plain(lesson.title), anchor=False)
    if progress.step == count:
        _summary(lesson, progress, later)
        return
    st.progress(
        (progress.step + 1) / count, text=text("lessons.step", step=progress.step + 1, count=count)
    )
    complete = False
    with notice.refusals():
        complete = step_view(lesson, progress)
    with st.container(horizontal=True):
        st.button(
            text("lessons.back"),
            disabled=progress.step == 0,
            on_click=go_to,
            args=(progress.step - 1,),
        )
        last = progress.step + 1 == count
        ahead = "lessons.finish" if last else "lessons.next"
        st.button(
            text(ahead) if complete else text("lessons.skip"),
            type="primary" if complete else "secondary",
            on_click=go_to,
            args=(progress.step + 1,),
        )


def _summary(lesson: Lesson, progress: Progress, later: list[Lesson]) -> None:
    st.progress(1.0, text=text("lessons.finished"))
    with st.container(border=True):
        st.markdown(f"**{text('lessons.take_away')}**")
        explained("  \n".join(lesson.take_away.splitlines()))
    with st.container(horizontal=True, vertical_alignment="center"):
        page_link(lesson.go_on, {})
        if later:
            st.button(
                text("lessons.following", title=notice.plain(later[0].title)),
                type="primary",
                icon=":material/arrow_forward:",
                on_click=open_lesson,
                args=(later[0].id,),
            )
    with notice.refusals():
        _guesses(lesson, progress)


def _guesses(lesson: Lesson, progress: Progress) -> None:
    guesses = right_guesses(lesson, progress)
    asked = sum(step.guess is not None for step in lesson.steps)
    if any(said is not None for said in progress.guesses):
        st.metric(text("lessons.right_guesses"), f"{guesses.count(True)} / {asked}")
        st.markdown(text("lessons.wrong_is_fine"))
    else:
        st.markdown(text("lessons.no_guess"))
    for number, (step, right) in enumerate(zip(lesson.steps, guesses, strict=True)):
        st.button(
            f"{number + 1}. {notice.plain(step.title)}",
            key=f"lessons.again.{number}",
            icon=_SIGNS[right],
            on_click=go_to,
            args=(number,),
            type="tertiary",
        )


page_frame("Lessons", page, by_itself=False, heading=False)
