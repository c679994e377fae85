"""Everything of Streamlit that the app uses and that Streamlit's documentation does not promise.

An upgrade may take any of it away: ``tests/test_adapters.py`` then says what is gone.
"""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.stats import CounterStat, GaugeStat, HistogramStat, Stat, StatsProvider
from streamlit.runtime.uploaded_file_manager import UploadedFile

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

__all__ = ["CounterStat", "GaugeStat", "HistogramStat", "Stat", "UploadedFile"]

INDEX = Path(st.__file__).parent / "static" / "index.html"
XSRF_COOKIE = "_streamlit_xsrf"
# Streamlit's page looks for its server below its own address first: `/train/_stcore/health` is not
# there, and a tenth of a second goes by before it looks at `/_stcore/health`.
_SERVER = '<head><script>window.__streamlit = {BACKEND_BASE_URL: location.origin + "%s"}</script>'


def index_page(base: str) -> str:
    """Return Streamlit's page, which is told that its server is at a base path."""
    return INDEX.read_text(encoding="utf-8").replace("<head>", _SERVER % base, 1)


def asked_language() -> tuple[str, str]:
    """Return the query of the visitor's address and the browser's language; empty outside a run.

    `st.query_params` and `st.context` say the same, too slowly for every word of a page.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return "", ""
    browser = context.context_info
    return context.query_string, (browser and browser.locale) or ""


def browser_token() -> bytes:
    """Return the token that Streamlit gives every browser against forged requests, empty if none.

    Its cookie ``2|mask|masked token|time`` changes its mask, the token stays.
    """
    parts = st.context.cookies.get(XSRF_COOKIE, "").split("|")
    if len(parts) != 4:
        return b""
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except ValueError:
        return b""
    return bytes(byte ^ mask[i % len(mask)] for i, byte in enumerate(masked)) if mask else b""


def drop_upload(file: UploadedFile) -> None:
    """Take an uploaded file out of the server's memory: Streamlit would keep it for the session."""
    context = get_script_run_ctx()
    if context is not None:
        manager = cast("MemoryUploadedFileManager", context.uploaded_file_mgr)
        manager.remove_file(context.session_id, file.file_id)


def keep_uploads_in_memory() -> None:
    """Have the largest upload kept in memory: a larger one would go to a temporary file first."""
    MultiPartParser.spool_max_size = (st.get_option("server.maxUploadSize") + 1) << 20


def register_metrics(provider: StatsProvider) -> None:
    """Have ``/_stcore/metrics`` ask a provider, too; without a server, in tests, do nothing."""
    if runtime.exists():
        runtime.get_instance().stats_mgr.register_provider(provider)
