"""The common parts of the live views: their HTML, their texts and their messages."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pages.ui.i18n.text import text
from pages.ui.widgets.component import component, sent

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

WORDS = (
    *("loading", "drawn", "reset_one", "random", "temperature", "rest"),
    *("map", "map_at", "less", "more"),
)


def heard(key: str, take: Callable[[str], None]) -> Callable[[], None]:
    """Return a callback that takes the code that the script of a view has just sent."""

    def call() -> None:
        code = sent(key, "code")
        if isinstance(code, str):
            take(code)

    return call


def live_words() -> tuple[tuple[str, str], ...]:
    """Return the texts of the views' scripts as pairs, not as a dict: see crop_box.py."""
    return tuple((word, text(f"latent.live.{word}")) for word in WORDS)


def live_view(module: str, controls: str) -> "ComponentRenderer":
    """Register a module's component: images on the left, HTML controls on the right."""
    return component(
        module,
        '<div class="latent"><div class="view"><div class="pictures"></div>'
        '<div class="status" role="status"></div></div>'
        f'<div class="controls">{controls}</div></div>',
    )
