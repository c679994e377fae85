"""A picker for test images, shown one page at a time."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ae_core.specs import ImageChoice
from pages.ui.backend.images import gallery, gallery_strip
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import text
from pages.ui.state.query_params import linked_index, set_query
from pages.ui.widgets.image_picker import image_picker


def gallery_picker(key: str, images: ImageChoice, a_page: int) -> int:
    """Let the visitor choose a test image; keep its number in the address and return it.

    Args:
        key: the key of the widgets.
        images: the choice of test images.
        a_page: the number of images per page.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt: the images are not available.
    """
    available = gallery(images, 0, 1).available
    number = linked_index("picture", available)
    start = number // a_page * a_page
    gallery_page(key, images, start, a_page, number, lambda index: set_query(picture=str(index)))
    with st.container(horizontal=True):
        page_turning(key, "picture", start, a_page, available)
    return number


def gallery_page(
    key: str,
    images: ImageChoice,
    start: int,
    a_page: int,
    chosen: int,
    take: Callable[[int], None],
) -> None:
    """Show one page of test images.

    Args:
        key: the key of the component.
        images: the choice of test images.
        start: the number of the page's first image.
        a_page: the number of images per page.
        chosen: the number of the marked image, -1 for none.
        take: called with the number of a clicked image, before the page reruns.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt: the images are not available.
    """
    shown = gallery(images, start, a_page)
    names = tuple(
        text("gallery.number", number=start + i) + (f": {label_in_words(label)}" if label else "")
        for i, label in enumerate(shown.labels)
    )
    tiles = gallery_strip(images, start, a_page)
    image_picker(key, tiles, names, chosen - start, lambda index: take(start + index))


def page_turning(key: str, name: str, start: int, a_page: int, available: int) -> None:
    """Show buttons for the previous and the next page of images.

    Args:
        key: the prefix of the buttons' keys, followed by a sign.
        name: the address parameter with the number of an image on the page.
        start: the number of the page's first image.
        a_page: the number of images per page.
        available: the number of all images.
    """
    for sign, words, to, there in (
        ("-", text("gallery.back"), max(0, start - a_page), start > 0),
        ("+", text("gallery.more"), start + a_page, start + a_page < available),
    ):
        turn = partial(set_query, **{name: str(to)})
        st.button(words, on_click=turn, disabled=not there, key=f"{key}{sign}")
