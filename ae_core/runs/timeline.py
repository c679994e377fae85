"""A run's timeline: frames with images and code maps of its epochs, limited in number and bytes.

A frame is one epoch's row of reconstructions and, for a two-dimensional code, its map. A long run
keeps every 2nd, 4th, 8th … epoch, so that the frames stay evenly spaced; the first and the newest
one are always kept.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_FRAMES = 64  # per run
MAX_BYTES = 4 << 20  # for a run's frames, in memory and, packed, in its folder
FILE = "moments.npz"


@dataclass(frozen=True)
class EpochFrame:
    """The images and codes of a run after one epoch.

    Attributes:
        epoch: its number, from 1.
        output: (N, H, W, C) uint8: the preview images' reconstructions.
        codes: (M, 2) float32, codes of test images if they have two dimensions, otherwise None.
    """

    epoch: int
    output: np.ndarray
    codes: np.ndarray | None = None

    @property
    def size(self) -> int:
        """The size of its arrays in bytes."""
        return self.output.nbytes + (0 if self.codes is None else self.codes.nbytes)


def kept_epochs(newest: int, max_frames: int) -> tuple[int, ...]:
    """Return the epochs whose frames are kept, from the first to the newest.

    All intervals except the last are the smallest power of two that respects the maximum. A
    dropped epoch is never needed again.

    Args:
        newest: the number of epochs, at least 1.
        max_frames: the maximum number of frames, at least 2.
    """
    stride = 1
    while True:
        epochs = (*range(1, newest, stride), newest)
        if len(epochs) <= max_frames:
            return epochs
        stride *= 2


def with_newest(frames: Sequence[EpochFrame], newest: EpochFrame) -> tuple[EpochFrame, ...]:
    """Add the frame of a new epoch, and keep frames within `MAX_FRAMES` and `MAX_BYTES`."""
    kept = set(kept_epochs(newest.epoch, max(2, min(MAX_FRAMES, MAX_BYTES // newest.size))))
    return tuple(frame for frame in (*frames, newest) if frame.epoch in kept)


def to_bytes(frames: Sequence[EpochFrame], *, compress: bool = True) -> bytes:
    """Pack one or more frames as the bytes of an .npz."""
    arrays: dict[str, Any] = {
        "epochs": np.array([frame.epoch for frame in frames], np.int32),
        "output": np.stack([frame.output for frame in frames]),
    }
    codes = [frame.codes for frame in frames if frame.codes is not None]
    if codes:
        arrays["codes"] = np.stack(codes)
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes | None) -> tuple[EpochFrame, ...]:
    """Read the output of `to_bytes`; return no frames for None, if a run has no such file.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: these are not frames.
    """
    if data is None:
        return ()
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        epochs, output = archive["epochs"], archive["output"]
        codes = archive.get("codes")
    if epochs.ndim != 1 or epochs.dtype.kind != "i" or output.ndim != 5 or output.dtype != np.uint8:
        raise ValueError("frames need numbers of epochs and (T, N, H, W, C) bytes")
    if not len(epochs) or epochs[0] < 1 or (np.diff(epochs) < 1).any():
        raise ValueError("the numbers of epochs must rise from 1 or more")
    if codes is None:
        codes = [None] * len(epochs)
    elif codes.ndim != 3 or codes.shape[2] != 2 or not np.isfinite(codes).all():
        raise ValueError("codes on maps must be (T, M, 2) finite numbers")
    return tuple(
        EpochFrame(int(epoch), pictures, points)
        for epoch, pictures, points in zip(epochs, output, codes, strict=True)
    )


def check_frames(frames: Sequence[EpochFrame], shape: tuple[int, ...], newest: int) -> None:
    """Check frames against their run.

    Args:
        frames: the frames in the order of the epochs.
        shape: (N, H, W, C) of the run's preview images.
        newest: the number of the run's epochs.

    Raises:
        ValueError: the images have another shape, or there are more epochs.
    """
    if any(frame.output.shape != shape or frame.epoch > newest for frame in frames):
        raise ValueError(f"frames must be {shape} and of at most {newest} epochs")
