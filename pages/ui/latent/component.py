"""What the live views have in common: their HTML, their words, what they send."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui.i18n.text import text
from pages.ui.widgets.component import component

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

WORDS = (
    *("loading", "drawn", "reset_one", "random", "temperature", "rest"),
    *("map", "map_at", "less", "more"),
)


def heard(key: str) -> str:
    """Return the text that a view has just sent; anything may stand in what a browser sends."""
    sent = st.session_state[key]["code"]
    return sent if isinstance(sent, str) else ""


def live_words() -> tuple[tuple[str, str], ...]:
    """Return what the scripts of the views say, in pairs: no dict, see crop_box.py."""
    return tuple((word, text(f"latent.live.{word}")) for word in WORDS)


def live_view(module: str, controls: str) -> "ComponentRenderer":
    """Register a module's component: pictures on the left, on the right HTML that moves them."""
    return component(
        module,
        '<div class="latent"><div class="view"><div class="pictures"></div>'
        '<div class="status" role="status"></div></div>'
        f'<div class="controls">{controls}</div></div>',
    )
