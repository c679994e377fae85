"""Models measured, and next to PCA, JPEG and unknown pictures: remembered for all visitors.

It knows figures of whole image sets and of their test pictures, none of a visitor's picture.
"""

import streamlit as st

from ae_core.evaluation import baselines, measure_rates, reconstruction_error
from ae_core.evaluation.rate_distortion import Curve
from ae_core.models import inference
from ae_core.models.inference import ModelFile
from pages.ui.backend.forgetting import forgetting
from pages.ui.backend.models import MODELS
from pages.ui.backend.service import service


@forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_rivals(model: ModelFile, number: int) -> tuple[list[inference.Rendition], str]:
    """Return what PCA and JPEG make of test picture ``number``."""
    return service().connection.answer(baselines.rivals_test, model, number)


@forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def pca_by_size(
    image_set: str, image_size: int, split: str, sizes: tuple[int, ...], shown: int
) -> baselines.PcaBySize:
    """Return what PCA makes of test pictures by size; see `baselines.pca_by_size`."""
    return service().connection.answer(
        baselines.pca_by_size, image_set, image_size, split, sizes, shown
    )


@st.cache_data(show_spinner=False, max_entries=MODELS)
def code_rates(model: ModelFile) -> measure_rates.CodeRates:
    """Return what a model's codes take; see `ae_core.evaluation.measure_rates.code_rates`."""
    return service().connection.answer(measure_rates.code_rates, model)


@forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def pca_rates(image_set: str, image_size: int, split: str) -> Curve:
    """Return what principal components take; see `ae_core.evaluation.measure_rates.pca_rates`."""
    return service().connection.answer(measure_rates.pca_rates, image_set, image_size, split)


@forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def jpeg_rates(image_set: str, image_size: int) -> tuple[Curve, Curve]:
    """Return what JPEG takes; see `ae_core.evaluation.measure_rates.jpeg_rates`."""
    return service().connection.answer(measure_rates.jpeg_rates, image_set, image_size)


@forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def known_scores(model: ModelFile) -> reconstruction_error.Scored:
    """Return how surprising a model finds pictures of its own image set."""
    return service().connection.answer(reconstruction_error.score_known, model)


@forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def unknown_scores(model: ModelFile, image_set: str) -> reconstruction_error.Scored:
    """Return how surprising a model finds pictures of another image set."""
    return service().connection.answer(reconstruction_error.score_unknown, model, image_set)
