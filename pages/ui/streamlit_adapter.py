"""The undocumented parts of Streamlit and its web server that the app uses.

An upgrade may remove any of them; ``tests/test_adapters.py`` then names the missing ones.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit import net_util, runtime
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.stats import CounterStat, GaugeStat, HistogramStat, Stat, StatsProvider
from streamlit.runtime.uploaded_file_manager import UploadedFile
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

__all__ = ["CounterStat", "GaugeStat", "HistogramStat", "Stat", "UploadedFile"]

INDEX = Path(st.__file__).parent / "static" / "index.html"
XSRF_COOKIE = "_streamlit_xsrf"
PEER = "autoencoder-lab.peer"  # in ASGI's scope: who opened the connection


def index_page(head: str, end: str) -> str:
    """Return Streamlit's page with HTML before all else in its head, and at its end.

    A script in it may set ``window.__streamlit.BACKEND_BASE_URL``. Without, the page looks for its
    server below its own address first: `/train/_stcore/health` does not exist, and it takes a tenth
    of a second until it tries `/_stcore/health`.
    """
    page = INDEX.read_text(encoding="utf-8")
    return page.replace("<head>", f"<head>{head}", 1).replace("</body>", f"{end}</body>", 1)


def inline_scripts() -> list[str]:
    """Return the scripts that stand in Streamlit's page itself."""
    return re.findall(r"<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), re.DOTALL)


def never_ask_for_public_address() -> None:
    """Take the question for this machine's public address out of Streamlit.

    It asks a server of Amazon's, for up to 2 s and in the event loop, whenever a websocket comes
    from a foreign page: without internet, such a page would stop everybody.
    """
    net_util.get_external_ip = _no_address


def _no_address() -> str | None:
    return None


@cache
def read_theme_once() -> None:
    """Let Streamlit read the theme from its configuration once, not at every run of a page.

    It looks up some 200 options each time, which takes a tenth of an answer.
    """
    streamlit: Any = app_session
    streamlit_reads = streamlit._populate_theme_msg

    @cache
    def read(section: str) -> CustomThemeConfig:
        theme = CustomThemeConfig()
        streamlit_reads(theme, section)
        return theme

    def copy(theme: CustomThemeConfig, section: str = "theme") -> None:
        theme.MergeFrom(read(section))

    streamlit._populate_theme_msg = copy


def asked_language() -> tuple[str, str]:
    """Return the query of the visitor's address and the browser's language; empty outside a run.

    `st.query_params` and `st.context` return the same, but too slowly for every text on a page.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return "", ""
    browser = context.context_info
    return context.query_string, (browser and browser.locale) or ""


def comes_with_a_tick() -> bool:
    """Return whether a widget's callback runs although only fragments, without it, run again."""
    return only_fragments_run() and not ThreadState.get().in_fragment_callback


def only_fragments_run() -> bool:
    """Return whether only fragments of the page run, not all of it."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and bool(context.fragment_ids_this_run)


def browser_token(cookies: Mapping[str, str]) -> bytes:
    """Return Streamlit's token of the browser against forged requests, empty if there is none.

    The mask in its cookie ``2|mask|masked token|time`` changes, the token stays the same.
    """
    parts = cookies.get(XSRF_COOKIE, "").split("|")
    if len(parts) != 4:
        return b""
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except ValueError:
        return b""
    return bytes(byte ^ mask[i % len(mask)] for i, byte in enumerate(masked)) if mask else b""


def drop_upload(file: UploadedFile) -> None:
    """Remove an uploaded file from memory, which Streamlit would keep for the session."""
    context = get_script_run_ctx()
    if context is not None:
        manager = cast("MemoryUploadedFileManager", context.uploaded_file_mgr)
        manager.remove_file(context.session_id, file.file_id)


def keep_uploads_in_memory() -> None:
    """Keep even the largest uploads in memory; by default, they go to a temporary file first."""
    MultiPartParser.spool_max_size = most_upload_bytes() + (1 << 20)


def most_upload_bytes() -> int:
    """Return how many bytes an uploaded file may have."""
    megabytes: int = st.get_option("server.maxUploadSize")
    return megabytes << 20


def uploaded_bytes(session: str, *, besides: str) -> int:
    """Return how many bytes a session's uploads have in memory, without the file of one id."""
    manager = cast("MemoryUploadedFileManager", runtime.get_instance().uploaded_file_mgr)
    files = dict(manager.file_storage.get(session, {}))  # a copy: scripts remove files meanwhile
    return sum(len(file.data) for name, file in files.items() if name != besides)


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


def register_metrics(provider: StatsProvider) -> None:
    """Add a provider to ``/_stcore/metrics``; without a server, as in tests, do nothing."""
    if runtime.exists():
        runtime.get_instance().stats_mgr.register_provider(provider)
