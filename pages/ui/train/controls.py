"""Widgets that edit a spec: one per setting, named after it and limited by LIMITS.

The widgets show the draft: a change is tried on the draft first, and a rejected input stays in its
widget next to the error message.
"""

from typing import Any

import streamlit as st

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import card
from ae_core.data.user_image_sets import MIN_IMAGES, user_sets
from ae_core.errors import UserError
from ae_core.models.compatibility import apply_body, apply_setting, image_shape
from ae_core.specs import CHOICES, LIMITS, PRESETS, flatten, preset
from pages.ui.backend.images import thumbnail_of_set
from pages.ui.backend.submission import with_own_seed
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title, preset_about, preset_title
from pages.ui.i18n.text import decimal, number, text
from pages.ui.i18n.wording import help_of, in_words, label
from pages.ui.state.query_params import read_settings, write_settings
from pages.ui.state.session import Draft, session, visitor
from pages.ui.widgets.picture_menu import Entry, picture_menu


def take_link() -> None:
    """Take over the settings in the address, and keep those of the draft there."""
    problem = read_settings(with_own_seed)
    if problem:
        notice.error(problem)
    write_settings()


def preset_select() -> None:
    """Let the visitor choose a preset, which replaces the whole draft."""
    kinds = {name: card(spec.image_set).kind for name, spec in PRESETS.items()}
    groups = [*dict.fromkeys(kinds.values())]
    entries = tuple(
        Entry(
            name,
            text(f"model.group.{kinds[name]}"),
            preset_title(name),
            preset_about(name),
            thumbnail_of_set(PRESETS[name].image_set),
        )
        for name in sorted(PRESETS, key=lambda name: groups.index(kinds[name]))
    )
    chosen = session().draft.preset
    picture_menu("train.preset", text("train.preset"), entries, chosen, _take_preset)


def _take_preset(name: str) -> None:
    mine = session().draft
    mine.preset = name
    mine.spec = with_own_seed(preset(name))
    mine.rejected.clear()


def body_select() -> None:
    """Let the visitor choose dense or convolutional, which replaces all layers."""
    key = "train.body"
    st.session_state[key] = session().draft.spec.autoencoder.body
    st.segmented_control(
        text("train.body"), ["dense", "conv"], format_func=in_words, key=key, on_change=_take_body
    )


def _take_body() -> None:
    body = st.session_state["train.body"]
    if body is not None:  # a click on the chosen option clears it, which changes nothing
        mine = session().draft
        try:
            mine.spec = apply_body(mine.spec, body)
        except UserError as error:
            mine.rejected["encoder"] = (flatten(mine.spec)["encoder"], error.message)
        else:
            mine.rejected.clear()


def setting(name: str) -> None:
    """Show the widget of one setting of the draft."""
    mine = session().draft
    key = f"train.{name}"
    value = mine.rejected[name][0] if name in mine.rejected else flatten(mine.spec)[name]
    common: dict[str, Any] = {"key": key, "on_change": _take, "args": (name,)}
    common["help"] = help_of(name)
    st.session_state[key] = value
    if name == "image_set":
        st.selectbox(label(name), _image_sets(), format_func=_title, **common)
    elif name == "image_size":
        st.session_state[key] = image_shape(mine.spec)[0]
        sizes = card(mine.spec.image_set).sizes
        st.segmented_control(
            label(name), sizes, format_func=lambda side: f"{side}×{side}", **common
        )
    elif name == "channels":
        st.session_state[key] = image_shape(mine.spec)[2]
        offered = card(mine.spec.image_set).channels
        st.segmented_control(
            label(name), offered, format_func=lambda each: in_words(each, name), **common
        )
    elif name == "pixel_scale":
        st.segmented_control(label(name), [1, 255], **common)
    elif name in CHOICES:
        _choice(name, common)
    elif name in ("encoder", "decoder"):
        st.text_input(label(name), **common)
    else:
        _number(name, common)
    if name in mine.rejected:
        notice.error(mine.rejected[name][1])


def _image_sets() -> list[str]:
    """Return all sets of the app, the visitor's own sets, and the draft's set."""
    mine = [each for each in user_sets().mine(visitor()) if each.count >= MIN_IMAGES]
    return list(
        dict.fromkeys(
            [*IMAGE_SETS, *(each.image_set for each in mine), session().draft.spec.image_set]
        )
    )


def _title(name: str) -> str:
    """Return a set's title with a suffix for user sets, because two may have the same title."""
    title = image_set_title(name)
    return f"{title} ({name[-4:]})" if card(name).user_made else title


def _choice(name: str, common: dict[str, Any]) -> None:
    common["format_func"] = lambda choice: in_words(choice, name)
    if len(CHOICES[name]) <= 3:
        st.segmented_control(label(name), CHOICES[name], wrap=True, **common)
    else:
        st.selectbox(label(name), CHOICES[name], **common)


def _number(name: str, common: dict[str, Any]) -> None:
    limit = LIMITS[name]
    if name == "noise_amount":
        st.slider(label(name), limit.low, limit.high, step=0.05, format="localized", **common)
    # No bounds in the widget: it would silently refuse inputs that `take` answers with a message.
    elif limit.whole:
        st.number_input(label(name), value=None, step=1, **common)
    else:  # Streamlit's field of numbers takes the comma of 0,002 for one between thousands
        value = st.session_state[common["key"]]
        st.session_state[common["key"]] = value if isinstance(value, str) else number(value, "g")
        st.text_input(label(name), **common)


def _take(name: str) -> None:
    mine = session().draft
    value = st.session_state[f"train.{name}"]
    if value is None:  # a click on the chosen segment clears it, which changes nothing
        return
    if isinstance(value, str) and name in LIMITS:
        value = decimal(value)
    take(mine, name, value)


def take(mine: Draft, name: str, value: Any) -> None:
    """Change one setting of a draft, or store the reason why it is rejected."""
    try:
        mine.spec = apply_setting(mine.spec, name, value)
    except UserError as error:
        mine.rejected[name] = (value, error.message)
        return
    mine.rejected.pop(name, None)
    for other in list(mine.rejected):  # the reason for their rejection may be gone now
        if other in mine.rejected:
            wanted, _ = mine.rejected.pop(other)
            take(mine, other, wanted)
