"""Test pictures, a page of them at a time, of which the visitor chooses one."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ae_core.specs import ImageChoice
from pages.ui.backend.images import gallery, gallery_tiles
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import text
from pages.ui.state.query_params import linked_index, set_query
from pages.ui.widgets.image_picker import image_picker


def gallery_picker(key: str, images: ImageChoice, a_page: int) -> int:
    """Let the visitor choose the test picture that the address names; return its number.

    Args:
        key: of the widgets.
        images: which they are.
        a_page: how many pictures are shown at a time.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt: the pictures cannot be had.
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
    """Show one page of test pictures; ``take`` is told the number of one that is clicked.

    Args:
        key: of the component.
        images: which they are.
        start: the number of the page's first picture.
        a_page: how many pictures are shown.
        chosen: the number of the picture that is marked, -1 for none.
        take: called before the page is drawn again.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt: the pictures cannot be had.
    """
    shown = gallery(images, start, a_page)
    names = tuple(
        text("gallery.number", number=start + i) + (f": {label_in_words(label)}" if label else "")
        for i, label in enumerate(shown.labels)
    )
    tiles = gallery_tiles(images, start, a_page)
    image_picker(key, tiles, names, chosen - start, lambda index: take(start + index))


def page_turning(key: str, name: str, start: int, a_page: int, available: int) -> None:
    """Offer the pages of pictures before and after one.

    Args:
        key: of the buttons, followed by a sign.
        name: under which the address keeps the number of a picture on the page.
        start: the number of the page's first picture.
        a_page: how many pictures are on a page.
        available: how many there are in all.
    """
    for sign, words, to, there in (
        ("-", text("gallery.back"), max(0, start - a_page), start > 0),
        ("+", text("gallery.more"), start + a_page, start + a_page < available),
    ):
        turn = partial(set_query, **{name: str(to)})
        st.button(words, on_click=turn, disabled=not there, key=f"{key}{sign}")
