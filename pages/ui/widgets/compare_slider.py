"""Two pictures one over the other, and a line that is drawn across to compare them."""

import numpy as np

from pages.ui.widgets.component import component
from pages.ui.widgets.tiles import SQUARE_PIXELS, data_url

_WIPE = component(
    __file__,
    '<div class="wipe"><img class="before"><img class="after"><div class="line"></div>'
    '<input type="range" min="0" max="100" step="0.5" value="50"></div>',
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
