"""A run's moments made ready to be looked at: one sheet for a browser, or an animation to keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ae_core import images
from ae_core.runs.timeline import Moment

FRAME_MS = 120
LAST_MS = 1500  # the animation rests on its end
GIF_WIDTH = 640
BAR = 34  # pixels below the pictures, for the epoch in words


@dataclass(frozen=True)
class Film:
    """A run's T moments, packed.

    Attributes:
        epochs: their numbers.
        sheet: a PNG of T·H rows and N·W columns: the reconstructions, an epoch below the other.
        codes: T times M points (x, y) as little-endian float32; empty without a map.
    """

    epochs: tuple[int, ...]
    sheet: bytes
    codes: bytes


def film_of(moments: Sequence[Moment]) -> Film:
    """Pack moments, at least one."""
    sheet = images.to_png(images.sheet(np.stack([moment.output for moment in moments])))
    codes = [moment.codes for moment in moments if moment.codes is not None]
    points = np.ascontiguousarray(np.stack(codes), "<f4").tobytes() if codes else b""
    return Film(tuple(moment.epoch for moment in moments), sheet, points)


def animation(given: np.ndarray, moments: Sequence[Moment], name: Callable[[int], str]) -> bytes:
    """Return a GIF of what the reconstructions went through.

    Args:
        given: (R, N, H, W, C) uint8: the rows above them, which stay.
        moments: at least one.
        name: an epoch in words.
    """
    frames = [_frame(given, moment, name(moment.epoch)) for moment in moments]
    rest = [frames[-1]] * (LAST_MS // FRAME_MS)  # equal frames become one long one
    return images.to_gif(np.stack([*frames, *rest]), FRAME_MS, frames[0].shape[1])


def _frame(given: np.ndarray, moment: Moment, words: str) -> np.ndarray:
    """Return (H, W, C) uint8: the rows, enlarged, and below them a bar with the epoch."""
    rows = np.concatenate([given, moment.output[np.newaxis]])
    shown = images.enlarged(images.sheet(rows), GIF_WIDTH)
    image = Image.new("L", (shown.shape[1], BAR))
    ImageDraw.Draw(image).text((8, 4), words, fill=255, font=ImageFont.load_default(20))
    bar = np.asarray(image)[..., np.newaxis].repeat(shown.shape[2], axis=2)
    return np.concatenate([shown, bar])
