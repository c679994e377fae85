"""A test picture so large that the value of each pixel can be read; ``pixels.js`` draws it."""

import streamlit as st

from ae_core.lessons.pictures import SMALL, LivePicture
from pages.ui.backend.images import gallery, test_image
from pages.ui.i18n.text import number, text
from pages.ui.widgets.component import component
from pages.ui.widgets.waiting import waiting

_PIXELS = component(
    __file__, '<div class="pixels"><div class="grid" role="grid"></div><p class="said"></p></div>'
)


def pixels_view(picture: LivePicture) -> None:
    """Show the pixels of a picture of `SMALL` with their values."""
    with waiting(text("reconstruct.loading"), "gallery", SMALL):
        image = test_image(SMALL, picture.number)[..., 0]
        shown = gallery(SMALL, picture.number, 1).labels[0]
    height, width = image.shape
    title = text("lessons.pixels.title", shown=shown, height=height, width=width)
    words = (
        ("title", title),
        ("hint", text("lessons.pixels.hint")),
        ("pixel", text("lessons.pixels.pixel", row="{row}", column="{column}", value="{value}")),
    )
    values = tuple(map(tuple, image.tolist()))
    written = tuple(tuple(number(value, ".2f") for value in row) for row in values)
    st.markdown(f"**{title}**")
    _PIXELS(key="pixels", data={"values": values, "written": written, "words": words})
