"""The page's address: settings, run and view in the query, so that a link shows the same thing."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ae_core.refit import plan_of
from ae_core.specs import PRESETS, from_query, to_query
from pages.shared.session import Draft, draft, show_in_widget, widget

NOT_SETTINGS = ("run", "view", "compare", "model", "source", "picture")


def read_settings() -> str:
    """Take the settings of a link that was just opened; return what is wrong with it, or ""."""
    mine = draft()
    query = {k: v for k, v in st.query_params.items() if k not in NOT_SETTINGS}
    if not query or query == mine.query:
        return ""
    mine.query = query
    mine.rejected.clear()
    name = query.get("preset", mine.preset)
    try:
        spec = from_query(query)
        plan_of(spec)
    except ValueError as error:
        if name in PRESETS:
            mine.preset, mine.spec = name, PRESETS[name].spec
        return f"This link cannot be read: {error}. Shown instead: {PRESETS[mine.preset].title}."
    mine.preset, mine.spec = query.get("preset", Draft().preset), spec
    return ""


def write_settings() -> None:
    """Put the draft's settings into the address, leaving run and view as they are."""
    mine = draft()
    settings = to_query(mine.spec, mine.preset)
    mine.query = settings
    rest = {k: v for k, v in st.query_params.items() if k in NOT_SETTINGS}
    wanted = settings | rest
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def put(**values: str) -> None:
    """Set or, with an empty value, remove what the address says of run or view."""
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def linked_choice(
    name: str,
    label: str,
    options: tuple[str, ...],
    page: str,
    *,
    format_func: Callable[[str], str] = str,
    label_visibility: str = "visible",
    wrap: bool = False,
) -> str:
    """Let the visitor choose what the address says under a name; the first option if nothing.

    Args:
        name: in the address.
        label: above the widget.
        options: what there is.
        page: of the widget, for its key.
        format_func: an option in words.
        label_visibility: as in Streamlit.
        wrap: whether few options may go over several lines.
    """
    key = f"{page}.{name}"
    written = st.query_params.get(name)
    current = written if written in options else options[0]
    show_in_widget(key, current)
    few = partial(st.pills, wrap=True) if wrap else st.segmented_control
    show = few if len(options) <= 4 else st.selectbox

    def take() -> None:
        if widget(key):  # a click on the chosen segment clears it: then nothing changes
            put(**{name: widget(key)})

    show(
        label,
        options,
        key=key,
        format_func=format_func,
        on_change=take,
        label_visibility=label_visibility,
    )
    return current
