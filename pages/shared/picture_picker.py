"""A grid of small pictures of which the visitor chooses one."""

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from ae_core.pictures import to_png
from pages.shared.session import widget
from pages.shared.text import text

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
    pictures: np.ndarray | tuple[np.ndarray, ...],
    names: tuple[str, ...],
    chosen: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show pictures to choose from.

    Args:
        key: of the component.
        pictures: (N, H, W, C) uint8.
        names: what each shows, for screen readers and as a tooltip.
        chosen: index of the one that is marked, -1 for none.
        on_pick: is told the index of a picture that is clicked, before the page is drawn again.
    """
    sources = tuple(
        "data:image/png;base64," + base64.b64encode(to_png(picture)).decode()
        for picture in pictures
    )

    def take() -> None:
        index = widget(key)["picked"]
        # The value comes from the browser: anything may stand in it.
        if isinstance(index, int) and 0 <= index < len(pictures):
            on_pick(index)

    # Tuples, not lists: for a list Streamlit imports pandas, 70 MB, to see whether it is a table.
    label = text("reconstruct.picker")
    data = {"pictures": sources, "names": names, "chosen": chosen, "label": label}
    _PICKER(key=key, data=data, on_picked_change=take)
