"""Chooses the code to start from: a test image, the visitor's own face, or the sliders."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image

from ae_core import images
from ae_core.latent import explore
from ae_core.latent.interpolation import code_to_text
from ae_core.models.compatibility import image_shape
from pages.ui.backend.images import gallery
from pages.ui.backend.service import answer
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.latent.view import PICTURE, LatentView
from pages.ui.pickers.face_source import own_photo
from pages.ui.pickers.gallery_picker import gallery_page, page_turning
from pages.ui.state.query_params import linked_choice, linked_index, set_query
from pages.ui.state.session import session, session_cached

A_PAGE = 24  # images
SOURCES = ("Test picture", "My photo", "Camera")


def start_choice(view: LatentView) -> None:
    """Offer images whose codes set the sliders."""
    st.markdown(f"##### {text('latent.start.title')}")
    _source(view, "start", ("z",), "z")


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
            key=f"{key}.here",
        )
    _source(view, key, names, target)


def _source(view: LatentView, key: str, names: tuple[str, ...], target: str) -> None:
    """Offer images; the choice goes into the address as ``target``, one of ``names``."""
    source = linked_choice(
        "source",
        text("latent.start.picture"),
        SOURCES,
        "latent",
        words="latent.source",
        collapsed=True,
    )
    if source == SOURCES[0]:
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
        session().forget_photo()
        set_query(**dict.fromkeys(names, ""))  # a code would reveal the visitor's face

    chosen_face = own_photo("Upload" if source == SOURCES[1] else "Camera", forget)
    if chosen_face is None:
        return
    mean, _ = session_cached(
        "code", (chosen_face.key, view.model.id), lambda: _encoded(view, chosen_face.image)
    )
    st.button(
        text("latent.start.go"),
        type="primary",
        on_click=lambda: set_query(**{target: code_to_text(mean)}),
        key=f"{key}.go",
    )
    st.caption(text("latent.start.in_address"))


def _encoded(view: LatentView, face: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    picture = images.to_array(Image.fromarray(face), image_shape(view.model.spec))
    return answer(explore.encode, view.model.file, picture)


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
    images = view.model.spec.images
    available = gallery(images, 0, 1).available
    start = linked_index("page", available, max(chosen, 0)) // A_PAGE * A_PAGE
    gallery_page(f"{key}-{view.model.id}-{start}", images, start, A_PAGE, chosen, take)
    with st.container(horizontal=True):
        page_turning(key, "page", start, A_PAGE, available)
