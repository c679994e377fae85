"""Prepares the server's process before the first visitor."""

import asyncio
import gc
import logging
import pkgutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from streamlit import get_option

import pages.ui
from ae_core.errors import UserError
from ae_core.service.run_memory import most_bytes
from pages.ui.shell.deadline import request_seconds
from pages.ui.shell.descriptors import raise_descriptor_limit
from pages.ui.shell.uvicorn_adapter import end_half_sent_heads, keep_peers, keep_uploads_in_memory
from pages.ui.streamlit_adapter import (
    keep_addresses_that_browsers_have_not_seen,
    never_ask_for_public_address,
    read_theme_once,
)

# Python's thread switch interval in seconds. Every visitor's script is a thread, and most end
# within a few of the default intervals of 5 ms: switching delays all of them.
SWITCH_INTERVAL = 0.05
# New objects before a garbage collection: with the default of 700, a class causes several full
# collections per second, each of which stops everything.
COLLECT_AFTER = (20_000, 20, 20)

_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the process, and at its end stop the runs."""
    logging.getLogger("uvicorn").setLevel(get_option("logger.level").upper())
    raise_descriptor_limit()
    never_ask_for_public_address()
    keep_uploads_in_memory()
    keep_peers()
    end_half_sent_heads(request_seconds())
    read_theme_once()
    keep_addresses_that_browsers_have_not_seen()
    most_bytes()  # an operator sees a wrong setting at the start
    sys.setswitchinterval(SWITCH_INTERVAL)
    for listener in _listeners():
        # Streamlit opens its socket without naming TCP, so asyncio leaves Nagle's algorithm on:
        # every second small message on an open connection waits 40 ms for the acknowledgement of
        # the first. Connections inherit this option from the listening socket.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _import_pages()
    await asyncio.to_thread(_start_service)
    _freeze()
    yield {}
    from pages.ui.backend.service import shut_down  # has caches, which need Streamlit's runtime

    await asyncio.to_thread(shut_down)


def _import_pages() -> None:
    for module in pkgutil.walk_packages(pages.ui.__path__, "pages.ui."):
        import_module(module.name)


def _start_service() -> None:
    """Let runs that wait go on, so that the first visitor finds workers and an open database."""
    from pages.ui.backend.service import service

    try:
        service()
    except UserError as refused:  # pages say so to visitors, and try again
        _log.warning("the training service has not started yet: %s", refused)


def _freeze() -> None:
    """Exempt what is there for good from garbage collection.

    Scanning all of it would stop every visitor for 165 ms each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _listeners() -> Iterator[socket.socket]:
    # By their types: a weak reference to what is gone raises an error at any question to itself.
    for each in gc.get_objects():
        if issubclass(type(each), socket.socket) and each.fileno() >= 0:
            listening = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listening and each.family in (socket.AF_INET, socket.AF_INET6):
                yield each
