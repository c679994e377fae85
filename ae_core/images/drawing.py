"""Turns a drawing from the browser's canvas into an image like MNIST's.

Letters: H height, W width. Every image here is ``(H, W)`` float32 in [0, 1]: white strokes on
black, as in MNIST.
"""

import base64
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ae_core.errors import UserError

DRAWING_SIDE = 112
"""Rows and columns of a drawing as the browser sends it, four times MNIST's 28."""

# 112 x 112 = 12,544 bytes are 16,726 base64 letters and two padding characters.
_DRAWING_TEXT = re.compile(r"[A-Za-z0-9+/]{16726}==")

_BOX_SHARE = 20 / 28
"""MNIST fits a digit into a box of 20 x 20 pixels in a frame of 28 x 28."""


def read_drawing(sent: object, size: int = 28) -> NDArray[np.float32] | None:
    """Decode and shrink a drawing.

    Args:
        sent: untrusted input from the browser: base64 of ``DRAWING_SIDE ** 2`` bytes, row by row,
            from 0 (black) to 255 (white); or None from an untouched canvas.
        size: side of the image to return, 1 to ``DRAWING_SIDE``.

    Returns:
        An image ``(size, size)`` float32 in [0, 1], read-only; None if nothing is drawn.

    Raises:
        UserError: ``size`` is out of range, or ``sent`` has another form.
    """
    if not 1 <= size <= DRAWING_SIDE:
        raise ValueError(f"size={size} must be between 1 and {DRAWING_SIDE}")
    if sent is None:
        return None
    # The pattern is checked first: it bounds the length before anything is decoded.
    if not isinstance(sent, str) or not _DRAWING_TEXT.fullmatch(sent):
        raise UserError("drawing")
    pixels = np.frombuffer(base64.b64decode(sent), np.uint8)
    if not pixels.any():
        return None
    drawing = pixels.reshape(DRAWING_SIDE, DRAWING_SIDE).astype(np.float32) / np.float32(255)
    # BOX is the mean over each new pixel's area, even if 112 / size is not a whole number.
    return _read_only(_resize(drawing, size, Image.Resampling.BOX))


def centre_digit(image: NDArray[np.floating]) -> NDArray[np.float32]:
    """Move and scale a drawn digit as MNIST's digits are.

    MNIST's own preparation (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/): the
    digits were "size normalized to fit in a 20x20 pixel box while preserving their aspect ratio",
    then "centered in a 28x28 image by computing the center of mass of the pixels, and translating
    the image so as to position this point at the center of the 28x28 field".

    A network trained on MNIST has only seen such digits. Small drawings, or drawings in a corner,
    come out sharper if they are centred at their original size and shrunk afterwards.

    Args:
        image: ``(H, W)``, finite, in [0, 1]; every pixel above 0 counts as stroke. The box is
            20/28 of the shorter side.

    Returns:
        An image ``(H, W)`` float32 in [0, 1], read-only. The centre of mass is at most half a pixel
        from the middle in each direction, unless that would push strokes out of the frame: then it
        is as close as possible.

    Raises:
        UserError: ``image`` has another shape or range, or no stroke.
    """
    if image.ndim != 2 or 0 in image.shape:
        raise ValueError(f"image.shape={image.shape} must be (H, W)")
    if not np.all((image >= 0) & (image <= 1)):  # also False for NaN
        raise ValueError("image must be in [0, 1]")
    if not image.any():
        raise UserError("stroke")

    strokes = _crop(image.astype(np.float32))
    height, width = strokes.shape
    side = max(height, width)
    # Pad to a square first: one scale then holds for both axes, and a thin "1" keeps its width.
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = strokes
    box_side = max(1, round(_BOX_SHARE * min(image.shape)))
    # BILINEAR widens its kernel when it shrinks, and is smooth (BOX would be blocky) when it grows.
    digit = _crop(_resize(square, box_side, Image.Resampling.BILINEAR))

    # Shift by whole pixels only: a fraction would blur the strokes.
    frame = np.zeros(image.shape, np.float32)
    mass = float(digit.sum(dtype=np.float64))
    corner: list[int] = []
    for axis in (0, 1):
        profile = digit.sum(axis=1 - axis, dtype=np.float64)
        centre = float(profile @ np.arange(len(profile))) / mass
        start = round((frame.shape[axis] - 1) / 2 - centre)
        corner.append(min(max(start, 0), frame.shape[axis] - len(profile)))
    row, column = corner
    frame[row : row + digit.shape[0], column : column + digit.shape[1]] = digit
    return _read_only(frame)


def _crop(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut ``(H, W)`` to the rows and columns from the first stroke to the last; not empty."""
    rows = np.flatnonzero(image.any(axis=1))
    columns = np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resize(
    image: NDArray[np.float32], side: int, filter_: Image.Resampling
) -> NDArray[np.float32]:
    """Resize a square ``(H, H)`` float32 image in [0, 1] to ``(side, side)``, same range."""
    resized = Image.fromarray(image).resize((side, side), filter_)
    return np.clip(np.asarray(resized, np.float32), 0, 1)  # rounding can leave 1.0000001


def _read_only(image: NDArray[np.float32]) -> NDArray[np.float32]:
    image.setflags(write=False)
    return image
