"""How much each session may keep in the server's memory by uploading."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui import streamlit_adapter

MEGABYTES = 60  # per session, i.e. per open page
_ADDRESS = re.compile(r".*/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)/?")


class UploadLimit:
    """ASGI middleware that refuses an upload for which its session has no room left.

    Streamlit takes uploads for a session at any time, whether or not a page asks for one. What a
    page removes frees its share; uploads that are still arriving count as a whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Begin without uploads."""
        self._app = app
        self._arriving: dict[str, int] = {}  # bytes by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no upload, or has room."""
        address = _ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if address is None or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        session, size = address["session"], _size(scope)
        if size > streamlit_adapter.most_upload_bytes():  # Streamlit refuses it unread
            await self._app(scope, receive, send)
            return
        kept = streamlit_adapter.uploaded_bytes(session, besides=address["file"])
        arriving = self._arriving.get(session, 0)
        if kept + arriving + size > MEGABYTES << 20:
            await _drop_body(receive)
            text = f"This page holds {MEGABYTES} MB of uploads at most. Remove some of them first."
            await PlainTextResponse(text, status_code=413)(scope, receive, send)
            return
        self._arriving[session] = arriving + size
        try:
            await self._app(scope, receive, send)
        finally:
            self._arriving[session] -= size
            if not self._arriving[session]:
                del self._arriving[session]


def _size(scope: Scope) -> int:
    """Return how many bytes an upload may have: what it announces, else as many as a file may."""
    written = Headers(scope=scope).get("content-length", "")
    return int(written) if written.isdecimal() else streamlit_adapter.most_upload_bytes()


async def _drop_body(receive: Receive) -> None:
    """Read a body and forget it: a client that still sends would not see the answer."""
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
