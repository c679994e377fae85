"""The common parts of the live views: their HTML, their texts and their messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages.ui.i18n.text import text
from pages.ui.widgets.component import component, sent

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

FREE = "~"  # precedes a code that was not moved from the start, such as a random one
WORDS = (
    *("loading", "drawn", "reset_one", "random", "temperature", "temperature_about"),
    *("map", "map_at", "less", "more"),
    *("match", "won_1", "won_2", "won_3", "stars"),
)


@dataclass(frozen=True)
class Reference:
    """A picture beside those of the models.

    Attributes:
        url: its data URL.
        name: its caption.
    """

    url: str
    name: str


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
        '<div class="latent"><div class="view"><div class="score" hidden></div>'
        '<div class="pictures"></div><div class="status" role="status"></div></div>'
        f'<div class="controls">{controls}</div></div>',
    )
