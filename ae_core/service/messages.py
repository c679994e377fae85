"""The messages between a run's worker and the servers through Dask, and their names.

The worker sends numbered messages on a topic of its attempt. The scheduler keeps the newest `KEPT`,
so that a server that subscribes later can read earlier ones; in a long run, regular summaries make
sure that the kept messages are complete. In the other direction, a Dask variable holds the epoch up
to which the attempt may train.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from distributed import Client, Variable, get_client, get_worker

from ae_core.errors import Message
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.timeline import EpochFrame
from ae_core.training.turns import Turn

STOP = -1  # in place of an epoch: end the run
SHUT_DOWN = -2  # likewise, because the server ends
POLL_SECONDS = 0.4
PROGRESS_SECONDS = 0.5  # between messages within a long epoch
MAX_PAUSE = 900.0  # seconds, after which a paused run gives way to the next one
KEPT = 1000  # messages: Dask's `distributed.admin.low-level-log-length`
SUMMARY_EVERY = 300  # messages: far fewer than are kept

RunMessage = dict[str, Any]


def attempt_name(run_id: str, attempt: int) -> str:
    """Return the name of an attempt (from 1) at a run; all its data in Dask use the name."""
    return f"{run_id}-{attempt}"


def task_key(name: str) -> str:
    """Return the Dask key of an attempt's task, also the name of its published result."""
    return f"train-{name}"


def run_of(key: str) -> str:
    """Return the run id in a Dask key, an empty text if it is not a training's key."""
    return key.removeprefix("train-").rpartition("-")[0] if key.startswith("train-") else ""


def topic(name: str) -> str:
    """Return the topic of an attempt's messages."""
    return f"ae-run-{name}"


def epoch_limit(name: str, client: Client) -> Variable:
    """Return the Dask variable that holds the epoch up to which an attempt may train, or `STOP`."""
    return Variable(f"ae-until-{name}", client=client)


class ProgressReporter:
    """Sends an attempt's messages from its worker, numbered from 1."""

    def __init__(self, name: str, turn: Turn) -> None:
        """Report on an attempt and on its turn; call this in its task."""
        self._worker = get_worker()
        self._turn = turn
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
        self,
        images: np.ndarray,
        labels: Sequence[int],
        label_names: Sequence[str],
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Report that the training starts, or goes on after an attempt that was lost.

        Args:
            images: (R, N, H, W, C) uint8: the preview images, clean and as the encoder gets them.
            labels: the labels of the codes on a map.
            label_names: the names of the labels, empty without a map.
            checkpoint: where it goes on; None for the first epoch.
        """
        self._history = [*checkpoint.history] if checkpoint else []
        frames = [*map(packed_frame, checkpoint.frames)] if checkpoint else []
        self._start = {"images": packed(images), "labels": [*labels], "names": [*label_names]}
        self._start["first"] = len(self._history) + 1
        others = self._turn.others
        self.send(
            "started", **self._start, history=list(self._history), frames=frames, others=others
        )

    def epoch(self, metrics: Mapping[str, float], preview: np.ndarray, codes: Any) -> None:
        """Report an epoch: its metrics, preview (N, H, W, C) uint8, and codes (M, 2) or None."""
        self._history.append(metrics)
        points = None if codes is None else packed(codes)
        turns = {"others": self._turn.others, "turn": self._turn.share}
        newest = {"metrics": metrics, "preview": packed(preview), "codes": points, **turns}
        self.send("epoch", **newest)
        if self._seq - self._summary_seq >= SUMMARY_EVERY:
            self._summary_seq = self._seq
            self.send("summary", **self._start, **newest, history=list(self._history))


class DaskRunControl:
    """The `RunControl` of an attempt in its worker; it reads Dask's slow variable rarely."""

    def __init__(self, name: str, reporter: ProgressReporter, turn: Turn) -> None:
        """Read the variable once; ``reporter`` sends pauses and progress."""
        self._turn = turn
        self._variable = epoch_limit(name, get_client())
        self._reporter = reporter
        self._paused_out = False
        self._reported = time.monotonic()
        self._poll()

    def _poll(self) -> None:
        self._until = self._variable.get(timeout=10)
        self._polled = time.monotonic()

    def wait(self, epoch: int) -> float:
        """Wait while others have their turn, and while the epoch is not allowed.

        See `ae_core.training.control.RunControl`.
        """
        started = time.monotonic()
        self._turn.let_others()
        if time.monotonic() - self._polled >= POLL_SECONDS:
            self._poll()
        if 0 <= self._until < epoch:
            self._reporter.send("paused")
            self._turn.step_aside()
            paused = time.monotonic()
            while 0 <= self._until < epoch:
                time.sleep(POLL_SECONDS)
                self._poll()
                if time.monotonic() - paused > MAX_PAUSE:
                    self._paused_out = True
                    break
            self._reporter.send("resumed")
            self._turn.come_back()
        return time.monotonic() - started

    def stopped(self, epoch: int) -> Message | None:
        """Return the reason why the run has to end now, in ``epoch``; None if it may continue."""
        if self._until == STOP:
            return Message.of("stopped", epoch=epoch)
        if self._until == SHUT_DOWN:
            return Message.of("stopped_shut_down", epoch=epoch)
        if self._paused_out:
            return Message.of("stopped_paused", epoch=epoch, minutes=round(MAX_PAUSE / 60))
        return None

    def progress(self, share: float) -> None:
        """Report the completed share of the epoch, at limited intervals."""
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reporter.send("progress", share=share)
            self._reported = time.monotonic()


def packed_frame(frame: EpochFrame) -> RunMessage:
    """Pack a frame for a message."""
    codes = None if frame.codes is None else packed(frame.codes)
    return {"epoch": frame.epoch, "output": packed(frame.output), "codes": codes}


def unpacked_frame(message: RunMessage) -> EpochFrame:
    """Unpack the frame in a message."""
    codes = None if message["codes"] is None else unpacked(message["codes"])
    return EpochFrame(message["epoch"], unpacked(message["output"]), codes)


def packed(array: np.ndarray) -> RunMessage:
    """Pack an array for a message."""
    return {"shape": list(array.shape), "dtype": str(array.dtype), "bytes": array.tobytes()}


def unpacked(message: RunMessage) -> np.ndarray:
    """Unpack the read-only array in a message."""
    return np.frombuffer(message["bytes"], message["dtype"]).reshape(message["shape"])
