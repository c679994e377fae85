"""A run's replay: its frames as one image sheet for the browser, or as an animated GIF."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ae_core import images
from ae_core.runs.timeline import EpochFrame

FRAME_MS = 120
LAST_MS = 1500  # duration of the last frame
GIF_WIDTH = 640
BAR = 34  # pixels below the images, for the epoch's name


@dataclass(frozen=True)
class ReplaySheet:
    """The packed T frames of a run.

    Attributes:
        epochs: their numbers, from 1.
        sheet: a PNG of T·H rows and N·W columns: one row of reconstructions per epoch.
        codes: T times M points (x, y) as little-endian float32; empty without a map.
    """

    epochs: tuple[int, ...]
    sheet: bytes
    codes: bytes


def pack_frames(frames: Sequence[EpochFrame]) -> ReplaySheet:
    """Pack one or more frames."""
    sheet = images.to_png(images.sheet(np.stack([frame.output for frame in frames])))
    codes = [frame.codes for frame in frames if frame.codes is not None]
    points = np.ascontiguousarray(np.stack(codes), "<f4").tobytes() if codes else b""
    return ReplaySheet(tuple(frame.epoch for frame in frames), sheet, points)


def animation(given: np.ndarray, frames: Sequence[EpochFrame], name: Callable[[int], str]) -> bytes:
    """Return a GIF of the reconstructions, epoch by epoch.

    Args:
        given: (R, N, H, W, C) uint8: constant rows above the reconstructions.
        frames: one or more frames.
        name: returns an epoch's caption.
    """
    shown = [_with_caption(given, frame, name(frame.epoch)) for frame in frames]
    rest = [shown[-1]] * (LAST_MS // FRAME_MS)  # to_gif merges equal frames
    return images.to_gif(np.stack([*shown, *rest]), FRAME_MS, shown[0].shape[1])


def _with_caption(given: np.ndarray, frame: EpochFrame, words: str) -> np.ndarray:
    """Return (H, W, C) uint8: the enlarged rows above a bar with the epoch."""
    rows = np.concatenate([given, frame.output[np.newaxis]])
    shown = images.enlarged(images.sheet(rows), GIF_WIDTH)
    image = Image.new("L", (shown.shape[1], BAR))
    ImageDraw.Draw(image).text((8, 4), words, fill=255, font=ImageFont.load_default(20))
    bar = np.asarray(image)[..., np.newaxis].repeat(shown.shape[2], axis=2)
    return np.concatenate([shown, bar])
