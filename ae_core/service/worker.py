"""The code that runs in a worker: its start-up, and the training of a run.

Servers import this module, too, so the functions import TensorFlow themselves. Workers of a
cluster are started with ``--preload ae_core.service.worker``.
"""

import faulthandler
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from distributed import Event

from ae_core.errors import UserError
from ae_core.images import to_bytes_range
from ae_core.runs import checkpoint as checkpoints
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.record import RunOutcome
from ae_core.service import surroundings
from ae_core.service.dask_adapter import report
from ae_core.service.messages import DaskRunControl, ProgressReporter
from ae_core.service.saver import Saver
from ae_core.specs import from_json

if TYPE_CHECKING:
    from ae_core.training.loop import Epoch

T = TypeVar("T")

# The kinds of worker, as Dask resources: `upload` reads visitors' files and has no TensorFlow.
TRAIN, INFER, UPLOAD = "train", "infer", "upload"
BEGUN = "ae-begun"  # the topic on which workers report which questions they have begun
IMPORT_SECONDS = 60.0  # more for a question that comes while a worker is still importing

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

    It goes on from the checkpoint of an earlier attempt, if there is a whole one.

    Args:
        name: the attempt's name, see `ae_core.service.messages.attempt_name`.
        spec_json: the run's `TrainingSpec`.
        folder: the run's folder, for checkpoints if this worker can access it.

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
    shown_labels = labels[:MAP_POINTS].tolist() if labels is not None and is_map else []
    names = images.label_names if is_map else ()

    def trained(saved: Checkpoint | None) -> RunOutcome:
        reporter.started(to_bytes_range(np.stack(rows)), shown_labels, names, saved)
        save = Saver(Path(folder), spec, saved)

        def on_epoch(epoch: "Epoch") -> None:
            preview = to_bytes_range(epoch.preview)
            save(epoch, preview)
            reporter.epoch(epoch.metrics, preview, epoch.codes)

        control = DaskRunControl(name, reporter)
        return fit(spec, images, on_epoch=on_epoch, control=control, checkpoint=saved)

    saved = checkpoints.read(Path(folder), spec)
    try:
        return trained(saved)
    except UserError as error:
        if saved is None or error.message.key != "weights":
            raise
        # An earlier version of the app wrote it, for a network with other variables.
        _log.warning("%s does not go on from its checkpoint: %s", name, error)
        return trained(None)
