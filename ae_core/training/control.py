"""Pauses, stops and time limits of a run in training."""

import time
from typing import Protocol

from ae_core.errors import Message


class RunControl(Protocol):
    """Pauses or ends a run from outside; the loop calls it several times a second."""

    def wait(self, epoch: int) -> float:
        """Wait until training in ``epoch`` may continue; return the seconds waited."""

    def stopped(self, epoch: int) -> Message | None:
        """Return the reason why the run has to end now, in ``epoch``; None if it may continue."""

    def progress(self, share: float) -> None:
        """Note the completed share of the epoch, in [0, 1]."""


class NoControl:
    """A `RunControl` that never interferes."""

    def wait(self, epoch: int) -> float:
        """Never wait."""
        return 0.0

    def stopped(self, epoch: int) -> Message | None:
        """Never stop."""
        return None

    def progress(self, share: float) -> None:
        """Ignore the progress."""


class TrainingStopped(Exception):
    """The run ends before its last epoch."""

    def __init__(self, status: str, reason: Message) -> None:
        """Set the status, ``stopped`` or ``failed``, and the reason."""
        super().__init__(reason)
        self.status, self.reason = status, reason


class TrainingClock:
    """Counts the seconds of training without pauses, and asks the control at every check."""

    def __init__(self, control: RunControl, max_seconds: int, trained: float = 0.0) -> None:
        """Start counting at ``trained`` seconds; the run may train for ``max_seconds``."""
        self.control = control
        self._max_seconds = max_seconds
        self._started = time.perf_counter() - trained

    @property
    def trained(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._started

    def check(self, epoch: int) -> None:
        """Wait while the control pauses the run.

        Raises:
            TrainingStopped: the run was stopped or has used up its time.
        """
        self._started += self.control.wait(epoch)
        reason = self.control.stopped(epoch)
        if reason is None and self.trained > self._max_seconds:
            reason = Message.of("stopped_late", epoch=epoch, seconds=self._max_seconds)
        if reason is not None:
            raise TrainingStopped("stopped", reason)
