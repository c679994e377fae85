"""What the web server is told beyond Streamlit's own settings; `app.py` hands it over.

It draws nothing and knows no page but its address.
"""

import gc
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

_INDEX = Path(st.__file__).parent / "static" / "index.html"
# Seconds for which a thread of Python goes on while others wait. Every visitor's script is a
# thread, and most end within a few of Python's own 5 ms: taking turns makes all of them late.
_TURN = 0.05
# Streamlit's page looks for its server below its own address first: `/train/_stcore/health` is not
# there, and a tenth of a second goes by before it looks at `/_stcore/health`.
_SERVER = '<head><script>window.__streamlit = {BACKEND_BASE_URL: location.origin + "%s"}</script>'


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the server before it takes its first visitor."""
    sys.setswitchinterval(_TURN)
    for listener in _listeners():
        # Streamlit opens its socket without naming TCP, and so asyncio leaves Nagle's algorithm on:
        # every second small message of an open connection waits 40 ms for the first to be
        # acknowledged. Connections inherit this from the socket that accepts them.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield {}


def page_routes(folder: Path) -> list[Route]:
    """Return routes that answer the address of every page in a folder, and of Home."""
    names = ["", *(page.stem for page in sorted(folder.glob("*.py")))]
    return [Route(f"/{name}", _index) for name in names]


async def _index(_: Request) -> HTMLResponse:
    base = st.get_option("server.baseUrlPath").strip("/")
    page = _INDEX.read_text(encoding="utf-8")
    found = page.replace("<head>", _SERVER % (f"/{base}" if base else ""), 1)
    return HTMLResponse(found, headers={"Cache-Control": "no-cache"})


def _listeners() -> Iterator[socket.socket]:
    for each in gc.get_objects():
        if isinstance(each, socket.socket) and each.fileno() >= 0:
            listening = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listening and each.family in (socket.AF_INET, socket.AF_INET6):
                yield each
