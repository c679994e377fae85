"""What a run in a worker tells whoever follows it, and what may be told to it, through Dask.

A run is told of as numbered messages under a topic of its own. The scheduler keeps the newest
`KEPT` of them, so that a server that comes later hears the earlier ones, too; of a long run it
hears everything in one message, of which there is always one among those kept.

It knows no training and no server.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from distributed import Client, Variable, get_client, get_worker

STOP = -1  # "train up to epoch -1": end the run
ASKED_EVERY = 0.4  # seconds
TOLD_EVERY = 0.5  # seconds, within a long epoch
LONGEST_PAUSE = 900.0  # seconds, after which a forgotten run makes room for the next one
KEPT = 1000  # messages: Dask's `distributed.admin.low-level-log-length`
SUMMED_UP_EVERY = 300  # messages: safely less than are kept

Message = dict[str, Any]


def attempt_name(run_id: str, attempt: int) -> str:
    """Return the name of a run's first or later attempt: its Dask key is this with ``train-``."""
    return f"{run_id}-{attempt}"


def run_of(key: str) -> str:
    """Return the run of a Dask key, an empty text if it is no training's."""
    return key.removeprefix("train-").rpartition("-")[0] if key.startswith("train-") else ""


def topic(name: str) -> str:
    """Return the topic under which an attempt is told of."""
    return f"ae-run-{name}"


def permission(name: str) -> str:
    """Return the name of the Dask variable that says up to which epoch an attempt may train."""
    return f"ae-permission-{name}"


def permit(client: Client, name: str, epoch: int) -> None:
    """Say up to which epoch an attempt may train, or `STOP`."""
    Variable(permission(name), client=client).set(epoch, timeout=5)


def kept_messages(client: Client, name: str) -> list[Message]:
    """Return what the scheduler keeps of an attempt's messages."""
    return [message for _, message in client.get_events(topic(name))]


def forget(client: Client, name: str) -> None:
    """Remove what the scheduler keeps of an attempt that has ended."""
    topic_name = topic(name)

    def forget_messages(dask_scheduler: Any) -> None:  # nested, so that Dask sends its code along
        dask_scheduler._broker.truncate(topic_name)

    Variable(permission(name), client=client).delete()
    client.run_on_scheduler(forget_messages)


class Teller:
    """In a worker: sends an attempt's messages, numbered from 1."""

    def __init__(self, name: str) -> None:
        """Tell of an attempt; this is called in its task."""
        self._worker = get_worker()
        self._topic = topic(name)
        self._number = 0
        self._summed_up = 0
        self._history: list[Mapping[str, float]] = []
        self._start: Message = {}

    def __call__(self, message: Message) -> None:
        """Send a message; it has a ``kind``."""
        self._number += 1
        self._worker.log_event(self._topic, message | {"number": self._number})

    def started(
        self, probes: np.ndarray, labels: Sequence[int], label_names: Sequence[str]
    ) -> None:
        """Tell what is about to be trained.

        Args:
            probes: (R, N, H, W, C) uint8: pictures that every epoch shows again.
            labels: of the codes, for a map.
            label_names: empty without a map.
        """
        self._start = {
            "probes": packed(probes),
            "labels": list(labels),
            "label_names": list(label_names),
        }
        self({"kind": "started"} | self._start)

    def epoch(self, metrics: Mapping[str, float], preview: np.ndarray, codes: Any) -> None:
        """Tell of an epoch: its figures, probes (N, H, W, C) uint8, and codes (M, 2) or None."""
        self._history.append(metrics)
        newest = {
            "metrics": metrics,
            "preview": packed(preview),
            "codes": None if codes is None else packed(codes),
        }
        self({"kind": "epoch"} | newest)
        if self._number - self._summed_up >= SUMMED_UP_EVERY:
            self._summed_up = self._number
            everything = self._start | newest | {"history": list(self._history)}
            self({"kind": "summary"} | everything)


class Remote:
    """In a worker: the `Control` of an attempt; asks Dask's variable, not often: it takes time."""

    def __init__(self, name: str, tell: Teller) -> None:
        """Ask for the first time; ``tell`` hears of pauses and of the share of an epoch."""
        self._variable = Variable(permission(name), client=get_client())
        self._tell = tell
        self._reason = ""
        self._told = time.monotonic()
        self._ask()

    def _ask(self) -> None:
        self._until = self._variable.get(timeout=10)
        self._asked = time.monotonic()

    def wait(self, epoch: int) -> float:
        """Hold an epoch while it is not permitted; see `ae_core.training.control.Control`."""
        started = time.monotonic()
        if started - self._asked >= ASKED_EVERY:
            self._ask()
        if STOP < self._until < epoch:
            self._tell({"kind": "paused"})
            while STOP < self._until < epoch:
                time.sleep(ASKED_EVERY)
                self._ask()
                if time.monotonic() - started > LONGEST_PAUSE:
                    self._reason = f"Stopped after a pause of {LONGEST_PAUSE / 60:.0f} minutes"
                    break
            self._tell({"kind": "resumed"})
        return time.monotonic() - started

    def stopped(self) -> str:
        """Return why the run is to end now, or an empty text."""
        return "Stopped" if self._until == STOP else self._reason

    def progress(self, share: float) -> None:
        """Tell of the share of the epoch that is done, not often."""
        if time.monotonic() - self._told >= TOLD_EVERY:
            self._tell({"kind": "progress", "share": share})
            self._told = time.monotonic()


def packed(array: np.ndarray) -> Message:
    """Return an array as a message may carry it."""
    return {"shape": list(array.shape), "dtype": str(array.dtype), "bytes": array.tobytes()}


def unpacked(message: Message) -> np.ndarray:
    """Return the read-only array that a message carries."""
    return np.frombuffer(message["bytes"], message["dtype"]).reshape(message["shape"])
