"""The Reconstruct page: an image and its reconstructions by an autoencoder, PCA and JPEG."""

import numpy as np
import streamlit as st

from ae_core.errors import UserError
from ae_core.evaluation import baselines
from ae_core.models import inference
from ae_core.models.enlarged import is_reduced
from ae_core.models.inference import Reconstruction
from pages.ui.backend.evaluation import test_baselines, test_enlarged
from pages.ui.backend.models import test_reconstruction
from pages.ui.backend.service import answer
from pages.ui.i18n import notice
from pages.ui.i18n.names import enlarged_note, image_set_title
from pages.ui.i18n.text import text
from pages.ui.pickers.gallery_picker import gallery_picker
from pages.ui.pickers.model_select import model_select
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.pickers.only_knows import PLACES, only_knows
from pages.ui.pickers.own_image import OWN, own_image
from pages.ui.pictures.reconstructed import baselines_view, enlarged_view, reconstruction_view
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_choice
from pages.ui.widgets.waiting import waiting

SOURCES = ("Test pictures", *OWN)
A_PAGE = 15  # test images, three rows: below them stand the baselines


def page() -> None:
    """Draw the page."""
    # On a phone the columns stand below each other: the result, what changes it, the baselines.
    left, controls = st.columns([9, 5], gap="large")
    first = left.container(key="result")  # `frame.css` keeps it in sight
    with controls:
        place = PLACES.get(st.query_params.get("source", ""), "reconstruct")
        model = model_select("reconstruct", models, place=place)
        title = notice.plain(image_set_title(model.spec.image_set))
        st.caption(
            text(
                "reconstruct.model",
                origin=model.origin,
                pictures=title,
                numbers=model.spec.autoencoder.latent_dim,
            )
        )
        if note := enlarged_note(model.spec):
            st.caption(note)
        source = linked_choice(
            "source",
            text("reconstruct.picture"),
            SOURCES,
            "reconstruct",
            words="reconstruct.source",
            wrap=True,
        )
        chosen: int | np.ndarray | None = None
        with notice.refusals():
            chosen = _test_image(model) if source == SOURCES[0] else own_image(source, model)
    if chosen is None:
        first.info(text("reconstruct.begin"))
        return
    with notice.refusals():
        with first, st.spinner(text("reconstruct.reconstructing")):
            image, ours = _reconstructed(model, chosen)
        with first:
            reconstruction_view(image, ours)
            if not isinstance(chosen, int):
                only_knows("reconstruct", PLACES[source], model, ours.mse)
        with st.spinner(text("reconstruct.fitting")):
            others, missing = (
                test_baselines(model.file, chosen)
                if isinstance(chosen, int)
                else answer(baselines.baselines_of, model.file, image)
            )
        baselines_view(image, ours, others)
        if missing:
            notice.info(text("reconstruct.no_pca", problem=missing))
        if isinstance(chosen, int) and is_reduced(model.spec):
            with st.spinner(text("reconstruct.enlarging")):
                found = test_enlarged(model.file, chosen)
            enlarged_view(found, len(image))


def _reconstructed(
    model: TrainedAutoencoder, chosen: int | np.ndarray
) -> tuple[np.ndarray, Reconstruction]:
    if isinstance(chosen, int):
        return test_reconstruction(model.file, chosen)
    return chosen, answer(inference.reconstruct, model.file, chosen)


def _test_image(model: TrainedAutoencoder) -> int | None:
    """Let the visitor choose a test image and return its number."""
    try:
        with waiting(text("reconstruct.loading"), "gallery", model.spec.images):
            return gallery_picker(f"picker-{model.id}", model.spec.images, A_PAGE)
    except UserError as error:
        notice.warning(text("reconstruct.no_pictures", problem=error))
        return None


page_frame("Reconstruct", page)
