"""The Denoise page: a face from a photo, with and without noise, next to classical filters."""

from collections.abc import Hashable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ae_core.denoising import denoise
from ae_core.denoising.denoise import Denoised, LabelledImage
from ae_core.specs import CHOICES, LIMITS, Corruption
from ae_core.specs.serialization import OLD_NAMES
from pages.ui.backend.denoising import Question, classical, denoised, squeezed
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.i18n.wording import amount_in_words, in_words
from pages.ui.pickers.face_source import Chosen, face_source
from pages.ui.pickers.model_select import model_card, model_select
from pages.ui.pickers.models import (
    TrainedAutoencoder,
    TrainedDenoiser,
    denoising_models,
    squeezing_models,
)
from pages.ui.pickers.only_knows import only_knows, own_error
from pages.ui.pictures.denoised import (
    classical_view,
    denoised_view,
    downloads,
    squeezed_view,
    steps_view,
)
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_choice, linked_seed, linked_slider, set_query
from pages.ui.widgets.waiting import waiting

TASKS = ("Add noise, then remove it", "Clean this photo as it is")
VIEWS = ("64×64 gray", "Colour", "Whole photo")  # the last one of a visitor's own photo
EARLIER_MODEL = "face-denoiser"
KINDS = tuple(kind for kind in CHOICES["noise_kind"] if kind != "none")


def page() -> None:
    """Draw the page."""
    _written_anew()
    task = linked_choice(
        "task",
        text("denoise.what"),
        TASKS,
        "denoise",
        words="denoise.task",
        collapsed=True,
        wrap=True,
    )
    # On a phone the columns stand below each other: the result, what changes it, the details.
    left, controls = st.columns([9, 5], gap="large")
    first = left.container(key="result")  # `frame.css` keeps it in sight
    with controls:
        model, chosen, view = model_select("denoise", denoising_models), None, VIEWS[0]
        with notice.refusals():
            chosen = face_source(model)
        if chosen is not None and isinstance(model, TrainedDenoiser):
            view = _view(model, chosen, as_it_is=task != TASKS[0])
            if view == VIEWS[2]:
                st.caption(text("denoise.square_unused"))
        noise, seed = _noise() if task == TASKS[0] else (None, 0)
    if chosen is None:
        first.info(text("denoise.begin"))
        return
    with notice.refusals():
        _results(first, model, chosen, noise, seed, view)


def _written_anew() -> None:
    """Give the parameters of an earlier version their names, and the model that it began with."""
    for old in ("kind", "amount"):
        if old in st.query_params:
            name = OLD_NAMES[old]
            set_query(**{name: st.query_params.get(name, st.query_params[old]), old: ""})
            if "model" not in st.query_params:
                set_query(model=EARLIER_MODEL)


def _results(
    first: DeltaGenerator,
    model: TrainedAutoencoder | TrainedDenoiser,
    chosen: Chosen,
    noise: Corruption | None,
    seed: int,
    view: str,
) -> None:
    """Show the comparison first, and below it every step and other methods."""
    colour, whole = view != VIEWS[0], view == VIEWS[2]
    if whole:
        chosen = chosen.whole()
    shared = chosen.shared and not colour
    asked = Question(chosen.key, chosen.image, model.file, noise, seed, colour, shared)
    # Of small images that all visitors share, only the first answer takes long. What the browser
    # has shown already is not waited for: a spinner would push it down.
    wait = chosen.key if shared else asked.key if colour else asked.key_of_any_amount
    result = None
    with first, notice.refusals():
        with waiting(text("denoise.denoising"), "denoised", wait):
            result = denoised(asked)
        denoised_view(result, asked, faces=not whole)
        if chosen.key[0] != "test" and isinstance(model, TrainedAutoencoder):
            # Noise that a photo already had is in the error, too, and says nothing of its subject.
            given, there = (result.clean, 0.0) if result.clean else (result.noisy, result.noise)
            only_knows("denoise", "denoise", model, own_error(model, given.image) - there**2)
    if result is None:  # the reason stands where the picture belongs
        return
    steps_view(result)
    others = _others(model, asked, result, wait)
    downloads(result, others)
    model_card(model.id)


def _view(model: TrainedDenoiser, chosen: Chosen, *, as_it_is: bool) -> str:
    """Let the visitor choose how much of a picture in colour is denoised.

    A photo that is cleaned as it is begins with all of it.
    """
    small = (denoise.LESSON_SIDE, denoise.LESSON_SIDE, model.spec.channels)
    if chosen.image.shape[-1] == 1 or chosen.image.shape == small:  # there is but one
        return VIEWS[0]
    offered = VIEWS if chosen.photo else VIEWS[:2]
    first = "denoise.small" if model.spec.channels > 1 else f"denoise.view.{slug(VIEWS[0])}"
    return linked_choice(
        "size",
        text("denoise.picture"),
        offered,
        "denoise",
        usual=offered[-1] if as_it_is and chosen.photo else offered[0],
        format_func=lambda each: text(first if each == VIEWS[0] else f"denoise.view.{slug(each)}"),
        collapsed=True,
    )


def _noise() -> tuple[Corruption, int]:
    kind = linked_choice(
        "noise_kind", text("denoise.noise"), KINDS, "denoise", format_func=in_words
    )
    amount = linked_slider(
        "noise_amount", text("denoise.amount"), 0.2, LIMITS["noise_amount"], "denoise"
    )
    st.caption(amount_in_words(kind, amount, denoise.LESSON_SIDE))
    seed = linked_seed(text("denoise.new_noise"))
    st.caption(text("denoise.seed", seed=seed))
    return Corruption(kind, amount), seed


def _others(
    model: TrainedAutoencoder | TrainedDenoiser,
    asked: Question,
    result: Denoised,
    wait: Hashable,
) -> list[LabelledImage]:
    """Show and return what other methods make of the same noisy image."""
    with waiting(text("denoise.filtering"), "classical", wait):
        others = classical(asked)
    classical_view(result, others)
    if isinstance(model, TrainedDenoiser) and not asked.colour:  # a face, as small as theirs
        autoencoders = tuple((model.title, model.file) for model in squeezing_models())
        with waiting(text("denoise.squeezing"), "squeezed", asked.shared or asked.key):
            made = squeezed(asked, result, autoencoders)
        squeezed_view(result, made)
        others = [*others, *made]
    return others


page_frame("Denoise", page)
