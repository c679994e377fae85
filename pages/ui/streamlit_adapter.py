"""Everything of Streamlit that the app uses and that Streamlit's documentation does not promise.

An upgrade may take any of it away: ``tests/test_adapters.py`` then says what is gone.
"""

from pathlib import Path

import streamlit as st

INDEX = Path(st.__file__).parent / "static" / "index.html"
# Streamlit's page looks for its server below its own address first: `/train/_stcore/health` is not
# there, and a tenth of a second goes by before it looks at `/_stcore/health`.
_SERVER = '<head><script>window.__streamlit = {BACKEND_BASE_URL: location.origin + "%s"}</script>'


def index_page(base: str) -> str:
    """Return Streamlit's page, which is told that its server is at a base path."""
    return INDEX.read_text(encoding="utf-8").replace("<head>", _SERVER % base, 1)
