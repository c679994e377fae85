"""A run in as few bytes as a class's wall needs of it.

It knows neither class nor student.

Letters: P pairs of pictures, H height, W width, C channels.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ae_core.models.compatibility import image_shape
from ae_core.runs.snapshot import LIVE, Snapshot
from ae_core.specs import TrainingSpec

MOST_POINTS = 40  # of a curve
MOST_SIDE = 32  # pixels; larger pictures are reduced
MOST_PAIRS, MOST_BYTES = 4, 2048  # of a run's pictures

Point = tuple[int, float | None, float | None]


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as a wall shows it.

    Attributes:
        id: of the run.
        spec: what is trained.
        preset: the preset that it started from.
        created: seconds since 1970.
        status: as in a `Snapshot`.
        position: place in the queue from 1, 0 when not queued.
        epoch: how many are complete.
        side: H = W of the pictures that it trains on.
        psnr: of the newest epoch, in dB, on held-out pictures if there are any; or None.
        loss: likewise.
        held_out: whether these are of held-out pictures.
        curve: (epoch, loss, psnr) of at most `MOST_POINTS` epochs, the newest one among them.
        pictures: (P, 2, H, W, C) uint8: originals and their reconstructions; P = 0 before epoch 1.
    """

    id: str
    spec: TrainingSpec
    preset: str
    created: float
    status: str
    position: int
    epoch: int
    side: int
    psnr: float | None
    loss: float | None
    held_out: bool
    curve: tuple[Point, ...]
    pictures: np.ndarray

    @property
    def live(self) -> bool:
        """Whether the run has not ended."""
        return self.status in LIVE

    @property
    def numbers(self) -> int:
        """How many numbers its code has."""
        return self.spec.autoencoder.latent_dim


def view_of(snapshot: Snapshot, created: float) -> RunView:
    """Return a snapshot's view."""
    last = snapshot.history[-1] if snapshot.history else {}
    return RunView(
        snapshot.id,
        snapshot.spec,
        snapshot.preset,
        created,
        snapshot.status,
        snapshot.position,
        snapshot.epoch,
        image_shape(snapshot.spec)[0],
        _figure(last, "psnr"),
        _figure(last, "loss"),
        "val_psnr" in last,
        _curve(snapshot.history),
        _pairs(snapshot),
    )


def renewed(view: RunView, snapshot: Snapshot) -> RunView:
    """Return the view of a snapshot of the same epoch, without working anything out again."""
    return replace(view, status=snapshot.status, position=snapshot.position)


def without_pictures(view: RunView) -> RunView:
    """Return the view of a run whose pictures were deleted."""
    return replace(view, pictures=view.pictures[:0])


def _figure(metrics: Mapping[str, float], name: str) -> float | None:
    value = metrics.get(f"val_{name}", metrics.get(name))
    return value if value is not None and math.isfinite(value) else None


def _curve(history: tuple[Mapping[str, float], ...]) -> tuple[Point, ...]:
    epochs = len(history)
    stride = max(1, math.ceil((epochs - 1) / (MOST_POINTS - 1)))
    shown = sorted({*range(0, epochs, stride), epochs - 1}) if epochs else []
    return tuple((n + 1, _short(history[n], "loss"), _short(history[n], "psnr")) for n in shown)


def _short(metrics: Mapping[str, float], name: str) -> float | None:
    value = _figure(metrics, name)
    return None if value is None else float(f"{value:.4g}")


def _pairs(snapshot: Snapshot) -> np.ndarray:
    """Return the first probes and their reconstructions, reduced by averaging."""
    rows = snapshot.pictures
    if rows is None or not snapshot.epoch:
        return np.zeros((0, 2, 1, 1, 1), np.uint8)
    height, channels = rows.shape[2], rows.shape[4]
    factor = math.ceil(height / MOST_SIDE)
    side = height // factor
    pairs = max(1, min(MOST_PAIRS, rows.shape[1], MOST_BYTES // (2 * side * side * channels)))
    chosen = rows[[0, -1], :pairs, : side * factor, : side * factor].swapaxes(0, 1)
    blocks = chosen.reshape(pairs, 2, side, factor, side, factor, channels)
    reduced: np.ndarray = np.rint(blocks.mean(axis=(3, 5))).astype(np.uint8)
    return reduced
