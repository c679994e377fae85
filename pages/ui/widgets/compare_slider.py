"""Two pictures one over the other, and a line that is drawn across to compare them."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.ui.widgets.tiles import SQUARE_PIXELS, data_url

_CSS = """
.wipe { position: relative; width: min(100%, 520px); line-height: 0; }
img { width: 100%; border-radius: 6px; }
.squares img { image-rendering: pixelated; }
.after { position: absolute; inset: 0; clip-path: inset(0 0 0 var(--at, 50%)); }
.line { position: absolute; inset: 0 auto 0 var(--at, 50%); width: 3px; margin-left: -1.5px;
  background: var(--st-primary-color); box-shadow: 0 0 0 1px #fff; pointer-events: none; }
.wipe input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize; touch-action: pan-y; }
.wipe:focus-within { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""

_WIPE = st.components.v2.component(
    "wipe",
    html='<div class="wipe"><img class="before"><img class="after"><div class="line"></div>'
    '<input type="range" min="0" max="100" step="0.5" value="50"></div>',
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def wipe(
    key: str, before: np.ndarray, after: np.ndarray, names: tuple[str, str], label: str
) -> None:
    """Show two pictures; nothing is sent to the server while wiping.

    Args:
        key: of the component.
        before: (H, W, C) in [0, 1].
        after: likewise.
        names: what the two are.
        label: what moving the line does, for screen readers.
    """
    squares = before.shape[1] < SQUARE_PIXELS
    data = {"before": data_url(before), "after": data_url(after), "names": names}
    _WIPE(key=key, data=data | {"squares": squares, "label": label})
