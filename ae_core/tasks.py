"""The functions that run in a worker, and what a worker does when it starts.

A module that both sides import, so everything that needs TensorFlow is imported inside the
functions. Workers of a cluster are started with ``--preload ae_core.tasks``.
"""

import importlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import Event, Variable, get_client, get_worker

from ae_core.pictures import to_bytes_range
from ae_core.specs import from_json
from ae_core.store import write_file
from ae_core.weights import to_bytes

if TYPE_CHECKING:
    from ae_core.training import Epoch

TRAIN, INFER = "train", "infer"  # the two kinds of worker, as Dask resources

STOP = -1  # "train up to epoch -1": end the run
ASKED_EVERY = 0.4  # seconds
TOLD_EVERY = 0.5  # seconds, within a long epoch
SAVED_EVERY = 3.0  # seconds: the weights, for pages that show a run in training
SAVED_NUMBERS = 3_000_000  # of larger networks only the last weights are saved
LONGEST_PAUSE = 900.0  # seconds, after which a forgotten run makes room for the next one

Message = dict[str, Any]


class WorkerLost(RuntimeError):
    """A training was handed to a second worker because its first one died."""


def topic(run_id: str) -> str:
    """Return the name under which a run's events travel."""
    return f"ae-run-{run_id}"


def permission(run_id: str) -> str:
    """Return the name of the Dask variable that says up to which epoch a run may train."""
    return f"ae-permission-{run_id}"


def warm() -> None:
    """Import TensorFlow and what uses it, so that the first click finds it ready."""
    for module in ("ae_core.training", "ae_core.inference", "sklearn.decomposition"):
        importlib.import_module(module)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def dask_setup(worker: Any) -> None:
    """Prepare a worker: Dask calls this in every worker that preloads this module."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if TRAIN in worker.state.total_resources:
        os.nice(10)  # the pages and `infer` go first
    threading.Thread(target=warm, name="warm", daemon=True).start()


def train(run_id: str, spec_json: str, folder: str) -> Message:
    """Train a run and return its end; every epoch is logged as an event under `topic`.

    Args:
        run_id: of the run.
        spec_json: its `TrainingSpec`.
        folder: of the run; its weights are saved there meanwhile if this worker sees the folder.

    Returns:
        ``status``, ``reason``, ``history``, ``weights`` (the bytes of an .npz).

    Raises:
        WorkerLost: this run was already begun by a worker that died.
        ValueError: the network does not fit the pictures.
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.load_images`.
    """
    from ae_core import data
    from ae_core.training import MAP_POINTS, fit, probes

    begun = Event(f"ae-begun-{run_id}")
    if begun.is_set():  # Dask repeats a task whose worker died; a run is not repeated silently
        raise WorkerLost
    begun.set()

    log = _Log(run_id)
    spec = from_json(spec_json)
    log({"kind": "loading"})
    images = data.load_images(spec.image_set, spec.image_size, spec.split)
    clean, shown = probes(spec, images)
    rows = [clean, shown] if spec.corruption.active else [clean]
    labels = images.test_labels if spec.autoencoder.latent_dim == 2 else None
    is_map = labels is not None and labels.ndim == 1
    log(
        {
            "kind": "started",
            "probes": _packed(to_bytes_range(np.stack(rows))),
            "labels": labels[:MAP_POINTS].tolist() if labels is not None and is_map else [],
            "label_names": list(images.label_names) if is_map else [],
        }
    )
    saver = _Saver(Path(folder))

    def on_epoch(epoch: "Epoch") -> None:
        saver(epoch)
        log.epoch(epoch)

    outcome = fit(spec, images, on_epoch=on_epoch, control=_Remote(run_id, log))
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "history": list(outcome.history),
        "weights": to_bytes(outcome.weights),
    }


class _Log:
    """Sends a run's events to whoever has subscribed."""

    def __init__(self, run_id: str) -> None:
        self._worker = get_worker()
        self._topic = topic(run_id)

    def __call__(self, message: Message) -> None:
        self._worker.log_event(self._topic, message)

    def epoch(self, epoch: "Epoch") -> None:
        codes = None if epoch.codes is None else _packed(epoch.codes)
        preview = _packed(to_bytes_range(epoch.preview))
        self({"kind": "epoch", "metrics": epoch.metrics, "preview": preview, "codes": codes})


class _Saver:
    """Saves a run's weights now and then, so that pages can follow it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved = -SAVED_EVERY

    def __call__(self, epoch: "Epoch") -> None:
        small = sum(array.size for array in epoch.weights.values()) <= SAVED_NUMBERS
        due = time.monotonic() - self._saved >= SAVED_EVERY
        if not (small and due and self._folder.is_dir()):
            return
        self._saved = time.monotonic()
        try:
            write_file(self._folder / "weights.npz", to_bytes(epoch.weights))
        except OSError as error:  # the run goes on, and its end says so if there is still no room
            logging.getLogger(__name__).warning("weights not saved yet: %s", error)


class _Remote:
    """The `Control` of a run in a worker: asks Dask's variable, not often, as that takes time."""

    def __init__(self, run_id: str, log: _Log) -> None:
        self._variable = Variable(permission(run_id), client=get_client())
        self._log = log
        self._reason = ""
        self._told = time.monotonic()
        self._ask()

    def _ask(self) -> None:
        self._until = self._variable.get(timeout=10)
        self._asked = time.monotonic()

    def wait(self, epoch: int) -> float:
        started = time.monotonic()
        if started - self._asked >= ASKED_EVERY:
            self._ask()
        if STOP < self._until < epoch:
            self._log({"kind": "paused"})
            while STOP < self._until < epoch:
                time.sleep(ASKED_EVERY)
                self._ask()
                if time.monotonic() - started > LONGEST_PAUSE:
                    self._reason = f"Stopped after a pause of {LONGEST_PAUSE / 60:.0f} minutes"
                    break
            self._log({"kind": "resumed"})
        return time.monotonic() - started

    def stopped(self) -> str:
        return "Stopped" if self._until == STOP else self._reason

    def progress(self, share: float) -> None:
        if time.monotonic() - self._told >= TOLD_EVERY:
            self._log({"kind": "progress", "share": share})
            self._told = time.monotonic()


def _packed(array: np.ndarray) -> Message:
    return {"shape": list(array.shape), "dtype": str(array.dtype), "bytes": array.tobytes()}


def unpacked(message: Message) -> np.ndarray:
    """Return the read-only array that an event carries."""
    return np.frombuffer(message["bytes"], message["dtype"]).reshape(message["shape"])
