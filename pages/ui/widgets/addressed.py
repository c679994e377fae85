"""Bytes that the browser loads by an address with their hash, and keeps.

In a message of Streamlit's, it would get them again whenever a page opens.
"""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

ROUTE = "bytes"
MAX_BYTES = 128 << 20  # of all together


@dataclass(frozen=True)
class Addressed:
    """Bytes and their name.

    Attributes:
        content: the bytes.
        name: a hash of them.
    """

    content: bytes
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """Hash the content, once: a page asks for the address at each of its runs."""
        object.__setattr__(self, "name", hashlib.sha256(self.content).hexdigest())

    def address(self) -> str:
        """Return the address as seen from any page; the server has the bytes there from now on."""
        _kept.add(self.name, self.content)
        return f"./{ROUTE}/{self.name}"


class Kept:
    """The bytes that pages have shown, as many as fit."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Begin without any."""
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._by_name: OrderedDict[str, bytes] = OrderedDict()  # the one shown last at the end
        self._bytes = 0

    def add(self, name: str, content: bytes) -> None:
        """Keep some bytes; drop those that were shown longest ago if there are too many."""
        with self._lock:
            self._bytes += len(content) - len(self._by_name.pop(name, b""))
            self._by_name[name] = content
            while self._bytes > self._max_bytes and len(self._by_name) > 1:
                self._bytes -= len(self._by_name.popitem(last=False)[1])

    def find(self, name: str) -> bytes | None:
        """Return the bytes of a name, None if they are not there (any more)."""
        with self._lock:
            return self._by_name.get(name)


_kept = Kept()
find = _kept.find
