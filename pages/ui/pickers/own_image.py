"""Takes a visitor's own image for an autoencoder: an upload, the camera or a drawing."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.data import image_files
from ae_core.data.drawing import DRAWING_SIDE, centre_digit
from ae_core.data.loading import card
from ae_core.models.compatibility import image_shape
from pages.ui.backend.service import read_upload
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.face_source import own_photo
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.session import Upload, session
from pages.ui.streamlit_adapter import UploadedFile, drop_upload
from pages.ui.widgets.drawing_canvas import drawing_canvas

OWN = ("Upload", "Camera", "Draw")  # the sources


def own_image(
    source: str, model: TrainedAutoencoder, forget: Callable[[], None] | None = None
) -> np.ndarray | None:
    """Return the visitor's image in a model's image shape, (H, W, C) in [0, 1]; None without one.

    Of a photo for a model of faces the visitor chooses a face; other models get its middle square.

    Args:
        source: one of `OWN`.
        model: the model.
        forget: called when the visitor removes a photo, which is deleted then.

    Raises:
        UserError: the photo cannot be read.
    """
    if source == "Draw":
        return _drawn(model)
    if card(model.spec.image_set).kind != "faces":
        return _square(source, model, forget)

    def forget_face() -> None:
        session().forget_photo()
        _call(forget)

    chosen = own_photo(source, forget_face)
    if chosen is None:
        return None
    return images.to_array(images.to_pillow(chosen.image), image_shape(model.spec))


def _square(
    source: str, model: TrainedAutoencoder, forget: Callable[[], None] | None
) -> np.ndarray | None:
    upload = session().upload
    # Each file gets a new widget, because the old one has lost its file.
    key = f"own_image.{source}.{upload.id if upload else ''}"
    if source == "Upload":
        file = st.file_uploader(text("reconstruct.upload", kinds=image_files.KINDS), key=key)
    else:
        file = st.camera_input(text("reconstruct.camera"), key=key)
        st.caption(text("denoise.photo.no_camera"))
    st.caption(text("reconstruct.in_memory"))
    if file is not None:
        with notice.refusals():
            session().upload = _read(file)
            st.rerun()
        return None
    if upload is None:
        return None

    def forget_square() -> None:
        session().upload = None
        _call(forget)

    st.button(text("reconstruct.forget"), on_click=forget_square)
    array = images.to_array(images.to_pillow(upload.square), image_shape(model.spec))
    inverted = st.toggle(text("reconstruct.invert"), key="reconstruct.invert")
    return 1 - array if inverted else array


def _read(file: UploadedFile) -> Upload:
    try:
        with st.spinner(text("reconstruct.reading")):
            return Upload(read_upload(image_files.open_square, file.getvalue(), file.name))
    finally:
        drop_upload(file)


def _call(forget: Callable[[], None] | None) -> None:
    if forget is not None:
        forget()


def _drawn(model: TrainedAutoencoder) -> np.ndarray | None:
    drawing = None
    with notice.refusals():
        drawing = drawing_canvas("reconstruct", DRAWING_SIDE)
        st.caption(text("reconstruct.canvas.instead"))
    if drawing is None:
        return None
    # Centred at full size, then reduced: centring a small image would blur it.
    return images.reduced(centre_digit(drawing), image_shape(model.spec))
