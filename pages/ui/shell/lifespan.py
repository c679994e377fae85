"""What the server changes in its own process before it takes its first visitor."""

import gc
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

# Seconds for which a thread of Python goes on while others wait. Every visitor's script is a
# thread, and most end within a few of Python's own 5 ms: taking turns makes all of them late.
_TURN = 0.05


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the process."""
    sys.setswitchinterval(_TURN)
    for listener in _listeners():
        # Streamlit opens its socket without naming TCP, and so asyncio leaves Nagle's algorithm on:
        # every second small message of an open connection waits 40 ms for the first to be
        # acknowledged. Connections inherit this from the socket that accepts them.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield {}


def _listeners() -> Iterator[socket.socket]:
    for each in gc.get_objects():
        if isinstance(each, socket.socket) and each.fileno() >= 0:
            listening = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listening and each.family in (socket.AF_INET, socket.AF_INET6):
                yield each
