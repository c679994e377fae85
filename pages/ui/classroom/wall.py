"""The wall of a class, drawn anew every other second.

What happens on it is in ``wall.js``, what is painted there in ``plot.js``.
"""

from collections.abc import Callable, Collection

import streamlit as st

from ae_core.classroom.run_card import WallEntry, pack
from ae_core.runs.snapshot import LIVE
from pages.ui.i18n.text import text
from pages.ui.widgets.component import component

WORDS = (
    *("sort", "sort_name", "sort_psnr", "sort_loss", "sort_newest", "sort_numbers"),
    *("plot", "measure_psnr", "measure_loss", "epoch", "loss", "held_out", "in_training"),
    *("leads", "no_run", "pictures", "curve", "stop", "remove", "open"),
)
ENDED = ("finished", "stopped", "failed")

_WALL = component(__file__, '<div class="wall"></div>')


def wall(
    key: str,
    entries: list[WallEntry],
    *,
    mine: str = "",
    leaders: Collection[str] = (),
    on_act: Callable[[str, str], None] | None = None,
) -> None:
    """Draw a wall.

    Args:
        key: of the component.
        entries: of the students, at least one.
        mine: the id of the student who looks at it.
        leaders: ids of students who lead a challenge.
        on_act: given for the teacher's wall alone; it is told what is to be done ("stop" or
            "remove") and with which run or student, before the page is drawn again.
    """

    def take(act: str) -> None:
        named = st.session_state[key][act]
        if on_act is not None and isinstance(named, str):  # anything may come from a browser
            on_act(act, named)

    data = pack(entries, words=_words(), mine=mine, leaders=leaders, teacher=on_act is not None)
    _WALL(
        key=key,
        data=data,
        on_stop_change=lambda: take("stop"),
        on_remove_change=lambda: take("remove"),
    )


def _words() -> dict[str, str]:
    words = {word: text(f"classroom.wall.{word}") for word in WORDS}
    words |= {status: text(f"run.status.{status}") for status in (*LIVE, *ENDED)}
    words["waiting"] = text("classroom.wall.waiting", place="#")
    words["numbers"] = text("run.numbers", count="#")
    return words
