"""A canvas for drawing with a mouse, a finger or a pen; ``drawing_canvas.js`` handles the strokes.

`ae_core.images.drawing` converts the drawing to an image.
"""

import numpy as np
from numpy.typing import NDArray

from ae_core.images.drawing import DRAWING_SIDE, read_drawing
from pages.ui.i18n.text import text
from pages.ui.widgets.component import component

_HTML = """
<div class="drawing">
  <canvas role="img"></canvas>
  <div class="buttons">
    <button type="button" class="undo"></button>
    <button type="button" class="clear"></button>
  </div>
</div>
"""

_WORDS = ("empty", "one", "several", "undo", "clear")

_CANVAS = component(__file__, _HTML)


def drawing_canvas(
    key: str, size: int = 28, height_px: int = 320, *, digit: bool = True
) -> NDArray[np.float32] | None:
    """Show the canvas with its buttons, and return the drawing.

    The script reruns when a stroke ends and after Undo and Clear, never during a stroke.

    The browser tab keeps the strokes by ``key``. After a change of page they reappear on the
    canvas and are sent again: the first script run of the page still returns None, the next one
    the image. Pages with the same key share one drawing.

    Args:
        key: Streamlit's key of this canvas.
        size: side of the image to return, 1 to 112.
        height_px: maximum side of the square drawing surface in CSS pixels, 100 to 1000; in a
            narrower column it is as wide as the column. The buttons below it add 52.
        digit: whether a digit is wanted.

    Returns:
        An image ``(size, size)`` float32 in [0, 1], white strokes on black, read-only; None if
        the canvas is empty.

    Raises:
        UserError: the browser sent something other than a drawing.
    """
    if not 100 <= height_px <= 1000:
        raise ValueError(f"height_px={height_px} must be between 100 and 1000")
    result = _CANVAS(
        key=key,
        data={
            "key": key,
            "side": DRAWING_SIDE,
            "height_px": height_px,
            "words": (
                ("hint", text("reconstruct.canvas.hint" if digit else "reconstruct.canvas.free")),
                *((word, text(f"reconstruct.canvas.{word}")) for word in _WORDS),
            ),
        },
        on_picture_change=lambda: None,  # makes "picture" a state of the component from the start
    )
    return read_drawing(result.get("picture"), size)
