"""A named figure as wide as its content, so that several fit into one row."""

import streamlit as st


def metric(name: str, value: str | int, about: str | None = None, says: str = "") -> None:
    """Show a figure.

    Args:
        name: the text above it.
        value: the formatted value.
        about: a tooltip at the question mark next to the name.
        says: a word below it that says what the value means.
    """
    st.metric(name, value, says or None, "off", delta_arrow="off", help=about, width="content")
