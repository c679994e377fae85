"""Shows sentences that may quote a visitor as plain text, never as markup.

Streamlit's boxes interpret Markdown: a link like ``?preset=![](http://…)`` would otherwise make the
browser of anybody who opens it fetch an image from elsewhere. Errors of the core appear in the
visitor's language.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from ae_core.errors import Message, UserError
from pages.ui.i18n.text import translated

Said = str | UserError | Message

shown: Counter[str] = Counter()  # the errors that this server has shown, by their keys
_counting = threading.Lock()
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=\"'])")


def plain(text: str) -> str:
    """Return Markdown that shows `text` literally."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def said(sentence: Said) -> str:
    """Return Markdown that shows a sentence of the core or of the page literally."""
    return plain(translated(sentence))


def error(text: Said) -> None:
    """Show an error: what went wrong and what to do."""
    _count(text)
    st.error(said(text))


def warning(text: Said) -> None:
    """Show a warning: what is missing and what to do instead."""
    st.warning(said(text))


def info(text: Said) -> None:
    """Show information about the present state."""
    st.info(said(text))


def toast(text: Said) -> None:
    """Show an error briefly."""
    _count(text)
    st.toast(said(text))


def _count(text: Said) -> None:
    if not isinstance(text, str):
        with _counting:
            shown[text.key] += 1


@contextmanager
def refusals(
    show: Callable[[UserError], None] = error, *, but: tuple[type[UserError], ...] = ()
) -> Iterator[None]:
    """Show a UserError that is raised inside, and continue after the block.

    Args:
        show: shows it.
        but: those that leave the block, because the rest of the page would be refused as well.
    """
    try:
        yield
    except but:
        raise
    except UserError as refused:
        show(refused)
