"""The fair order in which runs train: visitors take turns, a sweep trains one run at a time.

The next visitor is the one who was served longest ago or never; among a visitor's runs, the oldest
one is next. Visitors whom nobody knows yet come after all others, and take turns by address: names
are made up in a moment, addresses are not.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Seconds. Nobody counts as served longer before their run was entered than this: a stream of new
# visitors must not make an earlier one wait without end.
STARVATION_BOUND = 600.0


@dataclass(frozen=True)
class Entry:
    """A run that waits or trains.

    Attributes:
        id: the run's id.
        owner: the visitor.
        sweep: the id that the runs of a sweep share, empty for a single run.
        entered: the time of its submission, in seconds since 1970.
        number: its place among the runs submitted with it.
        begun: the start time of its first attempt, 0 while it waits.
        attempt: the number of the present attempt, from 1; 0 while it waits.
        attempted: the start time of that attempt.
        lost: what was lost: an earlier attempt, with its ``worker`` or ``service``, or the
            ``queue`` in which it waited before; empty if nothing was.
        lost_epoch: the epoch in which that happened.
        address: the address that submitted it.
        known: whether the visitor has been in a class, or has trained a run before.
        held: whether the run may not start now, because the visitor's class is paused.
    """

    id: str
    owner: str
    sweep: str
    entered: float
    number: int = 0
    begun: float = 0.0
    attempt: int = 0
    attempted: float = 0.0
    lost: str = ""
    lost_epoch: int = 0
    address: str = ""
    known: bool = True
    held: bool = False

    @property
    def party(self) -> str:
        """Those with whom the visitor shares a turn: alone, or all unknown ones of an address."""
        return self.owner if self.known else f"@{self.address}"


@dataclass(frozen=True)
class QueuePosition:
    """The position of a waiting run.

    Attributes:
        place: its place, from 1.
        seconds: the seconds until it starts, None if unknown.
        neighbours: for a visitor whom nobody knows yet, the number of waiting runs before it that
            other such visitors of its address submitted; 0 for those who are known.
    """

    place: int
    seconds: float | None
    neighbours: int = 0


@dataclass(frozen=True)
class TrainingQueue:
    """All runs that have not ended, at one moment.

    Attributes:
        waiting: runs without a worker.
        training: runs with a worker.
        last_served: the last start of each party's runs, in seconds since 1970.
    """

    waiting: tuple[Entry, ...] = ()
    training: tuple[Entry, ...] = ()
    last_served: Mapping[str, float] | None = None

    def next(self) -> Entry | None:
        """Return the run that starts next in a free slot, None if none may.

        The runs of a sweep train one after the other, even if more slots are free.
        """
        return FairQueue(self, [entry for entry in self.waiting if not entry.held]).pop_next(0.0)

    def last_of_the_largest_party(self) -> Entry | None:
        """Return the waiting run that leaves a full queue, None if nothing waits."""
        sizes = Counter(entry.party for entry in self.waiting)
        return max(self.waiting, key=lambda e: (sizes[e.party], _arrival(e)), default=None)

    def forecast(
        self, slots: int, seconds: Mapping[str, float | None], now: float
    ) -> dict[str, QueuePosition]:
        """Return the position of every waiting run, assuming that the queue stays as it is.

        Args:
            slots: the number of runs that train at a time.
            seconds: the remaining seconds of every run; None if unknown.
            now: seconds since 1970.
        """
        known = [s for s in seconds.values() if s is not None]
        typical = sum(known) / len(known) if known else 1.0  # for runs with unknown times
        line = FairQueue(self, self.waiting)
        ends: list[tuple[float, bool, str]] = []  # runs in training: time, known, sweep
        for entry in self.training:
            left = seconds.get(entry.id)
            heapq.heappush(ends, (typical if left is None else left, left is not None, entry.sweep))
        positions: dict[str, QueuePosition] = {}
        before: Counter[str] = Counter()  # waiting runs by party, and those of each visitor
        passed, sure = 0.0, True
        while line:
            upcoming = line.pop_next(now + passed) if len(ends) < max(1, slots) else None
            if upcoming is None:
                passed, certain, sweep = heapq.heappop(ends)
                sure = sure and certain
                line.end_sweep(sweep)
                continue
            positions[upcoming.id] = QueuePosition(
                len(positions) + 1,
                passed if sure else None,
                0 if upcoming.known else before[upcoming.party] - before[upcoming.owner],
            )
            before.update({upcoming.party, upcoming.owner})
            takes = seconds.get(upcoming.id)
            end = passed + (typical if takes is None else takes)
            heapq.heappush(ends, (end, takes is not None, upcoming.sweep))
        return positions


class FairQueue:
    """A scheduler that shares turns fairly among the visitors with waiting runs."""

    def __init__(self, queue: TrainingQueue, waiting: Sequence[Entry]) -> None:
        """Copy the queue's state, with some of its waiting runs."""
        self._last_served = dict(queue.last_served or {})
        self._runs: dict[str, list[Entry]] = defaultdict(list)  # by visitor, the next run last
        for entry in sorted(waiting, key=_arrival, reverse=True):
            self._runs[entry.owner].append(entry)
        self._active_sweeps = {entry.sweep for entry in queue.training} - {""}
        self._left = len(waiting)

    def __bool__(self) -> bool:
        """Whether runs are left."""
        return self._left > 0

    def pop_next(self, now: float) -> Entry | None:
        """Remove and return the next run, None if none may start; ``now`` orders the turns."""
        firsts = [first for runs in self._runs.values() if (first := self._first(runs)) is not None]
        if not firsts:
            return None
        entry = min(firsts, key=lambda first: _turn(first, self._last_served))
        self._runs[entry.owner].remove(entry)
        if not self._runs[entry.owner]:
            del self._runs[entry.owner]
        self._last_served[entry.owner] = self._last_served[entry.party] = now
        if entry.sweep:
            self._active_sweeps.add(entry.sweep)
        self._left -= 1
        return entry

    def end_sweep(self, sweep: str) -> None:
        """Let the next run of a sweep start."""
        self._active_sweeps.discard(sweep)

    def _first(self, runs: Sequence[Entry]) -> Entry | None:
        return next((run for run in reversed(runs) if run.sweep not in self._active_sweeps), None)


def _arrival(entry: Entry) -> tuple[float, int, str]:
    return entry.entered, entry.number, entry.id


def _turn(
    first: Entry, last_served: Mapping[str, float]
) -> tuple[bool, float, float, float, int, str]:
    """Return a visitor's sort key from their first waiting run."""
    earliest = first.entered - STARVATION_BOUND
    party, own = (max(last_served.get(who, 0.0), earliest) for who in (first.party, first.owner))
    return not first.known, party, own, *_arrival(first)
