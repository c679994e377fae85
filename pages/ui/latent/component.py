"""What the live views have in common: the look, and the JavaScript that draws the pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.i18n.text import text

HERE = Path(__file__).parent
WORDS = (
    *("loading", "drawn", "reset_one", "random", "temperature", "rest"),
    *("map", "map_at", "less", "more"),
)

_CSS = """
:host { container-type: inline-size; }
.latent { display: grid; grid-template-columns: minmax(240px, 5fr) 7fr; gap: 24px;
  font-family: var(--st-font, sans-serif); color: var(--st-text-color); }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
figure { margin: 0; }
figure canvas, figure img { width: 100%; max-height: 60vh; object-fit: contain; border-radius: 8px;
  image-rendering: pixelated; display: block; }
[hidden] { display: none !important; }
figcaption, .status { opacity: 0.85; margin-top: 6px; }
.stage { align-self: start; position: sticky; top: 64px; z-index: 1;
  background: var(--st-background-color); }
button { min-height: 44px; padding: 0 16px; font: inherit; cursor: pointer; color: inherit;
  background: var(--st-background-color); border-radius: var(--st-button-radius, 8px);
  border: 1px solid color-mix(in srgb, var(--st-text-color) 60%, var(--st-background-color)); }
button:hover, button:active { background: var(--st-secondary-background-color); }
:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
@container (max-width: 620px) {
  .latent { grid-template-columns: 1fr; gap: 12px; }
  figure canvas, figure img { max-height: 34vh; }
}
"""


def heard(key: str) -> str:
    """Return the text that a view has just sent; anything may stand in what a browser sends."""
    sent = st.session_state[key]["code"]
    return sent if isinstance(sent, str) else ""


def live_words() -> tuple[tuple[str, str], ...]:
    """Return what the scripts of the views say, in pairs: no dict, see crop_box.py."""
    return tuple((word, text(f"latent.live.{word}")) for word in WORDS)


def live_view(name: str, hands: str, css: str) -> Callable[..., Any]:
    """Register a component: pictures on the left, what moves them on the right.

    Args:
        name: of the component and of its script in this folder.
        hands: HTML of the right side.
        css: of the right side.
    """
    scripts = (HERE / "pictures.js", HERE / f"{name}.js")
    return st.components.v2.component(
        f"latent_{name}",
        html='<div class="latent"><div class="stage"><div class="pictures"></div>'
        f'<div class="status" role="status"></div></div><div class="hands">{hands}</div></div>',
        css=_CSS + css,
        js="\n".join(script.read_text(encoding="utf-8") for script in scripts),
    )
