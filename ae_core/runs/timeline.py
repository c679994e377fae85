"""What a run looked like after its epochs: a bounded history of pictures and maps.

A moment is one epoch's row of reconstructions and, for a two-number code, its map. Of a long run
every 2nd, 4th, 8th … epoch is kept, so that the moments stay evenly spread however long it goes
on; the first and the newest are always there. This file knows no run, no worker and no page.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_MOMENTS = 64  # of a run
MOST_BYTES = 4 << 20  # of a run's moments, in memory and, packed, in its folder
FILE = "moments.npz"


@dataclass(frozen=True)
class Moment:
    """A run after one epoch.

    Attributes:
        epoch: its number, from 1.
        output: (N, H, W, C) uint8: the probes' reconstructions.
        codes: (M, 2) float32 of test pictures for a two-number code, else None.
    """

    epoch: int
    output: np.ndarray
    codes: np.ndarray | None = None

    @property
    def size(self) -> int:
        """How many bytes its arrays have."""
        return self.output.nbytes + (0 if self.codes is None else self.codes.nbytes)


def kept_epochs(newest: int, most: int) -> tuple[int, ...]:
    """Return the epochs of which moments are kept, from the first one to the newest.

    All distances but the last one are equal, to the smallest power of two that does. What is kept
    later is among what is kept now and the epochs to come, so nothing has to be brought back.

    Args:
        newest: how many epochs there are, at least 1.
        most: how many may be kept, at least 2.
    """
    stride = 1
    while True:
        epochs = (*range(1, newest, stride), newest)
        if len(epochs) <= most:
            return epochs
        stride *= 2


def with_newest(moments: Sequence[Moment], newest: Moment) -> tuple[Moment, ...]:
    """Return a run's moments after another epoch, within `MOST_MOMENTS` and `MOST_BYTES`."""
    most = max(2, min(MOST_MOMENTS, MOST_BYTES // newest.size))
    kept = set(kept_epochs(newest.epoch, most))
    return tuple(moment for moment in (*moments, newest) if moment.epoch in kept)


def to_bytes(moments: Sequence[Moment]) -> bytes:
    """Write moments, at least one, as the bytes of an .npz."""
    arrays: dict[str, Any] = {
        "epochs": np.array([moment.epoch for moment in moments], np.int32),
        "output": np.stack([moment.output for moment in moments]),
    }
    codes = [moment.codes for moment in moments if moment.codes is not None]
    if codes:
        arrays["codes"] = np.stack(codes)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes | None) -> tuple[Moment, ...]:
    """Read what `to_bytes` wrote; None, of a run without the file, gives no moments."""
    if data is None:
        return ()
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        epochs, output = archive["epochs"], archive["output"]
        codes = archive["codes"] if "codes" in archive else [None] * len(epochs)
    return tuple(
        Moment(int(epoch), pictures, points)
        for epoch, pictures, points in zip(epochs, output, codes, strict=True)
    )
