"""Sentences that may quote a visitor: shown letter by letter, never as markup.

Streamlit's boxes take Markdown, so a link like ``?preset=![](http://…)`` would otherwise make the
browser of whoever opens it fetch a picture from elsewhere. What the core raised is said in the
visitor's language.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from ae_core.errors import Message, UserError
from pages.ui.i18n.text import translated

Said = str | UserError | Message

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=\"'])")


def plain(text: str) -> str:
    """Return Markdown that shows `text` letter by letter."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def said(sentence: Said) -> str:
    """Return Markdown that shows a sentence, of the core or of the page, letter by letter."""
    return plain(translated(sentence))


def error(text: Said) -> None:
    """Show what went wrong and what to do."""
    st.error(said(text))


def warning(text: Said) -> None:
    """Show what is missing and what to do instead."""
    st.warning(said(text))


def info(text: Said) -> None:
    """Show how something stands."""
    st.info(said(text))


def toast(text: Said) -> None:
    """Say in passing what went wrong."""
    st.toast(said(text))


@contextmanager
def refusals(show: Callable[[UserError], None] = error) -> Iterator[None]:
    """Show what is refused inside, and go on after it."""
    try:
        yield
    except UserError as refused:
        show(refused)
