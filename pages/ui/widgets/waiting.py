"""Shows a spinner while a visitor waits for a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.ui.state.session import seen_before


@contextmanager
def waiting(words: str, name: str, key: Any) -> Iterator[None]:
    """Show a spinner the first time that this visitor waits for a result.

    Later the result is cached and appears at once, while a spinner would cost a thread each time.

    Args:
        words: the spinner's text.
        name: the kind of result.
        key: a unique key among the results of that kind.
    """
    if seen_before(name, key):
        yield
        return
    with st.spinner(words):
        yield
