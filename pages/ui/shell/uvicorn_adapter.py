"""The undocumented parts of uvicorn and Starlette, the web server, that the app uses.

An upgrade may remove any of them; ``tests/test_adapters.py`` then names the missing ones.
"""

import asyncio
from functools import cache
from typing import Any

from starlette.formparsers import MultiPartParser
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from pages.ui.streamlit_adapter import most_upload_bytes

PEER = "autoencoder-lab.peer"  # in ASGI's scope: who opened the connection


def keep_uploads_in_memory() -> None:
    """Keep even the largest uploads in memory; by default, they go to a temporary file first."""
    MultiPartParser.spool_max_size = most_upload_bytes() + (1 << 20)


@cache
def keep_peers() -> None:
    """Keep the address at the other end of each connection in the scope, under `PEER`.

    uvicorn replaces it by what ``X-Forwarded-For`` says, and with ``FORWARDED_ALLOW_IPS=*``, which
    images of other servers set, by the header's beginning, which is a stranger's to choose.
    """
    middleware: Any = ProxyHeadersMiddleware
    call = middleware.__call__

    async def with_peer(self: Any, scope: Any, receive: Any, send: Any) -> None:
        scope[PEER] = scope.get("client")
        await call(self, scope, receive, send)

    middleware.__call__ = with_peer


@cache
def end_half_sent_heads(seconds: float) -> None:
    """Close a connection on which the head of a request is not complete in time.

    uvicorn waits for it for ever, and so for a first byte. An idle connection between two requests
    has a bound of its own in uvicorn, an open websocket its pings.
    """
    waiting: dict[Any, asyncio.TimerHandle] = {}
    http: Any = AutoHTTPProtocol
    connection_made, data_received = http.connection_made, http.data_received

    def has_head(protocol: Any) -> bool:
        answering = protocol.cycle is not None and not protocol.cycle.response_complete
        return answering or protocol.transport.get_protocol() is not protocol  # a websocket

    def look(protocol: Any) -> None:
        if has_head(protocol):
            timer = waiting.pop(protocol, None)
            if timer:
                timer.cancel()
        elif protocol not in waiting:
            waiting[protocol] = protocol.loop.call_later(seconds, end, protocol)

    def end(protocol: Any) -> None:
        del waiting[protocol]
        if not has_head(protocol):
            protocol.transport.close()

    def made(protocol: Any, transport: Any) -> None:
        connection_made(protocol, transport)
        waiting[protocol] = protocol.loop.call_later(seconds, end, protocol)

    def received(protocol: Any, data: bytes) -> None:
        data_received(protocol, data)
        look(protocol)

    http.connection_made, http.data_received = made, received
