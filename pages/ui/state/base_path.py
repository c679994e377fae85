"""Where the pages are on the server."""

import streamlit as st


def base_path() -> str:
    """Return the prefix of every page's path: empty, or e.g. ``/lab`` if a base path is set."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}" if base else ""
