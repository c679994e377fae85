"""Chooses the code to start from: a test image, the visitor's own picture, or the sliders."""

from collections.abc import Callable
from hashlib import sha256

import numpy as np
import streamlit as st

from ae_core.latent.interpolation import code_to_text
from pages.ui.backend.images import gallery
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.latent.codes import OWN, PICTURE, own_code
from pages.ui.latent.component import Reference
from pages.ui.latent.view import LatentView
from pages.ui.pickers.gallery_picker import gallery_page, page_turning
from pages.ui.pickers.only_knows import PLACES, only_knows, own_error
from pages.ui.pickers.own_image import own_image
from pages.ui.state.query_params import linked_choice, linked_index, set_query
from pages.ui.state.session import session
from pages.ui.widgets.images import data_url

A_PAGE = 24  # images
# Each with its name in `pages.ui.pickers.own_image`; test images have none.
SOURCES = {"Test picture": "", "My photo": "Upload", "Camera": "Camera", "Drawing": "Draw"}


def start_choice(view: LatentView) -> None:
    """Offer images whose codes set the sliders."""
    st.markdown(f"**{text('latent.start.title')}**")
    _source(view, "start", ("z",), "z")


def start_picture(view: LatentView) -> Reference | None:
    """Return the picture that the visitor chose to start from."""
    own = session().own_image
    if view.start == OWN and own is not None:
        return Reference(data_url(own[1]), text("latent.start.own"))
    number = view.start.removeprefix(PICTURE)
    if not number.isdecimal() or len(number) > 9 or not view.has_pictures:
        return None
    shown = gallery(view.model.spec.images, int(number), 1)
    if not len(shown.images):
        return None
    name = text("gallery.number", number=int(number))
    return Reference(data_url(shown.images[0] / np.float32(255)), name)


def code_choice(
    view: LatentView, key: str, names: tuple[str, ...], titles: tuple[str, ...]
) -> None:
    """Let the visitor choose the codes for `linked_code`, one address parameter at a time.

    Args:
        view: the view whose test images are offered.
        key: the key of the widgets.
        names: the parameters in the address.
        titles: their options in the address; the table ``choose`` has the texts.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = linked_choice(
            "choose", text("latent.start.choose"), titles, key, words="latent.choose"
        )
        target = names[titles.index(title)]
        here = code_to_text(view.code)
        st.button(
            text("latent.start.use_sliders"),
            on_click=lambda: set_query(**{target: here}),
            disabled=target == "z",  # the sliders start there
            key=f"{key}.here",
        )
    _source(view, key, names, target)


def _source(view: LatentView, key: str, names: tuple[str, ...], target: str) -> None:
    """Offer images; the choice goes into the address as ``target``, one of ``names``."""
    source = linked_choice(
        "source",
        text("latent.start.picture"),
        tuple(SOURCES),
        "latent",
        words="latent.source",
        collapsed=True,
    )
    if not SOURCES[source]:
        number = st.query_params.get(target, "").removeprefix(PICTURE)
        chosen = int(number) if number.isdecimal() and len(number) < 10 else -1
        picture_choice(
            view,
            f"{key}-{target}",
            chosen,
            lambda picked: set_query(**{target: f"{PICTURE}{picked}"}),
        )
        return

    def forget() -> None:
        session().own_image = None
        session().cached.clear()  # the image's codes
        set_query(**dict.fromkeys((*names, "start"), ""))  # a code would reveal the visitor's face

    with notice.refusals():
        image = own_image(SOURCES[source], view.model, forget)
        if image is not None:
            _encode(view, key, target, image)
            place = PLACES[SOURCES[source]]
            only_knows("latent_space", place, view.model, own_error(view.model, image))


def _encode(view: LatentView, key: str, target: str, image: np.ndarray) -> None:
    """Offer to begin with the code of the visitor's image (H, W, C) in [0, 1]."""
    own = sha256(image.tobytes()).hexdigest(), image
    code = own_code(view.model, *own)

    def start() -> None:
        if target == "z":
            session().own_image = own
            set_query(start=OWN)
        set_query(**{target: code_to_text(code)})

    st.button(text("latent.start.go"), type="primary", on_click=start, key=f"{key}.go")
    st.caption(text("latent.start.in_address"))


def picture_choice(view: LatentView, key: str, chosen: int, take: Callable[[int], None]) -> None:
    """Offer test images, one page at a time.

    Args:
        view: the view whose test images are offered.
        key: the key of the widgets.
        chosen: the number of the marked image, -1 for none.
        take: called with the number of a clicked image.

    Raises:
        ServiceUnavailable, ImageSetCorrupt: the images are not available.
    """
    if not view.has_pictures:
        title = image_set_title(view.model.spec.image_set)
        notice.info(text("latent.pictures.none", pictures=title))
        return
    choice = view.model.spec.images
    available = gallery(choice, 0, 1).available
    start = linked_index("page", available, max(chosen, 0)) // A_PAGE * A_PAGE
    gallery_page(f"{key}-{view.model.id}-{start}", choice, start, A_PAGE, chosen, take)
    with st.container(horizontal=True):
        page_turning(key, "page", start, A_PAGE, available)
