"""A figure with its name, as wide as its content: several stand in one row."""

import streamlit as st


def metric(name: str, value: str | int, about: str | None = None) -> None:
    """Show a figure.

    Args:
        name: above it.
        value: in words.
        about: shown when somebody points at the question mark beside the name.
    """
    st.metric(name, value, help=about, width="content")
