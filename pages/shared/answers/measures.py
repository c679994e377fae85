"""Models measured, and next to PCA, JPEG and unknown pictures: remembered for all visitors.

It knows figures of whole image sets and of their test pictures, none of a visitor's picture.
"""

import streamlit as st

from ae_core import measuring, rivals, surprise
from ae_core.models import inference
from ae_core.models.inference import ModelFile
from ae_core.rate_curves import Curve
from pages.shared.answers.forgetting import forgetting
from pages.shared.answers.models import MODELS
from pages.shared.answers.server import service


@forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_rivals(model: ModelFile, number: int) -> tuple[list[inference.Rendition], str]:
    """Return what PCA and JPEG make of test picture ``number``."""
    return service().connection.answer(rivals.rivals_test, model, number)


@forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def pca_by_size(
    image_set: str, image_size: int, split: str, sizes: tuple[int, ...], shown: int
) -> rivals.PcaBySize:
    """Return what PCA makes of test pictures by size; see `ae_core.rivals.pca_by_size`."""
    return service().connection.answer(
        rivals.pca_by_size, image_set, image_size, split, sizes, shown
    )


@st.cache_data(show_spinner=False, max_entries=MODELS)
def code_rates(model: ModelFile) -> measuring.CodeRates:
    """Return what a model's codes take; see `ae_core.measuring.code_rates`."""
    return service().connection.answer(measuring.code_rates, model)


@forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def pca_rates(image_set: str, image_size: int, split: str) -> Curve:
    """Return what principal components take; see `ae_core.measuring.pca_rates`."""
    return service().connection.answer(measuring.pca_rates, image_set, image_size, split)


@forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def jpeg_rates(image_set: str, image_size: int) -> tuple[Curve, Curve]:
    """Return what JPEG takes; see `ae_core.measuring.jpeg_rates`."""
    return service().connection.answer(measuring.jpeg_rates, image_set, image_size)


@forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def known_scores(model: ModelFile) -> surprise.Scored:
    """Return how surprising a model finds pictures of its own image set."""
    return service().connection.answer(surprise.score_known, model)


@forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def unknown_scores(model: ModelFile, image_set: str) -> surprise.Scored:
    """Return how surprising a model finds pictures of another image set."""
    return service().connection.answer(surprise.score_unknown, model, image_set)
