"""Cached evaluations of models, PCA, JPEG and out-of-distribution images.

They use whole image sets and their test images, so all visitors share them.
"""

import streamlit as st

from ae_core.errors import Message
from ae_core.evaluation import baselines, rates, reconstruction_error
from ae_core.evaluation.rate_distortion import Curve
from ae_core.evaluation.reconstruction_error import ReconstructionErrors
from ae_core.evaluation.roc import Roc
from ae_core.models import enlarged, inference
from ae_core.models.inference import ModelFile
from ae_core.specs import ImageChoice
from pages.ui.backend.caching import KEYS, uncached_for_user_sets
from pages.ui.backend.models import MODELS
from pages.ui.backend.service import evaluate


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=256, hash_funcs=KEYS))
def test_baselines(
    model: ModelFile, number: int
) -> tuple[list[inference.Reconstruction], Message | None]:
    """Return PCA and JPEG of test image ``number``; see `baselines.baselines_of_test`."""
    return evaluate(baselines.baselines_of_test, model, number)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=256, hash_funcs=KEYS))
def test_enlarged(model: ModelFile, number: int) -> enlarged.Enlarged:
    """Compare a test image as it is stored with a model's; see `enlarged.enlarge_test`."""
    return evaluate(enlarged.enlarge_test, model, number)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=64))
def pca_by_size(choice: ImageChoice, sizes: tuple[int, ...], shown: int) -> baselines.PcaBySize:
    """Return PCA of test images by size; see `baselines.pca_by_size`."""
    return evaluate(baselines.pca_by_size, choice, sizes, shown)


@st.cache_data(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS)
def code_rates(model: ModelFile) -> rates.CodeRates:
    """Return the rates of a model's codes; see `ae_core.evaluation.rates.code_rates`."""
    return evaluate(rates.code_rates, model)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=16))
def pca_rates(choice: ImageChoice) -> Curve:
    """Return the rates of PCA; see `ae_core.evaluation.rates.pca_rates`."""
    return evaluate(rates.pca_rates, choice)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=16))
def jpeg_rates(choice: ImageChoice) -> tuple[Curve, Curve]:
    """Return the rates of JPEG; see `ae_core.evaluation.rates.jpeg_rates`."""
    return evaluate(rates.jpeg_rates, choice)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS))
def in_distribution(model: ModelFile) -> ReconstructionErrors:
    """Return a model's errors on its own image set."""
    return evaluate(reconstruction_error.in_distribution, model)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=MODELS, hash_funcs=KEYS))
def out_of_distribution(model: ModelFile, image_set: str) -> tuple[ReconstructionErrors, Roc]:
    """Return a model's errors on another image set, and the ROC against its own set."""
    known = in_distribution(model).scores
    return evaluate(reconstruction_error.out_of_distribution, model, image_set, known)
