"""The app: Streamlit runs this file as the Home page, and the web server imports it for `app`."""

import math
from pathlib import Path

import streamlit as st

SHOWN = ("toy-faces-vae", "digits-dense")


def page() -> None:
    """Draw Home; its pictures are files of the app, so nothing has to be waited for."""
    st.header(text("home.title"))
    st.markdown(text("home.about"))
    _preview(SHOWN[0])
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
        _preview(name)


def _preview(name: str) -> None:
    card, model = cards()[name], pretrained_autoencoders()[name]
    shape, numbers = image_shape(model.spec), model.spec.autoencoder.latent_dim
    pixels = math.prod(shape)
    st.markdown(
        text(
            "home.model",
            title=model.title,
            pixels=f"{pixels:,}",
            numbers=numbers,
            ratio=f"{pixels / numbers:.3g}",
            psnr=f"{card.figures['val_psnr']:.1f}",
        )
    )
    st.image(preview_sheet(card.preview, shape), width="stretch")
    st.caption(text("home.rows"))


# Not at the top: the server has no runtime yet when it imports this file, and Streamlit's caches,
# made then, would warn that they find none.
if __name__ == "__main__":
    from ae_core.models.compatibility import image_shape
    from ae_core.models.pretrained import cards
    from pages.ui.backend.images import preview_sheet
    from pages.ui.i18n.text import text
    from pages.ui.pickers.models import pretrained_autoencoders
    from pages.ui.shell.frame import page_frame

    page_frame("Home", page, by_itself=False)
else:
    from pages.ui.shell.asgi import MIDDLEWARE, routes
    from pages.ui.shell.lifespan import lifespan
    from pages.ui.shell.protection import server_error

    app = st.App(
        __file__,
        lifespan=lifespan,
        routes=routes(Path(__file__).parent / "pages"),
        middleware=MIDDLEWARE,
        exception_handlers={Exception: server_error},
    )
