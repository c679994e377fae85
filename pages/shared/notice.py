"""Sentences that may quote a visitor: shown letter by letter, never as markup.

Streamlit's boxes take Markdown, so a link like ``?preset=![](http://…)`` would otherwise make the
browser of whoever opens it fetch a picture from elsewhere.
"""

import re

import streamlit as st

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=\"'])")


def plain(text: str) -> str:
    """Return Markdown that shows `text` letter by letter."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def error(text: str) -> None:
    """Show what went wrong and what to do."""
    st.error(plain(text))


def warning(text: str) -> None:
    """Show what is missing and what to do instead."""
    st.warning(plain(text))


def info(text: str) -> None:
    """Show how something stands."""
    st.info(plain(text))
