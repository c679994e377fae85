"""The checkpoint of a run in training: all that another worker needs to go on exactly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ae_core.models import weights
from ae_core.runs import timeline
from ae_core.runs.record import checked_history
from ae_core.runs.timeline import EpochFrame
from ae_core.specs import TrainingSpec, to_json
from ae_core.storage.files import DamagedFile, atomic_write, reading

FILE = "checkpoint.npz"  # in the run's folder, until the run ends
_ABOUT, _FRAMES, _STATE = "about", "frames", "state/"


@dataclass(frozen=True)
class Checkpoint:
    """A run after a complete epoch.

    The order of an epoch's images and its noise follow from the spec's seed and the numbers of
    epochs and steps, the learning rate from the optimizer's count of steps: no more is needed.

    Attributes:
        history: the metrics of every epoch so far, at least one.
        frames: the kept frames of these epochs, the newest one included.
        state: every variable of the training by name, see `ae_core.training.steps.TrainStep.state`.
    """

    history: tuple[Mapping[str, float], ...]
    frames: tuple[EpochFrame, ...]
    state: Mapping[str, np.ndarray]

    @property
    def epoch(self) -> int:
        """The number of complete epochs."""
        return len(self.history)

    @property
    def seconds(self) -> float:
        """The seconds of training so far."""
        return sum(metrics["seconds"] for metrics in self.history)


def write(folder: Path, spec: TrainingSpec, checkpoint: Checkpoint) -> None:
    """Write the checkpoint of a run with this spec into its folder, in place of an earlier one.

    It need not survive a power cut: half a file is noticed when it is read.

    Raises:
        OSError: the file cannot be written; the earlier one stays.
    """
    about = json.dumps({"spec": to_json(spec), "history": checkpoint.history})
    frames = timeline.to_bytes(checkpoint.frames, compress=False)
    arrays = {_STATE + name: array for name, array in checkpoint.state.items()}
    arrays |= {_ABOUT: _as_array(about.encode()), _FRAMES: _as_array(frames)}
    atomic_write(folder / FILE, weights.to_bytes(arrays), lasting=False)


def read(folder: Path, spec: TrainingSpec) -> Checkpoint | None:
    """Read the checkpoint of a run with this spec; None if it has none or a damaged one."""
    path = folder / FILE
    try:
        with reading(path):
            arrays = weights.from_bytes(path.read_bytes())
            about = json.loads(arrays.pop(_ABOUT).tobytes())
            frames = timeline.from_bytes(arrays.pop(_FRAMES).tobytes())
            history = checked_history(about["history"], spec.epochs)
            if about["spec"] != to_json(spec) or frames[-1].epoch != len(history):
                raise ValueError("it belongs to another run")
            state = {name.removeprefix(_STATE): array for name, array in arrays.items()}
            return Checkpoint(history, frames, state)
    except (FileNotFoundError, DamagedFile):
        return None


def remove(folder: Path) -> None:
    """Remove the checkpoint of a run that has ended, if there is one.

    Raises:
        OSError: it cannot be removed.
    """
    (folder / FILE).unlink(missing_ok=True)


def _as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)
