"""How much each session may keep in the server's memory by uploading."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ae_core.text.sentences import FALLBACK, say
from pages.ui import streamlit_adapter
from pages.ui.i18n.text import language_of

MEGABYTES = 60  # per session, i.e. per open page
FRAMING = 4096  # bytes around a file: boundaries, its name and type
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
            text = say("own.no_room", _language(Headers(scope=scope)), most=MEGABYTES)
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
    """Return how many bytes a file may have: as its upload announces, else as many as any may."""
    written = Headers(scope=scope).get("content-length", "")
    if not written.isdecimal():
        return streamlit_adapter.most_upload_bytes()
    return max(0, int(written) - FRAMING)


def _language(headers: Headers) -> str:
    """Return the language of the page that uploads; its address comes as the referrer."""
    asked = headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    # Whoever wrote the header, it may be no address at all.
    query = headers.get("referer", "").partition("?")[2]
    return language_of(query, asked or FALLBACK)


async def _drop_body(receive: Receive) -> None:
    """Read a body and forget it: a client that still sends would not see the answer."""
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
