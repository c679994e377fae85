"""The snapshot of a run: a frozen value that any number of pages may draw at the same time."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ae_core import images
from ae_core.data.loading import card
from ae_core.errors import Message
from ae_core.models.compatibility import image_shape
from ae_core.runs.record import RunRecord
from ae_core.specs import TrainingSpec
from ae_core.storage.files import DamagedFile, reading

T = TypeVar("T")
LIVE = ("queued", "starting", "running", "paused", "stopping")
RECENT_EPOCHS = 5  # their mean duration predicts the rest
MAX_ROWS = 3  # of the preview: clean, corrupted, reconstructed


@dataclass(frozen=True)
class CodeMap:
    """Codes of test images from a network with a two-dimensional code.

    Attributes:
        codes: (N, 2) float32.
        labels: N class indices.
        names: the names of the classes.
    """

    codes: np.ndarray
    labels: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """The present state of a run.

    Attributes:
        id: the run's id.
        spec: the spec of the training.
        preset: the preset that it started from.
        owner: an opaque name for the visitor.
        status: ``queued``, ``starting``, ``running``, ``paused``, ``stopping``, ``finished``,
            ``stopped`` or ``failed``.
        reason: why it stopped or failed, or why it cannot continue now; None without a problem.
        position: place in the queue from 1, 0 when not queued.
        wait: estimated seconds until it starts, None when not queued or unknown.
        neighbours: see `ae_core.service.queue.QueuePosition`.
        lost: the cause of the last lost attempt: ``worker`` (died) or ``service`` (the scheduler
            went away), after which the run was retried; ``queue`` while it waits, if the server at
            which it waited before went away; empty if nothing was lost.
        lost_epoch: the epoch in which that happened.
        first_epoch: the epoch in which the present attempt began, 0 before it has: 1, or after a
            loss the one behind the last saved epoch.
        share: the completed share of the present epoch, in [0, 1].
        others: the number of other runs with which it took turns in the newest epoch.
        turn: its share of the time then, in (0, 1]: it trained, and waited for the others.
        history: the metrics of every epoch so far.
        pictures: (R, N, H, W, C) uint8: the preview images, clean, (corrupted,) reconstructed;
            None before the training starts.
        map: the map of a two-dimensional code, otherwise None.
        saved: whether its weights are in the run store.
        unsaved: whether they are only in memory, because the store could not be written.
        sweep: the id that the runs of a sweep share, empty for a single run.
        damaged: the names of the parts whose files are damaged; they are left out.
    """

    id: str
    spec: TrainingSpec
    preset: str
    owner: str
    status: str
    reason: Message | None = None
    position: int = 0
    wait: float | None = None
    neighbours: int = 0
    lost: str = ""
    lost_epoch: int = 0
    first_epoch: int = 0
    share: float = 0.0
    others: int = 0
    turn: float = 1.0
    history: tuple[Mapping[str, float], ...] = ()
    pictures: np.ndarray | None = None
    map: CodeMap | None = None
    saved: bool = False
    unsaved: bool = False
    sweep: str = ""
    damaged: tuple[Message, ...] = ()

    @classmethod
    def of(cls, record: RunRecord, status: str, **fields: Any) -> "Snapshot":
        """Return a snapshot of a run with a status and any other known fields."""
        about = {name: getattr(record, name) for name in ("id", "spec", "preset", "owner", "sweep")}
        return cls(status=status, **about, **fields)

    @property
    def live(self) -> bool:
        """Whether the run has not ended."""
        return self.status in LIVE

    @property
    def diverged(self) -> bool:
        """Whether the run failed because its loss became NaN."""
        return self.reason is not None and self.reason.key in ("diverged", "diverged_at_once")

    @property
    def has_reconstructions(self) -> bool:
        """Whether there are preview images with a row of reconstructions, as after an epoch."""
        rows = 2 + self.spec.corruption.active
        return self.pictures is not None and len(self.pictures) == rows

    @property
    def epoch(self) -> int:
        """The number of complete epochs."""
        return len(self.history)

    @property
    def seconds_left(self) -> float | None:
        """The estimated seconds of training until it ends; None before the second epoch."""
        if self.epoch < 2:  # the first epoch also builds the graph
            return None
        recent = [epoch["seconds"] for epoch in self.history[1:][-RECENT_EPOCHS:]]
        return sum(recent) / len(recent) * (self.spec.epochs - self.epoch)

    @property
    def wait_left(self) -> float | None:
        """The estimated seconds until it ends, with those in which others have their turn."""
        return None if self.seconds_left is None else self.seconds_left / self.turn


def files_of(snapshot: Snapshot) -> dict[str, bytes]:
    """Return a snapshot's images and map as files of a run folder, by name.

    There are no files if the images are a visitor's own and were deleted in the meantime.
    """
    files: dict[str, bytes] = {}
    if card(snapshot.spec.image_set).gone:
        return files
    if snapshot.pictures is not None:
        files["preview.png"] = images.to_png(images.sheet(snapshot.pictures))
    if snapshot.map is not None:
        buffer = io.BytesIO()
        legend = json.dumps([list(snapshot.map.labels), list(snapshot.map.names)])
        np.savez(buffer, codes=snapshot.map.codes, legend=np.array(legend))
        files["map.npz"] = buffer.getvalue()
    return files


def restored(record: RunRecord, read: Callable[[str], bytes | None], *, saved: bool) -> Snapshot:
    """Return the snapshot of an ended run from its record and its files.

    Args:
        record: the run's record.
        read: returns the bytes of a file in its folder, or None.
        saved: whether the store has the weights.
    """
    damaged: list[Message] = []

    def part(file: str, parse: Callable[[bytes], T], name: Message) -> T | None:
        try:
            with reading(Path(record.id, file)):
                data = read(file)
                return None if data is None else parse(data)
        except DamagedFile:
            damaged.append(name)
            return None

    rows = part("preview.png", partial(_rows, record.spec), Message("run_part_preview"))
    points = part("map.npz", _code_map, Message("run_part_map"))
    return Snapshot.of(
        record,
        record.status,
        reason=record.reason,
        history=record.history,
        pictures=rows,
        map=points,
        saved=saved,
        damaged=tuple(damaged),
    )


def _rows(spec: TrainingSpec, data: bytes) -> np.ndarray:
    """Read the preview images of a run from ``preview.png``."""
    shape = image_shape(spec)
    image = images.from_png(data)
    if image.shape[2] != shape[2] or image.shape[0] % shape[0] or image.shape[1] % shape[1]:
        raise ValueError(f"the preview {image.shape} must consist of images {shape}")
    rows = images.rows_of_sheet(image, shape)
    if not 1 <= len(rows) <= MAX_ROWS:
        raise ValueError(f"the preview must have 1 to {MAX_ROWS} rows, not {len(rows)}")
    return rows


def _code_map(data: bytes) -> CodeMap:
    """Read ``map.npz``."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        codes = archive["codes"]
        labels, names = json.loads(str(archive["legend"]))
    if codes.ndim != 2 or codes.shape[1] != 2 or not np.isfinite(codes).all():
        raise ValueError(f"codes {codes.shape} must be (N, 2) and finite")
    if not all(type(label) is int and 0 <= label < len(names) for label in labels):
        raise ValueError("labels must be indices of names")
    if len(labels) < len(codes) or not all(type(name) is str for name in names):
        raise ValueError("every code must have a label, and every label a name")
    return CodeMap(codes, tuple(labels), tuple(names))


def without_gone_pictures(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot, without its images if they belong to a deleted user set."""
    if card(snapshot.spec.image_set).gone:
        return replace(snapshot, pictures=None, map=None)
    return snapshot
