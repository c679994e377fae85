"""Who may hold or end a run while it trains, and how long it has trained.

It knows no network and no Keras: the loop asks, this answers or raises `Ended`.
"""

import time
from typing import Protocol


class Control(Protocol):
    """Who watches a run from outside and may hold or end it."""

    def wait(self, epoch: int) -> float:
        """Return when training in ``epoch`` may go on; give the seconds waited."""

    def stopped(self) -> str:
        """Return why the run is to end now, or an empty text."""

    def progress(self, share: float) -> None:
        """Take notice of the share of the epoch, in [0, 1], that is done."""


class Unattended:
    """A `Control` that lets a run go on to its end."""

    def wait(self, epoch: int) -> float:
        """Never wait."""
        return 0.0

    def stopped(self) -> str:
        """Never stop."""
        return ""

    def progress(self, share: float) -> None:
        """Take no notice."""


class Ended(Exception):
    """The run ends before its last epoch."""

    def __init__(self, status: str, reason: str) -> None:
        """End as ``stopped`` or ``failed``; the reason is a sentence for people."""
        super().__init__(reason)
        self.status, self.reason = status, reason


class Clock:
    """Counts the seconds of training, pauses left out, and asks the control at every call."""

    def __init__(self, control: Control, max_seconds: int) -> None:
        """Begin to count; ``max_seconds`` of training are allowed."""
        self.control = control
        self._max_seconds = max_seconds
        self._started = time.perf_counter()

    @property
    def trained(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._started

    def check(self, epoch: int) -> None:
        """Wait as long as the control asks for it.

        Raises:
            Ended: the run was stopped or has used its time up.
        """
        self._started += self.control.wait(epoch)
        reason = self.control.stopped()
        if reason:
            raise Ended("stopped", f"{reason} in epoch {epoch}.")
        if self.trained > self._max_seconds:
            raise Ended(
                "stopped",
                f"Stopped in epoch {epoch}: its time limit, max_seconds={self._max_seconds}, "
                "was reached.",
            )
