"""Saves a run in its worker: its weights for the pages, its checkpoint for another attempt."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core.models.weights import to_bytes
from ae_core.runs import checkpoint as checkpoints
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.timeline import EpochFrame, with_newest
from ae_core.specs import TrainingSpec
from ae_core.storage.files import atomic_write

if TYPE_CHECKING:
    from ae_core.training.loop import Epoch

SAVE_SECONDS = 3.0  # of training, between the epochs that are saved
SAVE_SHARE = 0.05  # of a training's time at most: a large network is saved less often
MAX_SHOWN = 3_000_000  # weights; pages show larger networks only at the end

_log = logging.getLogger(__name__)


class Saver:
    """Regularly saves a training."""

    def __init__(self, folder: Path, spec: TrainingSpec, checkpoint: Checkpoint | None) -> None:
        """Save into the run's folder, if this worker has it, behind the epochs of a checkpoint."""
        self._folder = folder
        self._spec = spec
        self._history: list[Mapping[str, float]] = [*checkpoint.history] if checkpoint else []
        self._frames = checkpoint.frames if checkpoint else ()
        self._trained = 0.0  # seconds: those in which others had their turn do not count
        self._due = 0.0

    def __call__(self, epoch: "Epoch", preview: np.ndarray) -> None:
        """Note an epoch and its preview (N, H, W, C) uint8, and save it if that is due."""
        self._history.append(epoch.metrics)
        self._frames = with_newest(self._frames, EpochFrame(epoch.number, preview, epoch.codes))
        self._trained += epoch.metrics["seconds"]
        if self._trained < self._due or not self._folder.is_dir():
            return
        started = time.monotonic()
        try:
            saved = Checkpoint(tuple(self._history), self._frames, epoch.state())
            checkpoints.write(self._folder, self._spec, saved)
            if sum(array.size for array in epoch.weights.values()) <= MAX_SHOWN:
                atomic_write(self._folder / "weights.npz", to_bytes(epoch.weights))
        except OSError as error:  # the run continues; its outcome reports a full disk
            _log.warning("not saved yet: %s", error)
        took = time.monotonic() - started
        self._due = self._trained + max(SAVE_SECONDS, took / SAVE_SHARE)
