"""Gives every browser a cookie with its first page; two routes remember the browser or leave it.

A cookie that scripts cannot read changes with the response to a request only.
"""

import asyncio
import time
from math import inf
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ae_core.errors import StorageError
from pages.ui.state import identity
from pages.ui.state.addresses import came_by_https, trusted_proxies
from pages.ui.state.base_path import base_path
from pages.ui.state.identity import DAYS, RENEWED_AFTER, SECONDS_PER_DAY, Identity
from pages.ui.streamlit_adapter import XSRF_COOKIE, browser_token
from pages.ui.widgets.link import serves_both

ROUTE = "visitor"


class VisitorCookie:
    """ASGI middleware that sets the cookie with a page, if the browser has no valid one.

    An older one is renewed. A browser that visited an earlier version keeps its name.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Read the operator's settings once, at the start."""
        self._app = app
        identity.operator_secret()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_cookie(message: Message) -> None:
            if _is_page(message) and (cookie := await _due_cookie(scope)):
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        asks = scope["type"] == "http" and scope["method"] == "GET"
        await self._app(scope, receive, with_cookie if asks else send)


def routes() -> list[Route]:
    """Return the routes by which a page has its browser remembered or forgotten."""
    base = f"{base_path()}/{ROUTE}"
    return [
        Route(f"{base}/remember", _remember, methods=["POST"]),
        Route(f"{base}/leave", _leave, methods=["POST"]),
    ]


def _is_page(message: Message) -> bool:
    if message["type"] != "http.response.start" or message["status"] != 200:
        return False
    return MutableHeaders(scope=message).get("content-type", "").startswith("text/html")


async def _due_cookie(scope: Scope) -> str:
    """Return the header that sets a request's cookie, "" if it has a valid and recent one."""
    try:
        secret = await asyncio.to_thread(identity.secret)
    except StorageError:  # the log says why; a page without a cookie can say so, too
        return ""
    who, age = _who(scope, secret)
    return _written(scope, secret, who) if age > RENEWED_AFTER else ""


def _who(scope: Scope, secret: str) -> tuple[Identity, float]:
    """Return who a request's browser is, and the age of its cookie: infinite without a valid one.

    Without, it is who an earlier version took it for, else somebody new.
    """
    cookies = HTTPConnection(scope).cookies
    value = cookies.get(identity.cookie_name(secret, base_path()), "")
    if found := identity.verified(value, secret, time.time()):
        return found
    token = browser_token(cookies)
    return identity.earlier_identity(token) if token else Identity(), inf


def _written(scope: Scope, secret: str, who: Identity) -> str:
    """Return the header that gives a browser its cookie."""
    response = Response()
    response.set_cookie(
        identity.cookie_name(secret, base_path()),
        identity.signed(who, secret, time.time()),
        max_age=DAYS * SECONDS_PER_DAY if who.remembered else None,
        path=base_path() or "/",
        # Where the app is by http, too, a browser would send such a cookie by https alone.
        secure=came_by_https(scope, trusted_proxies()) and not serves_both(),
        httponly=True,
        samesite="lax",
    )
    return response.headers["Set-Cookie"]


async def _remember(request: Request) -> Response:
    """Have the browser keep its cookie when it is closed."""
    return await _changed(request, remembered=True)


async def _leave(request: Request) -> Response:
    """Give the browser a new name, and nothing by which it could get back an earlier one."""
    response = await _changed(request, remembered=False)
    if response.status_code == 204:
        response.delete_cookie(XSRF_COOKIE)
    return response


async def _changed(request: Request, *, remembered: bool) -> Response:
    if not _from_own_page(request.headers):
        return PlainTextResponse("This is for the app's own pages.", status_code=403)
    try:
        secret = await asyncio.to_thread(identity.secret)
    except StorageError:
        return PlainTextResponse("The database does not answer.", status_code=503)
    name = _who(request.scope, secret)[0].name if remembered else Identity().name
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.headers.append(
        "Set-Cookie", _written(request.scope, secret, Identity(name, remembered))
    )
    return response


def _from_own_page(headers: Headers) -> bool:
    """Return whether a page of the app sends a request, according to the browser.

    Browsers send ``Sec-Fetch-Site`` by https and on the own machine only, ``Origin`` always. A
    proxy may pass on another ``Host`` than the browser asked for.
    """
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    origin = urlsplit(headers.get("origin", "")).netloc
    return bool(origin) and origin in (headers.get("host"), headers.get("x-forwarded-host"))
