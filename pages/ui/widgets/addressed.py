"""Bytes that the browser loads by an address with their hash, and keeps.

In a message of Streamlit's, it would get them again whenever a page opens.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

ROUTE = "bytes"
MAX_BYTES = 128 << 20  # of all together
WORTH_IT = 0.8  # of the size: what takes less is sent packed, such as weights in steps


@dataclass(frozen=True)
class Addressed:
    """Bytes and their name.

    Attributes:
        content: the bytes.
        name: a hash of them.
        packed: the bytes as gzip, or as they are if that is hardly less.
    """

    content: bytes
    name: str = field(init=False)
    packed: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Hash and pack the content, once: a page asks for the address at each of its runs."""
        packed = gzip.compress(self.content, 1, mtime=0)
        worth_it = len(packed) < WORTH_IT * len(self.content)
        object.__setattr__(self, "name", hashlib.sha256(self.content).hexdigest())
        object.__setattr__(self, "packed", packed if worth_it else self.content)

    def address(self) -> str:
        """Return the address as seen from any page; the server has the bytes there from now on."""
        _kept.add(self.name, self)
        return f"./{ROUTE}/{self.name}"


class Kept:
    """The bytes that pages have shown, as many as fit."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Begin without any."""
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._by_name: OrderedDict[str, Addressed] = OrderedDict()  # the one shown last at the end
        self._bytes = 0

    def add(self, name: str, shown: Addressed) -> None:
        """Keep some bytes; drop those that were shown longest ago if there are too many."""
        with self._lock:
            before = self._by_name.pop(name, None)
            self._bytes += len(shown.content) - (len(before.content) if before else 0)
            self._by_name[name] = shown
            while self._bytes > self._max_bytes and len(self._by_name) > 1:
                self._bytes -= len(self._by_name.popitem(last=False)[1].content)

    def find(self, name: str) -> Addressed | None:
        """Return the bytes of a name, None if they are not there (any more)."""
        with self._lock:
            return self._by_name.get(name)


_kept = Kept()
find = _kept.find
