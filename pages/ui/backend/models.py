"""What one model makes of test pictures and what its codes are, remembered for all visitors.

It knows nothing that a model is compared with: that is in `pages.ui.backend.evaluation`.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from ae_core.export import files
from ae_core.latent import explore
from ae_core.latent.atlas import Atlas
from ae_core.models import inference
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import atlas_of
from pages.ui.backend.forgetting import forgetting
from pages.ui.backend.service import service

MODELS = 64  # whose decoders and atlases, about 1 MB each, are remembered
NEIGHBOURS = 1000  # test pictures on a map of neighbours, which takes seconds to work out


@forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_rendition(model: ModelFile, number: int) -> tuple[np.ndarray, inference.Rendition]:
    """Return test picture ``number`` of a model's image set and its reconstruction."""
    return service().connection.answer(inference.reconstruct_test, model, number)


@st.cache_data(show_spinner=False, max_entries=256)
def test_code(model: ModelFile, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the code of test picture ``number``; see `ae_core.latent.explore.encode`."""
    return service().connection.answer(explore.encode_test, model, number)


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def live_decoder(model: ModelFile, name: str) -> bytes:
    """Return a decoder for the browser; see `ae_core.latent.explore.live_decoder`."""
    return explore.stored_decoder(model, name) or service().connection.answer(
        explore.live_decoder, model, name
    )


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def atlas(model: ModelFile) -> Atlas:
    """Return what is known of a model's codes, of one of the app's without test pictures' codes."""
    kept = atlas_of(Path(model.path))
    if kept.is_file():
        return Atlas.from_bytes(kept.read_bytes())
    return service().connection.answer(explore.explore, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def whole_atlas(model: ModelFile) -> Atlas:
    """Return `atlas` with the codes of test pictures, for which their image set is needed."""
    known = atlas(model)
    if len(known.codes):
        return known
    return service().connection.answer(explore.explore, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def neighbour_map(model: ModelFile) -> np.ndarray:
    """Return points (N, 2) of the first test codes; see `ae_core.latent.explore.neighbours`."""
    codes = whole_atlas(model).codes[:NEIGHBOURS]
    return service().connection.answer(explore.neighbours, codes)


@st.cache_resource(show_spinner=False, max_entries=4)
def keras_file(model: ModelFile) -> bytes:
    """Return a model for Keras; see `ae_core.export.files.keras_file`."""
    return service().connection.answer(files.keras_file, model)
