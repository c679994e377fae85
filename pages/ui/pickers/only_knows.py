"""Says when a picture is unlike all that a model has seen, and offers a better model."""

from hashlib import sha256

import numpy as np
import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.models import inference
from ae_core.models.pretrained import best_for
from pages.ui.backend.evaluation import in_distribution
from pages.ui.backend.service import answer
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.session import session_cached

FAR = 0.99  # the share of test images that a model must draw better than one that is new to it
PLACES = {"Upload": "photo", "Camera": "photo", "Draw": "draw"}  # by source, see `best_for`
KINDS = {"photo": "faces", "draw": "digits", "denoise": "faces"}  # what a visitor brings there
KEPT = ("view", "source", "task")  # what stays in the address with another model


def own_error(model: TrainedAutoencoder, image: np.ndarray) -> float:
    """Return the mean squared error with which a model draws a visitor's image (H, W, C)."""
    key = (model.id, model.file.version, sha256(image.tobytes()).hexdigest())
    return session_cached(
        "own error", key, lambda: answer(inference.reconstruct, model.file, image).mse
    )


def only_knows(page: str, place: str, model: TrainedAutoencoder, error: float) -> None:
    """Say what a model has seen if a picture is far from it, and link to a better model.

    Args:
        page: the page of the link, the name of its file.
        place: one of `KINDS`, for which there is a better model.
        model: the model.
        error: the mean squared error with which it draws the picture.
    """
    if not _is_far(model, KINDS[place], error):
        return
    known = notice.plain(image_set_title(model.spec.image_set))
    notice.info(text("reconstruct.only_knows", pictures=known))
    better = best_for(place).name
    if better == model.id:
        return
    kept = {name: st.query_params[name] for name in KEPT if name in st.query_params}
    st.page_link(
        f"pages/{page}.py",
        label=text(f"reconstruct.better.{place}"),
        query_params=kept | {"model": better},
    )


def _is_far(model: TrainedAutoencoder, kind: str, error: float) -> bool:
    """Return whether an image is unlike those that the model was trained on."""
    if not model.in_training:  # then its errors still fall
        try:
            return error > float(np.quantile(in_distribution(model.file).scores, FAR))
        except UserError:  # the test images are not on this machine
            pass
    return card(model.spec.image_set).kind != kind
