"""The undocumented parts of Streamlit that the app uses.

An upgrade may remove any of them; ``tests/test_adapters.py`` then names the missing ones.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import streamlit as st
from streamlit import net_util, runtime
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext, ThreadState
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.stats import CounterStat, GaugeStat, HistogramStat, Stat, StatsProvider
from streamlit.runtime.uploaded_file_manager import UploadedFile

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

__all__ = ["CounterStat", "GaugeStat", "HistogramStat", "Stat", "UploadedFile"]

INDEX = Path(st.__file__).parent / "static" / "index.html"
XSRF_COOKIE = "_streamlit_xsrf"


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


def most_upload_bytes() -> int:
    """Return how many bytes an uploaded file may have."""
    megabytes: int = st.get_option("server.maxUploadSize")
    return megabytes << 20


def uploaded_bytes(session: str, *, besides: str) -> int:
    """Return how many bytes a session's uploads have in memory, without the file of one id."""
    manager = cast("MemoryUploadedFileManager", runtime.get_instance().uploaded_file_mgr)
    files = dict(manager.file_storage.get(session, {}))  # a copy: scripts remove files meanwhile
    return sum(len(file.data) for name, file in files.items() if name != besides)


class TabAddress:
    """The query of a tab's address, which its browser may not have seen yet."""

    def __init__(self) -> None:
        """Know no query; the first one is the browser's."""
        self._newest = ""
        self._former: list[str] = []  # until the browser sends the newest one
        self._asked: str | None = None  # what the last action of a hand or a clock came with
        self._values: dict[str, bytes] = {}  # of the widgets, as the browser sent them last

    def ask(self, request: Any) -> None:
        """Take note of what a browser asks for; a click on a link or on Back changes no widget."""
        values = {each.id: each.SerializeToString() for each in request.widget_states.widgets}
        changed = any(self._values.get(name) != value for name, value in values.items())
        acted = (changed or request.is_auto_rerun) and not request.is_history_navigation
        self._asked = request.query_string if acted else None
        self._values = values

    def present(self, query: str) -> str:
        """Return the query that a page has to show if it is asked for one."""
        asked, self._asked = self._asked, None
        if asked == query and query in self._former:
            return self._newest  # the browser sent this before the newest had arrived
        if asked == query or query != self._newest:
            self._former.clear()
        self._newest = query
        return query

    def change(self, query: str) -> None:
        """Take note of a query that the page has set."""
        self._former.append(self._newest)
        self._newest = query


@cache
def keep_addresses_that_browsers_have_not_seen() -> None:
    """Let no run of a page go back to an address that the page has just changed.

    With every action a browser sends its address. One that was sent before the address that the
    last action led to has arrived brings the former address, and the page would undo that action.
    """
    session: Any = AppSession
    context: Any = ScriptRunContext
    query_params: Any = QueryParams
    handle, reset = session.request_rerun, context.reset
    send = query_params._send_query_param_msg

    def tab(query: Any) -> TabAddress:
        found: TabAddress = vars(query).setdefault("autoencoder_lab_tab", TabAddress())
        return found

    def handle_request(self: Any, client_state: Any = None) -> None:
        if client_state is not None:
            state = self._session_state
            tab(state.query_params).ask(client_state)
        handle(self, client_state)

    def reset_context(self: Any, query_string: str = "", **rest: Any) -> None:
        state = self.session_state
        reset(self, query_string=tab(state._state.query_params).present(query_string), **rest)

    def send_query(self: Any) -> None:
        send(self)
        running = get_script_run_ctx(suppress_warning=True)
        if running is not None:
            tab(self).change(running.query_string)

    session.request_rerun, context.reset = handle_request, reset_context
    query_params._send_query_param_msg = send_query


def register_metrics(provider: StatsProvider) -> None:
    """Add a provider to ``/_stcore/metrics``; without a server, as in tests, do nothing."""
    if runtime.exists():
        runtime.get_instance().stats_mgr.register_provider(provider)
