"""How long a request may stop in the middle of arriving."""

import asyncio
import os

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 30.0


def request_seconds() -> float:
    """Return the seconds that a request's head may take, and each pause of its body.

    Raises:
        ValueError: AE_REQUEST_SECONDS is not a number above zero; the text names it.
    """
    written = os.environ.get("AE_REQUEST_SECONDS") or str(SECONDS)
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"AE_REQUEST_SECONDS: {written!r} is not a number above zero")
    return seconds


class BodyStopped(HTTPException):
    """A request's body did not arrive; whoever reads it gets this."""

    def __init__(self) -> None:
        # The rest of the body may still come: the connection cannot take another request.
        super().__init__(408, "The rest did not arrive.", headers={"Connection": "close"})


class BodyDeadline:
    """ASGI middleware that ends a request whose body stops arriving.

    The server itself watches over the heads: `pages.ui.shell.uvicorn_adapter.end_half_sent_heads`.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Read the bound once, at the start."""
        self._app = app
        self._seconds = request_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that raises `BodyStopped`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = answered = False

        async def in_time() -> Message:
            nonlocal arrived
            if arrived:  # what still comes is the end of the connection, whenever that is
                return await receive()
            try:
                async with asyncio.timeout(self._seconds):
                    message = await receive()
            except TimeoutError:
                raise BodyStopped from None
            arrived = not message.get("more_body", False)
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, in_time, noted)
        except BodyStopped as stopped:  # read by middleware; Starlette answers for the routes
            if answered:
                raise
            response = PlainTextResponse(stopped.detail, stopped.status_code, stopped.headers)
            await response(scope, receive, send)
