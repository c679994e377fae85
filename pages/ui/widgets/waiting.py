"""What a visitor sees while something takes a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.ui.state.session import seen_before


@contextmanager
def waiting(words: str, name: str, key: Any) -> Iterator[None]:
    """Say what is being waited for, the first time that this visitor waits for it.

    Later the answer is remembered and comes at once; a spinner costs a thread every time.

    Args:
        words: that say it.
        name: of the kind of answer.
        key: another one for every answer of the kind.
    """
    if seen_before(name, key):
        yield
        return
    with st.spinner(words):
        yield
