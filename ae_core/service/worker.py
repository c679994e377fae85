"""The code that runs in a worker: its start-up, and the training of a run.

Servers import this module, too, so the functions import TensorFlow themselves. Workers of a
cluster are started with ``--preload ae_core.service.worker``.
"""

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from distributed import Event

from ae_core.errors import UserError
from ae_core.images import to_bytes_range
from ae_core.models.weights import to_bytes
from ae_core.runs.record import RunOutcome
from ae_core.service import surroundings
from ae_core.service.dask_adapter import report
from ae_core.service.messages import DaskRunControl, ProgressReporter
from ae_core.specs import from_json
from ae_core.storage.files import atomic_write

if TYPE_CHECKING:
    from ae_core.training.loop import Epoch

T = TypeVar("T")

# The kinds of worker, as Dask resources: `upload` reads visitors' files and has no TensorFlow.
TRAIN, INFER, UPLOAD = "train", "infer", "upload"
BEGUN = "ae-begun"  # the topic on which workers report which questions they have begun
IMPORT_SECONDS = 60.0  # more for a question that comes while a worker is still importing
SAVE_SECONDS = 3.0  # between checkpoints, which pages use to show a run in training
MAX_SAVED = 3_000_000  # weights; larger networks are saved only at the end

_log = logging.getLogger(__name__)


class WorkerLost(RuntimeError):
    """Dask gave a training to a second worker because the first one died."""


warmed = threading.Event()  # set in a worker that has imported what it needs


def warm() -> None:
    """Import TensorFlow before the first click."""
    try:
        import ae_core.service.preload  # noqa: F401
    finally:
        warmed.set()


def warm_reader() -> None:
    """Import what reads visitors' files before the first one."""
    try:
        import ae_core.data.uploads
        import ae_core.denoising.photos  # noqa: F401
    finally:
        warmed.set()


def dask_setup(worker: Any) -> None:
    """Prepare a worker: Dask calls this in every worker that preloads this module."""
    surroundings.adopt()
    kinds = set(worker.state.total_resources)
    target = warm_reader if kinds == {UPLOAD} else warm
    if TRAIN in kinds:
        os.nice(10)  # pages and the other workers have priority
    threading.Thread(target=target, name="warm", daemon=True).start()


def answered(
    function: Callable[..., T], args: Any, kwargs: Any, key: str, seconds: float
) -> T | Exception:
    """Return a function's result or the exception it raised.

    Of a task that raises, Dask would log the call as text, with the arguments of a partial.

    Args:
        function: the function.
        args: its arguments.
        kwargs: its keyword arguments.
        key: the name of the question, which `BEGUN` reports.
        seconds: the deadline. After it this process ends, even if it is in C code that lets no
            other thread run, and its nanny starts it again.
    """
    report(BEGUN, key)
    if not warmed.is_set():
        seconds += IMPORT_SECONDS
    faulthandler.dump_traceback_later(seconds, exit=True, file=2)
    try:
        return function(*args, **kwargs)
    except UserError as error:
        return error
    except Exception as error:
        _log.exception("%s failed", getattr(function, "__name__", "a question"))
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()


def train(name: str, spec_json: str, folder: str) -> RunOutcome:
    """Train a run and return its outcome; a `ProgressReporter` sends every epoch.

    Args:
        name: the attempt's name, see `ae_core.service.messages.attempt_name`.
        spec_json: the run's `TrainingSpec`.
        folder: the run's folder, for regular checkpoints if this worker can access it.

    Raises:
        WorkerLost: another worker had started this attempt and died.
        UserError: the network does not fit the images, or the images are not available.
    """
    from ae_core.data import loading
    from ae_core.training.loop import MAP_POINTS, fit, preview_images

    started = Event(f"ae-started-{name}")
    if started.is_set():  # Dask repeats tasks of dead workers; that is the dispatcher's decision
        raise WorkerLost
    started.set()

    reporter = ProgressReporter(name)
    spec = from_json(spec_json)
    reporter.send("loading")
    images = loading.load_images(*spec.images)
    clean, shown = preview_images(spec, images)
    rows = [clean, shown] if spec.corruption.active else [clean]
    labels = images.test_labels if spec.autoencoder.latent_dim == 2 else None
    is_map = labels is not None and labels.ndim == 1
    reporter.started(
        to_bytes_range(np.stack(rows)),
        labels[:MAP_POINTS].tolist() if labels is not None and is_map else [],
        images.label_names if is_map else (),
    )
    save = _Saver(Path(folder))

    def on_epoch(epoch: "Epoch") -> None:
        save(epoch)
        reporter.epoch(epoch.metrics, to_bytes_range(epoch.preview), epoch.codes)

    return fit(spec, images, on_epoch=on_epoch, control=DaskRunControl(name, reporter))


class _Saver:
    """Regularly saves a run's weights, so that pages can follow the training."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved = -SAVE_SECONDS

    def __call__(self, epoch: "Epoch") -> None:
        small = sum(array.size for array in epoch.weights.values()) <= MAX_SAVED
        due = time.monotonic() - self._saved >= SAVE_SECONDS
        if not (small and due and self._folder.is_dir()):
            return
        self._saved = time.monotonic()
        try:
            atomic_write(self._folder / "weights.npz", to_bytes(epoch.weights))
        except OSError as error:  # the run continues; its outcome reports a full disk
            _log.warning("weights not saved yet: %s", error)
