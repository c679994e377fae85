"""Turns: of many trainings in one process, a few compute at a time, and every party equally long.

A party is a visitor, or all of an address whom nobody knows yet: see `ae_core.service.queue`.
"""

import itertools
import threading
import time
from collections import Counter
from types import TracebackType

TURN_SECONDS = 0.25  # after which a training lets the next one compute


class Turns:
    """The line of a process's trainings; each has a `Turn`, and its own thread."""

    def __init__(self, at_once: int) -> None:
        """Let ``at_once`` trainings compute at the same time."""
        self.at_once = at_once
        self._free = at_once
        self._line: list[tuple[str, threading.Event]] = []
        self._lock = threading.Lock()
        self._joined: Counter[str] = Counter()  # trainings that compute or wait for it, by party
        self._numbers = itertools.count(1)
        self._served: dict[str, int] = {}  # the number of each party's last turn

    @property
    def joined(self) -> int:
        """The number of trainings that compute or wait for it; a paused one is not among them."""
        with self._lock:
            return self._joined.total()

    def share(self, party: str) -> float:
        """Return the share of the time in which a training of a party computes, in (0, 1]."""
        with self._lock:
            return min(1.0, self.at_once / max(1, len(self._joined) * self._joined[party]))

    def join(self, party: str) -> None:
        """Wait in the line until the caller may compute."""
        with self._lock:
            self._joined[party] += 1
            if self._free:
                self._free -= 1
                self._serve(party)
                return
            mine = self._wait_in_line(party)
        mine.wait()

    def leave(self, party: str) -> None:
        """Let the next one compute in the caller's place."""
        with self._lock:
            self._joined[party] -= 1
            if not self._joined[party]:
                del self._joined[party]
            if not self._call_next():
                self._free += 1
            if not self._joined:
                self._served.clear()

    def let_pass(self, party: str) -> bool:
        """Let the next one compute, and wait for another turn; return whether anybody waited."""
        with self._lock:
            if not self._line:
                return False
            mine = self._wait_in_line(party)
            self._call_next()
        mine.wait()
        return True

    def _wait_in_line(self, party: str) -> threading.Event:
        mine = threading.Event()
        self._line.append((party, mine))
        return mine

    def _call_next(self) -> bool:
        """Let the party compute whose last turn was longest ago; of its trainings, the first."""
        if not self._line:
            return False
        chosen = min(self._line, key=lambda waiting: self._served.get(waiting[0], 0))
        self._line.remove(chosen)
        party, turn = chosen
        self._serve(party)
        turn.set()
        return True

    def _serve(self, party: str) -> None:
        self._served[party] = next(self._numbers)


class Turn:
    """One training's place in the line: in ``with turn:`` it computes, or waits in `let_others`."""

    def __init__(self, turns: Turns, party: str, seconds: float = TURN_SECONDS) -> None:
        """Do not join yet; ``seconds`` is how long the training computes while others wait."""
        self._turns = turns
        self._party = party
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
        return self._turns.joined - self._joined

    @property
    def share(self) -> float:
        """The share of the time in which this training computes, in (0, 1]."""
        return self._turns.share(self._party)

    def let_others(self) -> None:
        """Let others compute if they wait and this training has had its time."""
        if time.monotonic() - self._since >= self._seconds and self._turns.let_pass(self._party):
            self._since = time.monotonic()

    def step_aside(self) -> None:
        """Let others compute for as long as this training is paused."""
        self._joined = False
        self._turns.leave(self._party)

    def come_back(self) -> None:
        """Wait until this training may compute again."""
        self._turns.join(self._party)
        self._joined = True
        self._since = time.monotonic()
