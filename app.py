"""Home: what an autoencoder is, in pictures, and the way to each page."""

import streamlit as st

from ae_core import pictures
from ae_core.pretrained import Card, cards
from ae_core.refit import image_shape
from pages.shared.frame import frame

SHOWN = ("toy-faces-vae", "digits-dense")
SHOWN_PICTURES = 8


def page() -> None:
    """Draw the page; its pictures are files of the app, so nothing has to be waited for."""
    frame("Home")
    st.header("A picture in a handful of numbers")
    st.markdown(
        "An **autoencoder** squeezes a picture through a few numbers, its **code**, and learns to "
        "draw the picture again from them. What it keeps is what it has understood."
    )
    available = cards()
    _preview(available[SHOWN[0]])
    with st.container(horizontal=True):
        st.page_link(
            "pages/train.py", label="**Train one and watch it learn**", icon=":material/play_arrow:"
        )
        st.page_link(
            "pages/reconstruct.py",
            label="**Reconstruct a picture of your own**",
            icon=":material/compare:",
        )
        st.page_link(
            "pages/denoise.py", label="**Denoise a face**", icon=":material/auto_fix_high:"
        )
        st.page_link(
            "pages/latent_space.py", label="**Move through codes**", icon=":material/tune:"
        )
    for name in SHOWN[1:]:
        _preview(available[name])


def _preview(card: Card) -> None:
    shape = image_shape(card.spec)
    rows = pictures.rows_of_sheet(pictures.from_png(card.preview.read_bytes()), shape)
    ratio = shape[0] * shape[1] * shape[2] / card.spec.autoencoder.latent_dim
    numbers = card.spec.autoencoder.latent_dim
    words = f"**{card.title}**: {shape[0] * shape[1] * shape[2]:,} pixels → {numbers} numbers"
    st.markdown(f"{words} ({ratio:.3g} : 1), held out: {card.figures['val_psnr']:.1f} dB")
    st.image(pictures.contact_sheet(rows[:, :SHOWN_PICTURES]), width="stretch")
    st.caption("Above: pictures that it was not trained on. Below: drawn again from the numbers.")


page()
