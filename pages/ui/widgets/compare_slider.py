"""Two pictures one over the other, and a line that is drawn across to compare them."""

import numpy as np

from pages.ui.widgets.component import component
from pages.ui.widgets.images import MAX_SQUARES, data_url

_SLIDER = component(
    __file__,
    '<div class="wipe"><img class="before"><img class="after"><div class="line"></div>'
    '<input type="range" min="0" max="100" step="0.5" value="50"></div>',
)


def compare_slider(
    key: str, before: np.ndarray, after: np.ndarray, names: tuple[str, str], label: str
) -> None:
    """Show two pictures; nothing is sent to the server while the line moves.

    Args:
        key: of the component.
        before: (H, W, C) in [0, 1].
        after: likewise.
        names: what the two are.
        label: what moving the line does, for screen readers.
    """
    squares = before.shape[1] < MAX_SQUARES
    data = {"before": data_url(before), "after": data_url(after), "names": names}
    _SLIDER(key=key, data=data | {"squares": squares, "label": label})
