"""What a worker runs: its start-up, and the training of a run.

Servers import this module, too, so the functions import TensorFlow themselves. Workers of a
cluster are started with ``--preload ae_core.service.worker``.
"""

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import Event, get_client

from ae_core.errors import UserError
from ae_core.images import to_bytes_range
from ae_core.runs import checkpoint as checkpoints
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.record import RunOutcome
from ae_core.service.messages import DaskRunControl, ProgressReporter
from ae_core.service.saver import Saver
from ae_core.specs import from_json
from ae_core.training.turns import Turn, Turns
from ae_core.workers import surroundings
from ae_core.workers.questions import TRAIN, UPLOAD, imported

if TYPE_CHECKING:
    from ae_core.training.loop import Epoch

COMPUTE_AT_ONCE = 2  # trainings: small networks leave some of two cores idle

_log = logging.getLogger(__name__)
_turns = Turns(min(COMPUTE_AT_ONCE, os.cpu_count() or 1))
_one_by_one = threading.Lock()  # what many runs would otherwise do at the same moment, each anew


class WorkerLost(RuntimeError):
    """Dask gave a training to a second worker because the first one died."""


def warm() -> None:
    """Import TensorFlow before the first click."""
    try:
        import ae_core.service.preload  # noqa: F401
    finally:
        imported.set()


def warm_reader() -> None:
    """Import what reads visitors' files before the first one."""
    try:
        import ae_core.data.uploads
        import ae_core.denoising.photos  # noqa: F401
    finally:
        imported.set()


def dask_setup(worker: Any) -> None:
    """Prepare a worker: Dask calls this in every worker that preloads this module."""
    surroundings.adopt()
    kinds = set(worker.state.total_resources)
    target = warm_reader if kinds == {UPLOAD} else warm
    if TRAIN in kinds:
        os.nice(10)  # pages and the other workers have priority
    threading.Thread(target=target, name="warm", daemon=True).start()


def train(name: str, spec_json: str, folder: str, party: str = "") -> RunOutcome:
    """Train a run and return its outcome; a `ProgressReporter` sends every epoch.

    It goes on from the checkpoint of an earlier attempt, if there is a whole one. Of several runs
    in one worker, each in a thread of its own, a few compute at a time, in turn.

    Args:
        name: the attempt's name, see `ae_core.service.messages.attempt_name`.
        spec_json: the run's `TrainingSpec`.
        folder: the run's folder, for checkpoints if this worker can access it.
        party: those with whom it shares its turns, see `ae_core.training.turns`.

    Raises:
        WorkerLost: another worker had started this attempt and died.
        UserError: the network does not fit the images, or the images are not available.
    """
    from ae_core.data import loading
    from ae_core.service.preload import graphs
    from ae_core.training.loop import MAP_POINTS, fit, preview_images

    with _one_by_one:
        get_client()  # Dask would make one for each thread
    started = Event(f"ae-started-{name}")
    if started.is_set():  # Dask repeats tasks of dead workers; that is the dispatcher's decision
        raise WorkerLost
    started.set()

    turn = Turn(_turns, party or name)
    reporter = ProgressReporter(name, turn)
    spec = from_json(spec_json)
    reporter.send("loading")
    with _one_by_one:  # the first one may download them
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

        control = DaskRunControl(name, reporter, turn)
        return fit(
            spec, images, on_epoch=on_epoch, control=control, checkpoint=saved, graphs=graphs
        )

    with turn:
        saved = checkpoints.read(Path(folder), spec)
        try:
            return trained(saved)
        except UserError as error:
            if saved is None or error.message.key != "weights":
                raise
            # An earlier version of the app wrote it, for a network with other variables.
            _log.warning("%s does not go on from its checkpoint: %s", name, error)
            return trained(None)
