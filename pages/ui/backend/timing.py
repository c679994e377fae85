"""How long a visitor waits for what a page draws; told by `pages.ui.backend.prometheus`."""

import time
from collections.abc import Callable
from typing import Any

from pages.ui.backend.service import service


def measure_time(name: str, draw: Callable[..., None], *args: Any) -> None:
    """Draw, and count how long that took, however it ended.

    Args:
        name: of the page, or of the part of one that is drawn anew by itself.
        draw: what draws it.
        args: for it.
    """
    started = time.perf_counter()
    try:
        draw(*args)
    finally:
        service().metrics.observe_page(name, time.perf_counter() - started)
