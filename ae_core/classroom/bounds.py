"""How often a visitor and an address may open classes and try codes.

Each server's process counts for itself, in its memory. Names are made up in a moment, so that an
address has a bound, too; and as a class has one address behind its router, whoever was told to
wait and comes back has a share of the address's bound that no newcomer takes.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ae_core.errors import UserError

K = TypeVar("K")
V = TypeVar("V")
REMEMBERED_SECONDS = 600.0  # who was told to wait, and what a visitor has tried
FREE_WRONG_CODES = 3  # of a visitor, before the first wait
MAX_WAIT = 64.0  # seconds


class Lately:
    """Counts by name what happened within the last seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        """Allow ``most`` in any time of so many seconds."""
        self._most, self._seconds = most, seconds
        self._times: dict[str, deque[float]] = {}  # the name that was counted last is the last

    def wait(self, name: str, now: float) -> float:
        """Return the seconds until one more is allowed, 0 if it is now."""
        times = self._times.get(name, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return 0.0 if len(times) < self._most else times[0] + self._seconds - now

    def count(self, name: str, now: float) -> None:
        """Count one more."""
        times = self._times.pop(name, deque())
        self._times[name] = times
        times.append(now)
        _forget(self._times, lambda each: not each or each[-1] <= now - self._seconds)


class AddressBound:
    """How often an address may do something, with a share for those who have waited."""

    def __init__(self, newcomers: Lately, waited: Lately, wait: float) -> None:
        """Allow so much to newcomers, and so much more to those who came back after ``wait``."""
        self._newcomers, self._waited, self._wait = newcomers, waited, wait
        self._due: dict[tuple[str, str], float] = {}  # by address and visitor, in order

    def wait(self, address: str, visitor: str, now: float) -> float:
        """Return the seconds until a visitor may, 0 if now; the visitor's wait begins with it."""
        if not self._newcomers.wait(address, now):
            return 0.0
        _forget(self._due, lambda due: due <= now - REMEMBERED_SECONDS)
        due = self._due.setdefault((address, visitor), now + self._wait)
        return due - now if due > now else self._waited.wait(address, now)

    def count(self, address: str, visitor: str, now: float) -> None:
        """Count what a visitor did; who has waited for it waits anew for the next time."""
        if not self._newcomers.wait(address, now):
            self._newcomers.count(address, now)
            return
        self._waited.count(address, now)
        self._due.pop((address, visitor), None)


class Openings:
    """Bounds the classes that are opened from an address; any thread may call it."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._strangers = AddressBound(Lately(10, 60.0), Lately(10, 60.0), wait=20.0)
        self._known = Lately(60, 60.0)

    def count(self, address: str, visitor: str, now: float, *, known: bool) -> None:
        """Count a class that a visitor opens; strangers do not hold up those who are known.

        Raises:
            UserError: there were too many.
        """
        with self._lock:
            if known:
                wait = self._known.wait(address, now)
            else:
                wait = self._strangers.wait(address, visitor, now)
            if wait:
                raise UserError("classes_of_network", seconds=_whole(wait))
            if known:
                self._known.count(address, now)
            else:
                self._strangers.count(address, visitor, now)


@dataclass
class _Tried:
    """What a visitor tried in vain: how often, the newest codes, and until when to wait."""

    last: float
    count: int = 0
    until: float = 0.0
    codes: deque[str] = field(default_factory=lambda: deque(maxlen=20))


class WrongCodes:
    """Lets nobody try codes fast: a visitor waits longer each time; any thread may call it.

    Only wrong codes count, and the same one only once: a page that is drawn again tries nothing.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        # A class of 200 may mistype twice each, and some of it more often.
        self._addresses = AddressBound(Lately(500, 600.0), Lately(2, 12.0), wait=10.0)
        self._visitors: dict[str, _Tried] = {}  # who tried last is the last

    def check(self, code: str, address: str, visitor: str, now: float) -> None:
        """Check whether a visitor may learn whether there is a class of this code.

        Raises:
            UserError: the visitor, or the visitor's address, tried too many wrong ones.
        """
        with self._lock:
            _forget(self._visitors, lambda each: each.last <= now - REMEMBERED_SECONDS)
            tried = self._visitors.get(visitor)
            if tried is not None and code in tried.codes:
                return
            if tried is not None and tried.until > now:
                raise UserError("wrong_codes", seconds=_whole(tried.until - now))
            if wait := self._addresses.wait(address, visitor, now):
                raise UserError("wrong_codes_of_network", seconds=_whole(wait))

    def count(self, code: str, address: str, visitor: str, now: float) -> None:
        """Count a wrong code, unless the visitor has tried it before."""
        with self._lock:
            tried = self._visitors.pop(visitor, None) or _Tried(now)
            self._visitors[visitor] = tried
            tried.last = now
            if code in tried.codes:
                return
            tried.codes.append(code)
            tried.count += 1
            if tried.count >= FREE_WRONG_CODES:
                tried.until = now + min(2.0 ** (tried.count - FREE_WRONG_CODES + 1), MAX_WAIT)
            self._addresses.count(address, visitor, now)


def _forget(among: dict[K, V], old: Callable[[V], bool]) -> None:
    """Delete what is old from the beginning of a dictionary whose oldest entries come first."""
    while among and old(among[first := next(iter(among))]):
        del among[first]


def _whole(seconds: float) -> int:
    return max(1, -int(-seconds // 1))
