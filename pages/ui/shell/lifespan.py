"""What the server changes in its own process before it takes its first visitor."""

import gc
import pkgutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pages.ui
from pages.ui.streamlit_adapter import keep_uploads_in_memory

# Seconds for which a thread of Python goes on while others wait. Every visitor's script is a
# thread, and most end within a few of Python's own 5 ms: taking turns makes all of them late.
SWITCH_INTERVAL = 0.05
# New objects before Python looks for cycles: with its own 700 a class causes several looks at
# every session's objects a second, at which everything stands still.
COLLECT_AFTER = (20_000, 20, 20)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the process."""
    keep_uploads_in_memory()
    sys.setswitchinterval(SWITCH_INTERVAL)
    for listener in _listeners():
        # Streamlit opens its socket without naming TCP, and so asyncio leaves Nagle's algorithm on:
        # every second small message of an open connection waits 40 ms for the first to be
        # acknowledged. Connections inherit this from the socket that accepts them.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _freeze()
    yield {}


def _freeze() -> None:
    """Import what the pages need, and keep it from the collector: it lives as long as the server.

    Looking at all of it again holds up everybody for 165 ms a time.
    """
    for module in pkgutil.walk_packages(pages.ui.__path__, "pages.ui."):
        import_module(module.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _listeners() -> Iterator[socket.socket]:
    for each in gc.get_objects():
        if isinstance(each, socket.socket) and each.fileno() >= 0:
            listening = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listening and each.family in (socket.AF_INET, socket.AF_INET6):
                yield each
