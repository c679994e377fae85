"""The card of a run on the wall of its class, and the wall as bytes for the browser.

Letters: P pairs of images, H height, W width, C channels.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ae_core.classroom.model import Challenge, Student
from ae_core.models.compatibility import image_shape
from ae_core.runs.brought import BROUGHT
from ae_core.runs.snapshot import LIVE, Snapshot

STATUSES = (*LIVE, "finished", "stopped", "failed")  # that the browser has words for
MAX_POINTS = 40  # per curve
MAX_SIDE = 32  # pixels; larger images are reduced
MAX_PAIRS, MAX_BYTES = 4, 2048  # per run: pairs of images, and their bytes
SHOWN_DIGITS = 1  # of a PSNR after the point: runs that look equal share a rank


Point = tuple[int, float | None, float | None]


@dataclass(frozen=True, eq=False)
class RunCard:
    """A run on the wall, in a few bytes.

    Attributes:
        run: the snapshot of the run, without history, images and map.
        created: seconds since 1970.
        epoch: the number of complete epochs.
        side: H = W of the training images.
        psnr: PSNR of the newest epoch in dB, on validation images if there are any; or None.
        loss: the loss, likewise.
        held_out: whether `psnr` and `loss` refer to validation images.
        curve: (epoch, loss, psnr) of at most `MAX_POINTS` epochs, including the newest one.
        images: (P, 2, H, W, C) uint8: originals and reconstructions; P = 0 before epoch 1.
    """

    run: Snapshot
    created: float
    epoch: int
    side: int
    psnr: float | None
    loss: float | None
    held_out: bool
    curve: tuple[Point, ...]
    images: np.ndarray

    @classmethod
    def of(cls, snapshot: Snapshot, created: float) -> "RunCard":
        """Make the card of a snapshot."""
        last = snapshot.history[-1] if snapshot.history else {}
        return cls(
            replace(snapshot, history=(), pictures=None, map=None),
            created,
            snapshot.epoch,
            image_shape(snapshot.spec)[0],
            _metric(last, "psnr"),
            _metric(last, "loss"),
            "val_psnr" in last,
            _curve(snapshot.history),
            _image_pairs(snapshot),
        )

    @property
    def latent_dim(self) -> int:
        """The latent dimension of the network."""
        return self.run.spec.autoencoder.latent_dim

    def in_same_epoch(self, snapshot: Snapshot) -> "RunCard":
        """Return the card of a later snapshot of the same epoch, whose metrics are the same."""
        return replace(self, run=replace(snapshot, history=(), pictures=None, map=None))

    def without_images(self) -> "RunCard":
        """Return the card of a run whose images were deleted."""
        return replace(self, images=self.images[:0])

    def takes_part(self, challenge: Challenge | None) -> bool:
        """Return whether the run counts in a challenge."""
        return (
            challenge is not None
            and self.created >= challenge.begun
            and self.run.status != "failed"
            and self.run.reason != BROUGHT
            and self.held_out
            and self.psnr is not None
            and self.latent_dim <= challenge.latent_dim
            and self.run.spec.image_set == challenge.image_set
            and image_shape(self.run.spec) == challenge.image_shape
        )

    @property
    def merit(self) -> tuple[float, int]:
        """The sort key of a ranking: the best PSNR as it is shown first, then the smallest code."""
        return -round(self.psnr or 0.0, SHOWN_DIGITS), self.latent_dim


def _metric(metrics: Mapping[str, float], name: str) -> float | None:
    value = metrics.get(f"val_{name}", metrics.get(name))
    return value if value is not None and math.isfinite(value) else None


def _curve(history: Sequence[Mapping[str, float]]) -> tuple[Point, ...]:
    def rounded(epoch: int, name: str) -> float | None:
        value = _metric(history[epoch], name)
        return None if value is None else float(f"{value:.6g}")

    epochs = len(history)
    stride = max(1, math.ceil((epochs - 1) / (MAX_POINTS - 1)))
    shown = sorted({*range(0, epochs, stride), epochs - 1}) if epochs else []
    return tuple((epoch + 1, rounded(epoch, "loss"), rounded(epoch, "psnr")) for epoch in shown)


def _image_pairs(snapshot: Snapshot) -> np.ndarray:
    """Return the first preview images and their reconstructions, reduced by averaging."""
    rows = snapshot.pictures
    if rows is None or not snapshot.has_reconstructions:
        return np.zeros((0, 2, 1, 1, 1), np.uint8)
    height, channels = rows.shape[2], rows.shape[4]
    factor = math.ceil(height / MAX_SIDE)
    side = height // factor
    pairs = max(1, min(MAX_PAIRS, rows.shape[1], MAX_BYTES // (2 * side * side * channels)))
    chosen = rows[[0, -1], :pairs, : side * factor, : side * factor].swapaxes(0, 1)
    blocks = chosen.reshape(pairs, 2, side, factor, side, factor, channels)
    reduced: np.ndarray = np.rint(blocks.mean(axis=(3, 5))).astype(np.uint8)
    return reduced


@dataclass(frozen=True, eq=False)
class WallEntry:
    """A student on the wall.

    Attributes:
        student: the student.
        card: the card of the run that is shown, None if there is none.
        runs: the number of the student's runs on the wall.
        best: the student's best run in the challenge, None if none takes part.
        measured: the newest run with a PSNR, None if there is none.
        sizes: (D, PSNR in dB) of the student's best run of each code size.
    """

    student: Student
    card: RunCard | None
    runs: int
    best: RunCard | None = None
    measured: RunCard | None = None
    sizes: tuple[tuple[int, float], ...] = ()

    def for_the_back_row(self, challenge: Challenge | None) -> "WallEntry":
        """Return what a projector shows: in a challenge the run that counts, else one with a PSNR.

        So a student's figures stay when a new run begins.
        """
        if challenge is not None:
            return replace(self, card=self.best, sizes=())
        unmeasured = self.card is None or self.card.psnr is None
        return replace(self, card=self.measured or self.card) if unmeasured else self


@dataclass(frozen=True, eq=False)
class Standing:
    """A student's rank, from 1, and the run that earned it."""

    rank: int
    student: Student
    card: RunCard


def pack(
    entries: Sequence[WallEntry],
    *,
    words: Mapping[str, str],
    mine: str = "",
    best: Sequence[Standing] = (),
    view: str = "student",
) -> bytes:
    """Return a wall as bytes for the browser: a length, JSON, then all images.

    The first four bytes are the length of the JSON, little-endian. For each run, the JSON gives
    the offset of its images after the JSON. It contains no visitor's name.

    Args:
        entries: the students' entries.
        words: the texts of the browser's script, by name.
        mine: the id of the student who views the wall.
        best: the best of a ranking, who get a star if their rank is 1.
        view: ``student``, ``teacher``, who gets the ids of the runs to stop them, or ``projector``,
            which shows the best with their images.
    """
    images = bytearray()

    def placed(card: RunCard) -> dict[str, int]:
        count, _, side, _, channels = card.images.shape
        begin = len(images)
        images.extend(card.images.tobytes())
        return {"count": count, "side": side, "channels": channels, "begin": begin}

    leading = {each.student.id for each in best if each.rank == 1}
    students = []
    for entry in entries:
        student: dict[str, Any] = {
            "id": entry.student.id,
            "name": entry.student.nickname,
            "runs": entry.runs,
            "leads": entry.student.id in leading,
            "sizes": entry.sizes,
        }
        if (card := entry.card) is not None:
            student["run"] = {
                "status": card.run.status,
                "live": card.run.live,
                "place": card.run.position,
                "epoch": card.epoch,
                "epochs": card.run.spec.epochs,
                "numbers": card.latent_dim,
                "psnr": card.psnr,
                "loss": card.loss,
                "heldOut": card.held_out,
                "begun": card.created,
                "curve": card.curve,
                "pictures": placed(card),
            } | ({"id": card.run.id} if view == "teacher" else {})
        students.append(student)
    podium = [
        {
            "rank": each.rank,
            "id": each.student.id,
            "psnr": each.card.psnr,
            "numbers": each.card.latent_dim,
            "pictures": placed(each.card),
        }
        for each in (best if view == "projector" else ())
    ]
    about = {"words": words, "mine": mine, "view": view, "students": students, "podium": podium}
    text = json.dumps(about, separators=(",", ":"), allow_nan=False).encode()
    return b"".join([struct.pack("<I", len(text)), text, images])
