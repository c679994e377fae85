"""Two images on top of each other, with a movable line to compare them, for a component."""

from typing import Any

import numpy as np

from pages.ui.widgets.images import MAX_SQUARES, data_url

_HTML = (
    '<div class="wipe"><img class="before"><img class="after">{}<div class="line"></div>'
    '<span class="name left"></span><span class="name right"></span>'
    '<input type="range" min="0" max="100" step="0.5" value="50"></div>'
)


def compare_slider(over: str = "") -> str:
    """Return the component's HTML, with more of it over the images; its script calls ours."""
    return _HTML.format(over)


def compared(
    before: np.ndarray, after: np.ndarray, names: tuple[str, str], label: str
) -> dict[str, Any]:
    """Return the component's data; the moving line sends nothing to the server.

    Args:
        before: (H, W, C) in [0, 1].
        after: the same shape and range.
        names: the names of the two images.
        label: the purpose of the line, for screen readers.
    """
    squares = before.shape[1] < MAX_SQUARES
    data = {"before": data_url(before), "after": data_url(after), "names": names}
    return data | {"squares": squares, "label": label}
