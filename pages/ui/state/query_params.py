"""Keeps settings, run and view in the page's address, so that a link shows the same state."""

import secrets
from collections.abc import Callable
from typing import Any

import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.models.compatibility import network_shapes, with_fitting_decoder
from ae_core.specs import LIMITS, PRESETS, Limit, TrainingSpec, from_query, to_query
from pages.ui.i18n import notice
from pages.ui.i18n.names import preset_title
from pages.ui.i18n.text import slug, text
from pages.ui.state.by_hand import by_hand
from pages.ui.state.session import FIRST_PRESET, Draft, session

NOT_SETTINGS = (
    *("lang", "run", "view", "show", "compare", "model", "source", "picture"),
    *("replay", "with", "sweep", "sizes", "size", "pca", "class", "teacher", "back", "work"),
)
# What a teacher's address has and no student shall get.
NOT_SENT = ("lang", "class", "teacher", "back", "show", "guess", "tried")


def read_settings(with_seed: Callable[[TrainingSpec], TrainingSpec]) -> str:
    """Take over the settings of a newly opened link; return its error, or "".

    Args:
        with_seed: gives settings that name no seed the one to begin with.
    """
    mine = session().draft
    query = {k: v for k, v in st.query_params.items() if k not in NOT_SETTINGS}
    if mine.query is None and not query:
        mine.spec = with_seed(mine.spec)
    if not query or query == mine.query:
        return ""
    mine.query = query
    mine.rejected.clear()
    name = query.get("preset", mine.preset)
    try:
        spec = from_query(query)
        if "decoder" not in query:
            spec = with_fitting_decoder(spec)
        if "seed" not in query:
            spec = with_seed(spec)
        network_shapes(spec)
        card(spec.image_set).check_trainable()
    except UserError as error:
        if name in PRESETS:
            mine.preset, mine.spec = name, PRESETS[name]
        return text("link.unreadable", problem=error, title=preset_title(mine.preset))
    mine.preset, mine.spec = query.get("preset", Draft().preset), spec
    return ""


def write_settings() -> None:
    """Put the draft's settings into the address, without changing run and view."""
    mine = session().draft
    settings = to_query(mine.spec, mine.preset)
    mine.query = settings
    rest = {k: v for k, v in st.query_params.items() if k in NOT_SETTINGS}
    wanted = settings | rest
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def set_up(spec: TrainingSpec, preset_name: str, show: str = "") -> None:
    """Put settings into the visitor's draft and the address, and open the Train page's Set up.

    It does not use a link: a link to the present page would not change the browser's address.

    Args:
        spec: the settings.
        preset_name: the preset that they started from, if it still exists.
        show: a setting that must be visible.
    """
    mine = session().draft
    mine.spec = spec
    mine.preset = preset_name if preset_name in PRESETS else FIRST_PRESET
    mine.rejected.clear()
    write_settings()
    set_query(view="Set up", show=show)


def set_query(**values: str) -> None:
    """Set parameters in the address, or remove those with an empty value."""
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def kept_language() -> dict[str, str]:
    """Return the parameter that keeps the language in a link to another page."""
    return {"lang": st.query_params["lang"]} if "lang" in st.query_params else {}


def linked_choice(
    name: str,
    label: str,
    options: tuple[str, ...],
    page: str,
    *,
    usual: str = "",
    words: str = "",
    format_func: Callable[[str], str] = str,
    collapsed: bool = False,
    wrap: bool = False,
) -> str:
    """Let the visitor choose an option, and keep the choice in the address.

    Args:
        name: the parameter in the address.
        label: the text above the widget.
        options: the options, as in the address.
        page: the page, for the widget's key.
        usual: the default; the first option if empty.
        words: the table of texts that has an entry for each option.
        format_func: returns an option's text if there is no such table.
        collapsed: whether the label is only for screen readers.
        wrap: whether to use buttons for any number of options, on several lines if necessary.
    """
    key = f"{page}.{name}"
    written = st.query_params.get(name)
    current = written if written in options else usual or options[0]
    st.session_state[key] = current

    def take() -> None:
        if st.session_state[key]:  # a click on the chosen segment clears it, which changes nothing
            set_query(**{name: st.session_state[key]})

    settings: dict[str, Any] = {
        "key": key,
        "on_change": by_hand(take),
        "format_func": (lambda one: text(f"{words}.{slug(one)}")) if words else format_func,
        "label_visibility": "collapsed" if collapsed else "visible",
    }
    if wrap:
        st.pills(label, options, wrap=True, **settings)
    elif len(options) <= 4:
        st.segmented_control(label, options, **settings)
    else:
        st.selectbox(label, options, **settings)
    return current


def linked_seed(label: str) -> int:
    """Return the seed in the address; a button draws another one."""
    st.button(label, on_click=lambda: set_query(seed=str(secrets.randbelow(10_000))))
    return int(linked_number("seed", 0, LIMITS["seed"]))


def linked_number(name: str, usual: float, limit: Limit) -> float:
    """Return a number in the address; if it is invalid, show a message and use the default."""
    written = st.query_params.get(name)
    if written is None:
        return usual
    try:
        return limit.parse(name, written)
    except UserError as error:
        notice.error(text("link.instead", problem=error, usual=usual))
        return usual


def linked_index(name: str, available: int, usual: int = 0) -> int:
    """Return the number of an image in the address, limited to the available images."""
    written = st.query_params.get(name, "")
    number = int(written[:9]) if written.isdecimal() else usual
    return min(number, available - 1)


def linked_slider(name: str, label: str, usual: float, limit: Limit, page: str) -> float:
    """Show a slider for `linked_number`, in steps of 1 or 0.01."""
    key = f"{page}.{name}"
    value = linked_number(name, usual, limit)
    kind = int if limit.whole else float
    st.session_state[key] = kind(value)
    st.slider(
        label,
        kind(limit.low),
        kind(limit.high),
        step=1 if limit.whole else 0.01,
        format="localized",
        key=key,
        on_change=by_hand(
            lambda: set_query(**{name: f"{st.session_state[key]:{'d' if limit.whole else '.2f'}}"})
        ),
    )
    return value


def linked_step(
    name: str,
    label: str,
    steps: tuple[float, ...],
    usual: float,
    page: str,
    format_func: Callable[[float], str] = str,
) -> float:
    """Let the visitor choose one of some rising numbers with a slider; keep it in the address.

    A number in the address is rounded to the nearest step. If it is invalid or outside the steps,
    a message is shown and ``usual`` is used.

    Args:
        name: the parameter in the address.
        label: the text above the widget.
        steps: the available numbers.
        usual: the default, rounded to the nearest step, too.
        page: the page, for the widget's key.
        format_func: returns a number's text.
    """
    key = f"{page}.{name}"
    usual = min(steps, key=lambda step: abs(step - usual))
    value = linked_number(name, usual, Limit(steps[0], steps[-1], whole=False))
    nearest = min(steps, key=lambda step: abs(step - value))
    st.session_state[key] = nearest
    st.select_slider(
        label,
        steps,
        key=key,
        format_func=format_func,
        on_change=by_hand(lambda: set_query(**{name: f"{st.session_state[key]:.4g}"})),
    )
    return nearest
