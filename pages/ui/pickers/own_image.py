"""Takes a visitor's own image for an autoencoder: an upload, the camera or a drawing."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.data.loading import card
from ae_core.images.drawing import DRAWING_SIDE, centre_digit
from ae_core.models.compatibility import image_shape
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.face_source import own_photo
from pages.ui.pickers.models import TrainedAutoencoder
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
    framing = card(model.spec.image_set).framing
    chosen = own_photo(source, forget, framing=framing)
    if chosen is None:
        return None
    array = images.to_array(images.to_pillow(chosen.image), image_shape(model.spec))
    inverted = framing == "middle" and st.toggle(
        text("reconstruct.invert"), key="reconstruct.invert"
    )
    return 1 - array if inverted else array


def _drawn(model: TrainedAutoencoder) -> np.ndarray | None:
    drawing = None
    with notice.refusals():
        digit = card(model.spec.image_set).kind == "digits"
        drawing = drawing_canvas("reconstruct", DRAWING_SIDE, digit=digit)
        st.caption(text("reconstruct.canvas.instead"))
    if drawing is None:
        return None
    # Centred at full size, then reduced: centring a small image would blur it.
    return images.reduced(centre_digit(drawing), image_shape(model.spec))
