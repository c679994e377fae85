"""The order in which runs go to workers: the visitors take turns, a sweep one run at a time.

Next is the visitor who was served longest ago or never; of one visitor's runs the one that came
first. It knows runs by their ids only, no files and no clock.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

# Seconds by which a visitor who was never served goes before those who were. Without a bound, a
# row of new visitors could keep an old one waiting for ever.
HEAD_START = 600.0


@dataclass(frozen=True)
class Entry:
    """A run that waits or is with a worker.

    Attributes:
        id: of the run.
        owner: the visitor.
        sweep: an id that runs submitted together share, empty for a run of its own.
        entered: when it came, in seconds since 1970.
        number: its place among those that came with it.
        begun: when it was first handed to a worker, 0 while it waits.
        attempt: which one is with a worker, from 1; 0 while it waits.
        lost: how an earlier attempt was lost: ``worker`` or ``service``; empty if none was.
        lost_epoch: the epoch in which that was.
    """

    id: str
    owner: str
    sweep: str
    entered: float
    number: int = 0
    begun: float = 0.0
    attempt: int = 0
    lost: str = ""
    lost_epoch: int = 0


@dataclass(frozen=True)
class Wait:
    """What is foreseen for a waiting run.

    Attributes:
        place: from 1.
        seconds: until it starts, None if that cannot be said.
    """

    place: int
    seconds: float | None


@dataclass(frozen=True)
class TrainingQueue:
    """All runs that have not ended, at one moment.

    Attributes:
        waiting: for a worker.
        training: with one.
        served: when a run of a visitor was last handed to a worker, in seconds since 1970.
    """

    waiting: tuple[Entry, ...] = ()
    training: tuple[Entry, ...] = ()
    served: Mapping[str, float] | None = None

    def next(self) -> Entry | None:
        """Return the run that is to start when there is a free slot, None if none may.

        The runs of a sweep train one after the other, however many slots are free.
        """
        return _Line(self).take(0.0)

    def begun(self, entry: Entry, now: float) -> "TrainingQueue":
        """Return the queue in which a waiting run is with a worker since ``now``."""
        return TrainingQueue(
            tuple(other for other in self.waiting if other.id != entry.id),
            (*self.training, replace(entry, attempt=1)),
            {**(self.served or {}), entry.owner: now},
        )

    def forecast(
        self, slots: int, seconds: Mapping[str, float | None], now: float
    ) -> dict[str, Wait]:
        """Return what is foreseen for every waiting run if nobody comes or leaves.

        Args:
            slots: how many runs train at a time.
            seconds: that are left of a training run, or a waiting one takes; None if unknown.
            now: seconds since 1970.
        """
        known = [s for s in seconds.values() if s is not None]
        typical = sum(known) / len(known) if known else 1.0  # where unknown; its wait is, too
        line = _Line(self)
        ends: list[tuple[float, bool, str]] = []  # of the runs under way: when, known, sweep
        for entry in self.training:
            left = seconds.get(entry.id)
            heapq.heappush(ends, (typical if left is None else left, left is not None, entry.sweep))
        waits: dict[str, Wait] = {}
        passed, sure = 0.0, True
        while line:
            following = line.take(now + passed) if len(ends) < max(1, slots) else None
            if following is None:
                passed, certain, sweep = heapq.heappop(ends)
                sure = sure and certain
                line.sweep_ended(sweep)
                continue
            waits[following.id] = Wait(len(waits) + 1, passed if sure else None)
            takes = seconds.get(following.id)
            end = passed + (typical if takes is None else takes)
            heapq.heappush(ends, (end, takes is not None, following.sweep))
        return waits


class _Line:
    """The waiting runs of a queue while time passes; who is next, and whose turn that makes it."""

    def __init__(self, queue: TrainingQueue) -> None:
        self._served = dict(queue.served or {})
        self._runs: dict[str, list[Entry]] = defaultdict(list)  # of every visitor, the first last
        for entry in sorted(queue.waiting, key=_came, reverse=True):
            self._runs[entry.owner].append(entry)
        self._under_way = {entry.sweep for entry in queue.training} - {""}
        self._left = len(queue.waiting)

    def __bool__(self) -> bool:
        return self._left > 0

    def take(self, now: float) -> Entry | None:
        firsts = [first for runs in self._runs.values() if (first := self._first(runs)) is not None]
        if not firsts:
            return None
        entry = min(firsts, key=lambda first: _turn(first, self._served))
        self._runs[entry.owner].remove(entry)
        if not self._runs[entry.owner]:
            del self._runs[entry.owner]
        self._served[entry.owner] = now
        if entry.sweep:
            self._under_way.add(entry.sweep)
        self._left -= 1
        return entry

    def sweep_ended(self, sweep: str) -> None:
        self._under_way.discard(sweep)

    def _first(self, runs: Sequence[Entry]) -> Entry | None:
        return next((run for run in reversed(runs) if run.sweep not in self._under_way), None)


def _came(entry: Entry) -> tuple[float, int, str]:
    return entry.entered, entry.number, entry.id


def _turn(first: Entry, served: Mapping[str, float]) -> tuple[float, float, int, str]:
    """Return what puts visitors in order, from the run of theirs that is next."""
    turn = max(served.get(first.owner, 0.0), first.entered - HEAD_START)
    return turn, *_came(first)
