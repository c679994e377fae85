"""Home: what an autoencoder is, in pictures, and the way to each page."""

from functools import lru_cache
from pathlib import Path

import streamlit as st

from ae_core import images
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import Card, cards
from pages.ui.i18n.names import model_title
from pages.ui.i18n.text import text
from pages.ui.shell.frame import frame
from pages.ui.widgets.sheet import png

SHOWN = ("toy-faces-vae", "digits-dense")
SHOWN_PICTURES = 8


def home() -> None:
    """Draw the page; its pictures are files of the app, so nothing has to be waited for."""
    frame("Home")
    st.header(text("home.title"))
    st.markdown(text("home.about"))
    available = cards()
    _preview(available[SHOWN[0]])
    with st.container(horizontal=True):
        st.page_link("pages/lessons.py", label=text("home.lessons"), icon=":material/school:")
        st.page_link("pages/train.py", label=text("home.train"), icon=":material/play_arrow:")
        st.page_link(
            "pages/reconstruct.py", label=text("home.reconstruct"), icon=":material/compare:"
        )
        st.page_link(
            "pages/denoise.py", label=text("home.denoise"), icon=":material/auto_fix_high:"
        )
        st.page_link("pages/latent_space.py", label=text("home.latent"), icon=":material/tune:")
    for name in SHOWN[1:]:
        _preview(available[name])


@lru_cache(maxsize=8)
def _sheet(preview: Path, shape: tuple[int, int, int]) -> bytes:
    """Return the first pictures of a file of the app; a class opens this page all at once."""
    rows = images.rows_of_sheet(images.from_png(preview.read_bytes()), shape)
    return png(rows[:, :SHOWN_PICTURES], width=1200)


def _preview(card: Card) -> None:
    shape = image_shape(card.spec)
    count, numbers = shape[0] * shape[1] * shape[2], card.spec.autoencoder.latent_dim
    st.markdown(
        text(
            "home.model",
            title=model_title(card),
            pixels=f"{count:,}",
            numbers=numbers,
            ratio=f"{count / numbers:.3g}",
            psnr=f"{card.figures['val_psnr']:.1f}",
        )
    )
    st.image(_sheet(card.preview, shape), width="stretch")
    st.caption(text("home.rows"))
