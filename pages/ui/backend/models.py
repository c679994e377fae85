"""A model's reconstructions, codes and latent profile, cached for all visitors."""

from pathlib import Path

import numpy as np
import streamlit as st

from ae_core.export import files
from ae_core.latent import explore
from ae_core.latent.disentanglement import Disentanglement
from ae_core.latent.profile import LatentProfile
from ae_core.models import inference
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import profile_path
from ae_core.specs import ImageChoice
from pages.ui.backend.caching import KEYS, uncached_for_user_sets
from pages.ui.backend.service import answer, evaluate
from pages.ui.widgets.addressed import Addressed

MODELS = 64  # with cached decoders and profiles, about 1 MB each
NEIGHBOURS = 1000  # test images on a t-SNE map, which takes seconds to compute


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=256, hash_funcs=KEYS))
def test_reconstruction(
    model: ModelFile, number: int
) -> tuple[np.ndarray, inference.Reconstruction]:
    """Return test image ``number`` of a model's image set and its reconstruction."""
    return answer(inference.reconstruct_test, model, number)


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs=KEYS)
def test_code(
    model: ModelFile, choice: ImageChoice, number: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the code of a set's test image; see `ae_core.latent.explore.encode`."""
    return answer(explore.encode_test, model, choice, number)


@st.cache_data(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def sum_pictures(model: ModelFile) -> tuple[int, int, int]:
    """Return the test images with which A + B − C begins; see `ae_core.latent.first_sum`."""
    return evaluate(explore.sum_pictures, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def live_decoder(model: ModelFile, name: str) -> Addressed:
    """Return a decoder for the browser; see `ae_core.latent.explore.live_decoder`."""
    stored = explore.stored_decoder(model, name)
    return Addressed(stored or answer(explore.live_decoder, model, name))


@st.cache_resource(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def latent_profile(model: ModelFile) -> LatentProfile:
    """Return a model's latent profile; for the app's own models, without test codes."""
    if profile_path(Path(model.path)).is_file():
        return explore.kept_profile(model)
    return evaluate(explore.latent_profile, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def full_latent_profile(model: ModelFile) -> LatentProfile:
    """Return `latent_profile` with the codes of test images, which needs their image set."""
    known = latent_profile(model)
    if len(known.codes):
        return known
    return evaluate(explore.with_test_codes, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def disentanglement(model: ModelFile) -> Disentanglement:
    """Compare the codes of test images with their known factors, which must exist."""
    known = latent_profile(model)
    assert known.labels is not None
    return evaluate(Disentanglement.of, known.codes, known.labels)


@st.cache_resource(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def tsne_map(model: ModelFile) -> np.ndarray:
    """Return points (N, 2) for the first test codes; see `ae_core.latent.explore.tsne`."""
    codes = full_latent_profile(model).codes[:NEIGHBOURS]
    return evaluate(explore.tsne, codes)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def keras_file(model: ModelFile) -> bytes:
    """Return a model as a .keras file; see `ae_core.export.files.keras_file`."""
    return evaluate(files.keras_file, model)
