"""How many pages one address may have open: each keeps a session in the server's memory."""

from collections import Counter

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from pages.ui.state.addresses import client_address, network_of, trusted_proxies

MAX_PAGES = 400  # a class of 200 behind one router, with two tabs each
STREAM = "/_stcore/stream"


class PageLimit:
    """ASGI middleware that refuses the websocket of a page for which its address has no room left.

    A browser does not tell a page why it has no websocket, so that a page may ask at the same
    address without one.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Begin without pages."""
        self._app = app
        self._proxies = trusted_proxies()
        self._open: Counter[str] = Counter()  # websockets by address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no page's websocket, or has room."""
        if scope["type"] == "lifespan" or not scope["path"].rstrip("/").endswith(STREAM):
            await self._app(scope, receive, send)
            return
        address = network_of(client_address(scope, self._proxies))
        if self._open[address] >= MAX_PAGES:
            refusal = PlainTextResponse("Too many pages are open in this network.", 429)
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).send_denial_response(refusal)
            else:
                await refusal(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._counted(address, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _counted(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._open[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
