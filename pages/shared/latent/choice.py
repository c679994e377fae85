"""The choice of test pictures."""

from collections.abc import Callable

import streamlit as st

from pages.shared import notice
from pages.shared.answers import gallery, gallery_tiles
from pages.shared.catalogue import pictures_title
from pages.shared.labels import label_in_words
from pages.shared.latent.stage import Stage
from pages.shared.links import linked_index, put
from pages.shared.picture_picker import picture_picker
from pages.shared.text import text

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
        title = pictures_title(stage.model.spec.image_set)
        notice.info(text("latent.pictures.none", pictures=title))
        return
    spec_json = stage.model.file.spec_json
    available = gallery(spec_json, 0, 1).available
    start = linked_index("page", available, max(chosen, 0)) // A_PAGE * A_PAGE
    shown = gallery(spec_json, start, A_PAGE)
    labels = tuple(
        text("latent.pictures.number", number=start + i)
        + (f": {label_in_words(label)}" if label else "")
        for i, label in enumerate(shown.labels)
    )
    picture_picker(
        f"{key}-{stage.model.id}-{start}",
        gallery_tiles(spec_json, start, A_PAGE),
        labels,
        chosen - start,
        lambda index: take(start + index),
    )
    back, forward = max(0, start - A_PAGE), start + A_PAGE
    with st.container(horizontal=True):
        st.button(
            text("latent.pictures.back"),
            on_click=lambda: put(page=str(back)),
            disabled=start == 0,
            key=f"{key}-",
        )
        st.button(
            text("latent.pictures.more"),
            on_click=lambda: put(page=str(forward)),
            disabled=forward >= available,
            key=f"{key}+",
        )
