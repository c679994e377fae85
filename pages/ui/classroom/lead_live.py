"""Where a class is and what it guesses, as it happens: ``lead_live.js`` asks the server for it."""

from collections.abc import Sequence

from pages.ui.backend.lessons import lessons
from pages.ui.i18n.text import language, text
from pages.ui.state.class_ticket import Role, Ticket, written_ticket
from pages.ui.widgets.component import component

Names = tuple[tuple[str, str], ...]
_LIVE = component(__file__, '<section class="lead"></section>')


def lead_live(code: str, role: Role, number: int, pages: Names) -> None:
    """Show a class's question with its bars, and to its teacher who is where.

    Args:
        code: the code of the class.
        role: who looks.
        number: the number of the lead that the page shows; with another one, the page runs anew.
        pages: the pages of the app with their names.
    """
    _LIVE(
        key=f"class-lead-{role}",
        data={
            "ticket": written_ticket(Ticket(role, code)),
            "teacher": role == "teacher",
            "number": number,
            "words": _words(),
            "pages": pages,
            "lessons": tuple(_titles()),
        },
        on_changed_change=_nothing,
    )


def _nothing() -> None:
    """Let the page run anew."""


def _titles() -> Sequence[tuple[str, str]]:
    """Return the titles of lessons and of their steps."""
    found = []
    for name, lesson in lessons(language())[0].items():
        found.append((name, lesson.title))
        found += [(f"{name}/{n}", step.title) for n, step in enumerate(lesson.steps, 1)]
        found.append((f"{name}/{len(lesson.steps) + 1}", text("classroom.lead.end_of_lesson")))
    return found


def _words() -> tuple[tuple[str, str], ...]:
    return (
        ("region", text("classroom.lead.region")),
        ("where", text("classroom.lead.where")),
        ("home", text("frame.page.home")),
        ("here", text("classroom.lead.here", place="{place}")),
        ("step", text("classroom.follow.step", lesson="{lesson}", step="{step}")),
        ("guessed", text("classroom.lead.guessed", count="{count}", students="{students}")),
        ("truth", text("classroom.follow.truth", truth="{truth}")),
        ("no_truth", text("classroom.follow.no_truth")),
        ("before", text("classroom.follow.before")),
        ("again", text("classroom.lead.round", round="{round}")),
        ("who", text("classroom.lead.who")),
    )
