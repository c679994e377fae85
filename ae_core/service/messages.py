"""What a run's worker and the servers tell each other through Dask, and how that is named.

The worker sends numbered messages under a topic of its attempt. The scheduler keeps the newest
`KEPT`, so that a server that comes later reads the earlier ones, too; of a long run one message
sums everything up, and there is always one of these among those kept. In the other direction one
Dask variable says up to which epoch the attempt may train.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from distributed import Client, Variable, get_client, get_worker

from ae_core.errors import Message

STOP = -1  # "train up to epoch -1": end the run
POLL_SECONDS = 0.4
PROGRESS_SECONDS = 0.5  # between two messages within a long epoch
MAX_PAUSE = 900.0  # seconds, after which a forgotten run makes room for the next one
KEPT = 1000  # messages: Dask's `distributed.admin.low-level-log-length`
SUMMARY_EVERY = 300  # messages: safely less than are kept

RunMessage = dict[str, Any]


def attempt_name(run_id: str, attempt: int) -> str:
    """Return the name of an attempt at a run, from 1; all that Dask has of it is named after it."""
    return f"{run_id}-{attempt}"


def task_key(name: str) -> str:
    """Return the Dask key of an attempt's task, under which its result is published, too."""
    return f"train-{name}"


def run_of(key: str) -> str:
    """Return the run of a Dask key, an empty text if it is no training's."""
    return key.removeprefix("train-").rpartition("-")[0] if key.startswith("train-") else ""


def topic(name: str) -> str:
    """Return the topic of an attempt's messages."""
    return f"ae-run-{name}"


def limit(name: str, client: Client) -> Variable:
    """Return the Dask variable that holds the epoch up to which an attempt may train, or `STOP`."""
    return Variable(f"ae-until-{name}", client=client)


class ProgressReporter:
    """In a worker: sends an attempt's messages, numbered from 1."""

    def __init__(self, name: str) -> None:
        """Report on an attempt; called in its task."""
        self._worker = get_worker()
        self._topic = topic(name)
        self._seq = 0
        self._summary_seq = 0
        self._history: list[Mapping[str, float]] = []
        self._start: RunMessage = {}

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message of a kind."""
        self._seq += 1
        self._worker.log_event(self._topic, {"kind": kind, **fields, "seq": self._seq})

    def started(
        self, images: np.ndarray, labels: Sequence[int], label_names: Sequence[str]
    ) -> None:
        """Report that the training starts.

        Args:
            images: (R, N, H, W, C) uint8: the preview images, clean and as the encoder gets them.
            labels: of the codes, for a map.
            label_names: empty without a map.
        """
        self._start = {"images": packed(images), "labels": [*labels], "names": [*label_names]}
        self.send("started", **self._start)

    def epoch(self, metrics: Mapping[str, float], preview: np.ndarray, codes: Any) -> None:
        """Report an epoch: its metrics, preview (N, H, W, C) uint8, and codes (M, 2) or None."""
        self._history.append(metrics)
        points = None if codes is None else packed(codes)
        newest = {"metrics": metrics, "preview": packed(preview), "codes": points}
        self.send("epoch", **newest)
        if self._seq - self._summary_seq >= SUMMARY_EVERY:
            self._summary_seq = self._seq
            self.send("summary", **self._start, **newest, history=list(self._history))


class DaskRunControl:
    """In a worker: the `RunControl` of an attempt; reads Dask's variable, not often: it is slow."""

    def __init__(self, name: str, reporter: ProgressReporter) -> None:
        """Read the variable once; the reporter sends pauses and the share of an epoch."""
        self._variable = limit(name, get_client())
        self._reporter = reporter
        self._paused_out = False
        self._reported = time.monotonic()
        self._poll()

    def _poll(self) -> None:
        self._until = self._variable.get(timeout=10)
        self._polled = time.monotonic()

    def wait(self, epoch: int) -> float:
        """Wait while the epoch is not allowed; see `ae_core.training.control.RunControl`."""
        started = time.monotonic()
        if started - self._polled >= POLL_SECONDS:
            self._poll()
        if STOP < self._until < epoch:
            self._reporter.send("paused")
            while STOP < self._until < epoch:
                time.sleep(POLL_SECONDS)
                self._poll()
                if time.monotonic() - started > MAX_PAUSE:
                    self._paused_out = True
                    break
            self._reporter.send("resumed")
        return time.monotonic() - started

    def stopped(self, epoch: int) -> Message | None:
        """Return why the run has to end now, in ``epoch``; None if it may go on."""
        if self._until == STOP:
            return Message.of("stopped", epoch=epoch)
        if self._paused_out:
            return Message.of("stopped_paused", epoch=epoch, minutes=round(MAX_PAUSE / 60))
        return None

    def progress(self, share: float) -> None:
        """Report the share of the epoch that is done, not often."""
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reporter.send("progress", share=share)
            self._reported = time.monotonic()


def packed(array: np.ndarray) -> RunMessage:
    """Return an array as a message may carry it."""
    return {"shape": list(array.shape), "dtype": str(array.dtype), "bytes": array.tobytes()}


def unpacked(message: RunMessage) -> np.ndarray:
    """Return the read-only array that a message carries."""
    return np.frombuffer(message["bytes"], message["dtype"]).reshape(message["shape"])
