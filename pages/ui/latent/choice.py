"""The choice of test pictures."""

from collections.abc import Callable

import streamlit as st

from pages.ui.backend.images import gallery
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.latent.stage import Stage
from pages.ui.pickers.gallery_picker import gallery_page, page_turning
from pages.ui.state.query_params import linked_index

A_PAGE = 24  # pictures


def picture_choice(stage: Stage, key: str, chosen: int, take: Callable[[int], None]) -> None:
    """Offer test pictures, some at a time.

    Args:
        stage: whose test pictures are offered.
        key: of the widgets.
        chosen: the number of the one that is marked, -1 for none.
        take: is told the number of one that is clicked.

    Raises:
        ServiceUnavailable, ImageSetCorrupt: the pictures cannot be had.
    """
    if not stage.has_pictures:
        title = image_set_title(stage.model.spec.image_set)
        notice.info(text("latent.pictures.none", pictures=title))
        return
    images = stage.model.spec.images
    available = gallery(images, 0, 1).available
    start = linked_index("page", available, max(chosen, 0)) // A_PAGE * A_PAGE
    gallery_page(f"{key}-{stage.model.id}-{start}", images, start, A_PAGE, chosen, take)
    with st.container(horizontal=True):
        page_turning(key, "page", start, A_PAGE, available)
