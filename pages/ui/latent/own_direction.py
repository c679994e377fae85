"""A direction of the visitor's own: from pictures that lack something to pictures that have it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.latent.interpolation import group_vector
from pages.ui.backend.images import gallery, gallery_tiles
from pages.ui.i18n import notice
from pages.ui.i18n.text import as_typed, text
from pages.ui.latent.codes import PICTURE, picture_code
from pages.ui.latent.start import picture_choice
from pages.ui.latent.view import LatentView
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import linked_choice, set_query
from pages.ui.widgets.image_picker import image_picker

GROUPS = ("with", "without")  # parameters in the address: numbers of test images
MOST = 12  # images of a group
NAME_CHARACTERS = 24


@dataclass(frozen=True)
class OwnDirection:
    """A direction between two groups of test images.

    Attributes:
        name: what the visitor calls it.
        vectors: (D,) for each model.
    """

    name: str
    vectors: tuple[np.ndarray, ...]


def own_direction(view: LatentView) -> OwnDirection | None:
    """Return the direction in the address; None while a group has no image."""
    groups = [_members(view, group) for group in GROUPS]
    if not all(groups):
        return None
    vectors = []
    for model in view.models:
        having, lacking = (
            [picture_code(view.model, model, f"{PICTURE}{number}") for number in group]
            for group in groups
        )
        vectors.append(group_vector(_stacked(having), _stacked(lacking)))
    return OwnDirection(_name() or text("latent.own.unnamed"), tuple(vectors))


def own_direction_choice(view: LatentView) -> None:
    """Let the visitor choose the two groups by clicking, and name the direction."""
    with st.expander(
        text("latent.own.title"), key="latent.own", on_change="rerun", expanded=_begun()
    ) as opened:
        if opened.open:
            _choice(view)


def _choice(view: LatentView) -> None:
    st.caption(text("latent.own.about"))
    group = linked_choice(
        "group",
        text("latent.own.group"),
        GROUPS,
        "latent",
        words="latent.own.groups",
        collapsed=True,
    )
    picture_choice(view, f"own-{group}", -1, lambda number: _toggle(view, group, number))
    for each in GROUPS:
        _shown(view, each)
    st.session_state["latent.called"] = _name()
    st.text_input(
        text("latent.own.name"),
        max_chars=NAME_CHARACTERS,
        key="latent.called",
        on_change=by_hand(lambda: set_query(called=st.session_state["latent.called"])),
    )


def _shown(view: LatentView, group: str) -> None:
    """Show the images of a group; a click takes one out."""
    members = _members(view, group)
    if not members:
        return
    st.markdown(text(f"latent.own.members.{group}"))
    tiles = tuple(gallery_tiles(view.model.spec.images, number, 1)[0] for number in members)
    names = tuple(text("latent.own.remove", number=number) for number in members)
    key = f"own-{group}-{view.model.id}-members"
    image_picker(key, tiles, names, -1, lambda place: _toggle(view, group, members[place]))


def _toggle(view: LatentView, group: str, number: int) -> None:
    """Put an image into a group, or take it out of it."""
    for each in GROUPS:
        members = _members(view, each)
        others = [member for member in members if member != number]
        if each == group and number not in members:
            others = [*others, number][-MOST:]
        set_query(**{each: ";".join(map(str, others))})


def _members(view: LatentView, group: str) -> tuple[int, ...]:
    """Return the numbers of a group's images in the address; say so if one cannot be."""
    written = st.query_params.get(group, "")
    if not written or not view.has_pictures:
        return ()
    available = gallery(view.model.spec.images, 0, 1).available
    words = written.split(";")
    numbers = tuple(dict.fromkeys(int(word) for word in words if word.isdecimal()))
    if len(words) > MOST or any(not word.isdecimal() for word in words):
        numbers = (available,)
    if any(number >= available for number in numbers):
        last = {"most": MOST, "last": available - 1}
        notice.error(text("latent.own.bad", name=group, written=written[:40], **last))
        return ()
    return numbers


def _name() -> str:
    return as_typed(st.query_params.get("called", ""), NAME_CHARACTERS)


def _begun() -> bool:
    return any(group in st.query_params for group in GROUPS)


def _stacked(codes: list[np.ndarray | None]) -> np.ndarray:
    return np.stack([code for code in codes if code is not None])
