"""A grid of small pictures of which the visitor chooses one."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.ui.i18n.text import text

_CSS = """
.picker { display: grid; grid-template-columns: repeat(auto-fill, minmax(56px, 1fr)); gap: 6px; }
button { padding: 0; border: 3px solid transparent; border-radius: 8px; background: none;
  cursor: pointer; line-height: 0; }
button.chosen { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
img { width: 100%; border-radius: 4px; image-rendering: pixelated; }
"""

_PICKER = st.components.v2.component(
    "picture_picker",
    html='<div class="picker" role="group"></div>',
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def picture_picker(
    key: str,
    sources: tuple[str, ...],
    names: tuple[str, ...],
    chosen: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show pictures to choose from.

    Args:
        key: of the component.
        sources: addresses that hold the pictures, see `pages.ui.widgets.sheet.addresses`.
        names: what each shows, for screen readers and as a tooltip.
        chosen: index of the one that is marked, -1 for none.
        on_pick: is told the index of a picture that is clicked, before the page is drawn again.
    """

    def take() -> None:
        index = st.session_state[key]["picked"]
        # The value comes from the browser: anything may stand in it.
        if isinstance(index, int) and 0 <= index < len(sources):
            on_pick(index)

    # Tuples, not lists: for a list Streamlit imports pandas, 70 MB, to see whether it is a table.
    label = text("gallery.choose")
    data = {"pictures": sources, "names": names, "chosen": chosen, "label": label}
    _PICKER(key=key, data=data, on_picked_change=take)
