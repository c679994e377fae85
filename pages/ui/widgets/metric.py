"""A named figure as wide as its content, so that several fit into one row."""

import streamlit as st


def metric(name: str, value: str | int, about: str | None = None) -> None:
    """Show a figure.

    Args:
        name: the text above it.
        value: the formatted value.
        about: a tooltip at the question mark next to the name.
    """
    st.metric(name, value, help=about, width="content")
