"""Turns: of many trainings in one process, a few compute at a time, first come, first served."""

import threading
import time
from collections import deque
from types import TracebackType

TURN_SECONDS = 0.25  # after which a training lets the next one compute


class Turns:
    """The line of a process's trainings; each has a `Turn`, and its own thread."""

    def __init__(self, at_once: int) -> None:
        """Let ``at_once`` trainings compute at the same time."""
        self.at_once = at_once
        self._free = at_once
        self._line: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self._joined = 0  # trainings that compute or wait for it

    @property
    def joined(self) -> int:
        """The number of trainings that compute or wait for it; a paused one is not among them."""
        return self._joined

    def join(self) -> None:
        """Wait at the end of the line until the caller may compute."""
        with self._lock:
            self._joined += 1
            if self._free:
                self._free -= 1
                return
            mine = self._wait_in_line()
        mine.wait()

    def leave(self) -> None:
        """Let the next one compute in the caller's place."""
        with self._lock:
            self._joined -= 1
            if not self._call_next():
                self._free += 1

    def let_pass(self) -> bool:
        """Let the next one compute, and wait behind all others; return whether anybody waited."""
        with self._lock:
            if not self._line:
                return False
            mine = self._wait_in_line()
            self._call_next()
        mine.wait()
        return True

    def _wait_in_line(self) -> threading.Event:
        mine = threading.Event()
        self._line.append(mine)
        return mine

    def _call_next(self) -> bool:
        if self._line:
            self._line.popleft().set()
            return True
        return False


class Turn:
    """One training's place in the line: in ``with turn:`` it computes, or waits in `let_others`."""

    def __init__(self, turns: Turns, seconds: float = TURN_SECONDS) -> None:
        """Do not join yet; ``seconds`` is how long the training computes while others wait."""
        self._turns = turns
        self._seconds = seconds
        self._since = 0.0
        self._joined = False

    def __enter__(self) -> "Turn":
        """Wait until this training may compute."""
        self.come_back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one compute."""
        if self._joined:
            self.step_aside()

    @property
    def others(self) -> int:
        """The number of other trainings that take turns with this one."""
        return max(0, self._turns.joined - 1)

    @property
    def share(self) -> float:
        """The share of the time in which this training computes, in (0, 1]."""
        return min(1.0, self._turns.at_once / max(1, self._turns.joined))

    def let_others(self) -> None:
        """Let others compute if they wait and this training has had its time."""
        if time.monotonic() - self._since >= self._seconds and self._turns.let_pass():
            self._since = time.monotonic()

    def step_aside(self) -> None:
        """Let others compute for as long as this training is paused."""
        self._joined = False
        self._turns.leave()

    def come_back(self) -> None:
        """Wait until this training may compute again."""
        self._turns.join()
        self._joined = True
        self._since = time.monotonic()
