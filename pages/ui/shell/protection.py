"""What every response of the server tells the browser not to do, and who may read the metrics."""

import base64
import hashlib
import os
import re

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui import streamlit_adapter
from pages.ui.shell import uvicorn_adapter
from pages.ui.state.addresses import (
    LOOPBACK,
    client_address,
    may_be_isolated,
    networks,
    trusted_proxies,
    within,
)

METRICS = "/_stcore/metrics"
# They isolate a page from other sites, so that its threads may share memory
# (pickers/decoder_wasm_threads.js). Where a browser does not, it complains of them.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
_ORIGIN = re.compile(r"https?://[\w.*\-]+(:\d+)?")


def embedding_origins() -> list[str]:
    """Return the origins whose pages may show the app in a frame: what AE_EMBED_FROM lists.

    Raises:
        ValueError: an entry is no origin such as ``https://moodle.school.example``.
    """
    origins = (os.environ.get("AE_EMBED_FROM") or "").replace(",", " ").split()
    for each in origins:
        if not _ORIGIN.fullmatch(each):
            raise ValueError(f"AE_EMBED_FROM: {each!r} is no origin such as https://school.example")
    return origins


def content_security_policy() -> str:
    """Return the policy; no foreign host is in it, so that a page asks this server alone."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in streamlit_adapter.inline_scripts()
    )
    directives = {
        "default-src": "'self'",
        # Streamlit runs a component's module from a `blob:` address. Its page has one script in
        # line, which is known by its hash. Plotly makes functions from text: that needs eval. The
        # decoder (pickers/decoder_wasm.js) and the library of Streamlit's messages compile
        # WebAssembly: that has a permission of its own, which eval includes in today's browsers.
        "script-src": f"'self' blob: 'unsafe-eval' 'wasm-unsafe-eval' {hashes}",
        # Streamlit's styles (Emotion), Plotly's and those of `st.html` are made in the page.
        "style-src": "'self' 'unsafe-inline'",
        # Icons in Streamlit's styles are `data:`; previews of uploads, and Plotly's downloads,
        # are `blob:`.
        "img-src": "'self' data: blob:",
        # Streamlit's style sheets have small fonts in themselves.
        "font-src": "'self' data:",
        # The camera's picture is a `blob:` while Streamlit shows it and sends it.
        "media-src": "'self' blob:",
        "connect-src": "'self' data: blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *embedding_origins()]),
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def protective_headers() -> dict[str, str]:
    """Return the headers of every response."""
    return {
        "Content-Security-Policy": content_security_policy(),
        "X-Content-Type-Options": "nosniff",
        # A link to another site tells it neither a run's address nor a class's code.
        "Referrer-Policy": "same-origin",
    }


class Protection:
    """ASGI middleware that adds the headers, and tells Streamlit and us who really asks.

    It hides the metrics from strangers.

    ``AE_METRICS_TO`` lists the networks that may read them besides this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Read the operator's settings once, at the start."""
        self._app = app
        self._headers = protective_headers()
        self._readers = networks("AE_METRICS_TO") + LOOPBACK
        self._proxies = trusted_proxies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if uvicorn_adapter.PEER in scope:  # what uvicorn has put there may be a stranger's lie
            scope["client"] = scope[uvicorn_adapter.PEER]

        async def protected(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                isolation = ISOLATION if may_be_isolated(scope, self._proxies) else {}
                MutableHeaders(scope=message).update(self._headers | isolation)
            await send(message)

        hidden = scope["type"] == "http" and scope["path"].rstrip("/").endswith(METRICS)
        if hidden and not self._may_read_metrics(scope):
            refusal = PlainTextResponse("The metrics are for AE_METRICS_TO.", status_code=403)
            await refusal(scope, receive, protected)
        else:
            await self._app(scope, receive, protected)

    def _may_read_metrics(self, scope: Scope) -> bool:
        address = client_address(scope, self._proxies)
        return address is not None and within(address, self._readers)


async def server_error(_: Request, __: Exception) -> PlainTextResponse:
    """Return the response to a request at which the server failed; no middleware sees it."""
    return PlainTextResponse("Internal Server Error", 500, headers=protective_headers())
