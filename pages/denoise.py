"""Denoise: a face from a photo, with noise and without, next to classical filters."""

import secrets

import streamlit as st

from ae_core import denoising
from ae_core.connection import ServiceUnavailable
from ae_core.data import ImageSetCorrupt, ImageSetUnavailable
from ae_core.denoising import Denoised, Version, is_denoiser
from ae_core.specs import CHOICES, LIMITS, Corruption
from pages.shared import notice
from pages.shared.answers import service
from pages.shared.denoise_view import (
    classical_view,
    denoised_view,
    downloads,
    squeezed_view,
    wipe_view,
)
from pages.shared.face_source import Chosen, face_source
from pages.shared.frame import frame
from pages.shared.links import linked_choice, linked_number, linked_slider, put
from pages.shared.model_card import model_card
from pages.shared.model_select import model_select
from pages.shared.models import TrainedModel, denoising_models, squeezing_models
from pages.shared.session import recall
from pages.shared.wording import amount_in_words, in_words

TASKS = ("Add noise, then remove it", "Clean this photo as it is")
VIEWS = ("64×64 gray", "Colour")
KINDS = tuple(kind for kind in CHOICES["kind"] if kind != "none")
FAILURES = (ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt, ValueError)


def page() -> None:
    """Draw the page."""
    frame("Denoise")
    task = linked_choice("task", "What to do", TASKS, "denoise", label_visibility="collapsed")
    left, right = st.columns([4, 10], gap="large")
    with left:
        try:
            model = model_select("denoise", denoising_models)
            chosen = face_source(model)
        except FAILURES as error:
            notice.error(str(error))
            chosen = None
        noise, seed = _noise() if task == TASKS[0] else (None, 0)
    with right:
        if chosen is None:
            st.info("Choose a face on the left, upload a photo or take one.")
            return
        try:
            _results(model, chosen, noise, seed)
        except FAILURES as error:
            notice.error(str(error))


def _noise() -> tuple[Corruption, int]:
    kind = linked_choice("kind", "Noise", KINDS, "denoise", format_func=in_words)
    amount = linked_slider("amount", "Amount", 0.2, LIMITS["amount"], "denoise")
    seed = int(linked_number("seed", 0, LIMITS["seed"]))
    st.caption(amount_in_words(kind, amount, denoising.LESSON_SIDE))
    st.button("New noise", on_click=lambda: put(seed=str(secrets.randbelow(10_000))))
    st.caption(f"Seed {seed}: the noise stays the same until you ask for another.")
    return Corruption(kind, amount), seed


def _results(model: TrainedModel, chosen: Chosen, noise: Corruption | None, seed: int) -> None:
    colour = False
    if is_denoiser(model.file) and chosen.image.shape[-1] == 3:
        view = linked_choice("size", "Picture", VIEWS, "denoise", label_visibility="collapsed")
        colour = view == VIEWS[1]
    key = (chosen.key, model.file, noise, seed, colour)
    question = (model.file, chosen.image, noise, seed)
    answer = service().connection.answer
    with st.spinner("Denoising …"):
        result = recall(
            "denoised", key, lambda: answer(denoising.denoise, *question, colour=colour)
        )
    denoised_view(result, faces=chosen.key[0] != "test" or is_denoiser(model.file))
    with st.spinner("Classical filters …"):
        rivals = recall(
            "classical", key, lambda: answer(denoising.classical, *question, colour=colour)
        )
    classical_view(result, rivals)
    if is_denoiser(model.file) and not colour:
        rivals = [*rivals, *_bottlenecks(result, key)]
    wipe_view(result)
    downloads(result, rivals)
    model_card(model.id)


def _bottlenecks(result: Denoised, key: object) -> list[Version]:
    autoencoders = tuple((model.title, model.file) for model in squeezing_models())
    clean = None if result.clean is None else result.clean.image
    question = (autoencoders, result.noisy.image, clean)
    with st.spinner("Autoencoders …"):
        made = recall(
            "squeezed", key, lambda: service().connection.answer(denoising.squeezed, *question)
        )
    squeezed_view(result, made)
    return made


page()
