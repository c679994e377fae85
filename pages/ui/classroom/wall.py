"""The wall of a class, drawn anew every other second.

What happens on it is in ``wall.js``, what is painted there in ``plot.js``.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import streamlit as st

from ae_core.classroom.run_card import WallEntry, pack
from ae_core.runs.snapshot import LIVE
from pages.ui.i18n.text import text

WORDS = (
    *("sort", "sort_name", "sort_psnr", "sort_loss", "sort_newest", "sort_numbers"),
    *("plot", "measure_psnr", "measure_loss", "epoch", "loss", "held_out", "in_training"),
    *("leads", "no_run", "pictures", "curve", "stop", "remove", "open"),
)
ENDED = ("finished", "stopped", "failed")

_SCRIPTS = (Path(__file__).with_name("plot.js"), Path(__file__).with_suffix(".js"))
_CSS = """
:host { container-type: inline-size; }
.wall { font-family: var(--st-font, sans-serif); color: var(--st-text-color); }
.toolbar { display: flex; flex-wrap: wrap; gap: 8px 24px; margin-bottom: 8px; }
.hands { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.hands span { opacity: 0.85; }
button, a { font: inherit; cursor: pointer; color: inherit; text-decoration: none; }
.hands button, .acts > * { min-height: 40px; padding: 0 12px; box-sizing: border-box;
  display: inline-flex; align-items: center; background: var(--st-background-color);
  border-radius: var(--st-button-radius, 8px);
  border: 1px solid color-mix(in srgb, var(--st-text-color) 60%, var(--st-background-color)); }
.hands button[aria-pressed="true"] { border-color: var(--st-primary-color);
  box-shadow: inset 0 0 0 1px var(--st-primary-color); font-weight: 700; }
.hands button:hover, .acts > *:hover { background: var(--st-secondary-background-color); }
:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.plot { display: block; width: 100%; height: 230px; border-radius: 8px; margin-bottom: 10px;
  background: var(--st-secondary-background-color); font-family: inherit; }
.cards { display: grid; gap: 10px; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
.card { position: relative; padding: 8px 10px; border-radius: 8px; min-width: 0;
  background: var(--st-secondary-background-color); border: 2px solid transparent;
  border-left: 6px solid var(--own); }
.card.mine { border-color: var(--st-primary-color); border-left-color: var(--own); }
.card.lit { border-color: var(--own); background: var(--st-background-color); }
.card.dim { opacity: 0.6; }
.head { display: flex; gap: 6px; align-items: baseline; }
.star { color: #d6a419; font-size: 1.2em; line-height: 1; }
.name { flex: 1; min-width: 0; padding: 0; border: 0; background: none; text-align: left;
  font-weight: 700; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  unicode-bidi: plaintext; line-height: 1.5; }
.name::after { content: ""; position: absolute; inset: 0; }
.state { display: block; font-size: 0.85em; opacity: 0.85; min-height: 1.4em; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; font-variant-numeric: tabular-nums; }
.middle { display: flex; gap: 8px; align-items: center; height: 58px; margin: 4px 0; }
.pictures { height: 100%; max-width: 66%; object-fit: contain; image-rendering: pixelated;
  border-radius: 3px; }
.curve { flex: 1; min-width: 0; height: 100%; }
.figures { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; }
.figures b { font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.figures span { font-size: 0.85em; opacity: 0.85; font-variant-numeric: tabular-nums; }
.acts { position: relative; display: flex; flex-wrap: wrap; gap: 6px; }
.acts:not(:empty) { margin-top: 6px; }
.many { gap: 6px; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
.many .card { padding: 4px 6px; }
.many .middle { height: 44px; margin: 2px 0; }
.many .figures b { font-size: 1.05rem; }
.many .figures span { font-size: 0.7em; white-space: nowrap; }
[hidden] { display: none !important; }
@media (min-width: 900px) and (min-height: 700px) {
  .plot { position: sticky; top: 60px; z-index: 1; }
  .name { scroll-margin-top: 310px; }
}
@container (max-width: 520px) {
  .cards, .many { grid-template-columns: 1fr; }
  .plot { height: 190px; }
}
"""

_WALL = st.components.v2.component(
    "class_wall",
    html='<div class="wall"></div>',
    css=_CSS,
    js="\n".join(path.read_text(encoding="utf-8") for path in _SCRIPTS),
)


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
