"""Where the sliders start from: a test picture's code, or that of the visitor's own face."""

import numpy as np
import streamlit as st
from PIL import Image

from ae_core import exploration, pictures
from ae_core.paths import code_to_text
from ae_core.refit import image_shape
from pages.shared.answers import service
from pages.shared.face_source import own_photo
from pages.shared.latent.choice import picture_choice
from pages.shared.latent.stage import PICTURE, Stage
from pages.shared.links import linked_choice, put
from pages.shared.session import forget_photo, recall

SOURCES = ("Test picture", "My photo", "Camera")


def start_choice(stage: Stage) -> None:
    """Offer pictures whose code the sliders are set to."""
    st.markdown("##### Start from a picture")
    source = linked_choice("source", "Picture", SOURCES, "latent", label_visibility="collapsed")
    if source == SOURCES[0]:
        picture_choice(stage, "start", -1, lambda number: put(z=f"{PICTURE}{number}"))
        return
    chosen = own_photo("Upload" if source == SOURCES[1] else "Camera", _forget)
    if chosen is None:
        return
    mean, _ = recall("code", (chosen.key, stage.model.id), lambda: _encoded(stage, chosen.image))
    st.button("Go to its code", type="primary", on_click=lambda: put(z=code_to_text(mean)))
    st.caption("The code then stands in the address: who gets the link sees its picture.")


def _forget() -> None:
    """Forget the photo, and its code too."""
    forget_photo()
    put(z="")


def _encoded(stage: Stage, face: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    picture = pictures.to_array(Image.fromarray(face), image_shape(stage.model.spec))
    return service().connection.answer(exploration.encode, stage.model.file, picture)
