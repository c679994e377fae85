"""Widgets to choose trained models, which the address keeps, and the card of a model."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import UnknownThing
from ae_core.models.pretrained import NOISE_BY_SKIN, ModelCard, best_for, cards
from ae_core.specs import DenoiserSpec
from pages.ui.backend.images import thumbnail
from pages.ui.i18n import notice
from pages.ui.i18n.names import (
    image_set_title,
    model_about,
    model_data,
    model_not_for,
    model_title,
)
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import in_words
from pages.ui.pickers.models import TrainedAutoencoder, TrainedDenoiser, models
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import set_query
from pages.ui.widgets.picture_menu import Entry, picture_menu

GROUPS = ("denoisers", "runs", "faces", "digits", "clothes")  # of models, in this order
COLUMNS = ("noise", "pictures", "noisy", "denoised")
Model = TypeVar("Model", bound=TrainedAutoencoder | TrainedDenoiser)


def model_select(
    page: str,
    offer: Callable[[str], dict[str, Model]],
    on_change: Callable[[], None] = lambda: None,
    place: str = "",
) -> Model:
    """Let the visitor choose a model from those that ``offer`` returns for the address.

    Without a model in the address it is the best for the place.

    Args:
        page: the page, for the widget's key.
        offer: `models` or `denoising_models`; raises UnknownThing for an unknown name.
        on_change: called when another model is chosen.
        place: see `ae_core.models.pretrained.best_for`; the page if empty.
    """
    linked = st.query_params.get("model", "")
    try:
        available = offer(linked)
    except UnknownThing as error:
        notice.error(text("model.instead", problem=error))
        available, linked = offer(""), ""
    chosen = linked or best_for(place or page).name

    def take(name: str) -> None:
        set_query(model=name)
        on_change()

    entries = sorted(map(_entry, available.values()), key=lambda each: GROUPS.index(each.group))
    named = tuple(each._replace(group=text(f"model.group.{each.group}")) for each in entries)
    picture_menu(f"{page}.model", text("model.choose"), named, chosen, take)
    return available[chosen]


def _entry(model: TrainedAutoencoder | TrainedDenoiser) -> Entry:
    known = cards().get(model.id)
    if known is None:
        return Entry(model.id, "runs", model.title, "")
    denoiser = isinstance(known.spec, DenoiserSpec)
    group = "denoisers" if denoiser else card(known.spec.image_set).kind
    return Entry(model.id, group, model.title, model_about(known), thumbnail(known))


def model_multiselect(
    page: str,
    model: TrainedAutoencoder,
    fits: Callable[[TrainedAutoencoder], bool],
    max_models: int,
    words: tuple[str, str],
    title: Callable[[TrainedAutoencoder], str] = lambda model: model.title,
) -> tuple[TrainedAutoencoder, ...]:
    """Let the visitor choose more models, keep them in the address and return them.

    Args:
        page: the page, for the widget's key.
        model: the model that is already shown.
        fits: returns whether another model may be chosen.
        max_models: the maximum number of chosen models.
        words: the texts above the widget, and in it while nothing is chosen.
        title: returns a model's title.
    """
    linked = dict.fromkeys(filter(None, st.query_params.get("also", "").split(",")))
    available = models(model.id)
    for name in linked:
        try:
            available |= models(name)
        except UnknownThing as error:
            notice.error(text("model.left_out", problem=error))
    others = {name: each for name, each in available.items() if name != model.id and fits(each)}
    if not others:
        return ()
    chosen = [name for name in linked if name in others][:max_models]
    key = f"{page}.also"
    st.session_state[key] = chosen
    st.multiselect(
        words[0],
        list(others),
        format_func=lambda name: title(others[name]),
        max_selections=max_models,
        key=key,
        placeholder=words[1],
        on_change=by_hand(lambda: set_query(also=",".join(st.session_state[key]))),
    )
    return tuple(others[name] for name in chosen)


def model_card(name: str) -> None:
    """Show the card of a pretrained model, and nothing for a visitor's run."""
    card = cards().get(name)
    if card is None:
        return
    with st.expander(
        text("model.about", title=model_title(card)), key="model.about", on_change="rerun"
    ) as opened:
        if opened.open:
            _show(card)


def _show(card: ModelCard) -> None:
    notice.info(model_not_for(card))
    about, data = model_about(card), model_data(card)
    terms = text(f"pictures.{card.spec.image_set}.terms")
    st.markdown(text("model.data", about=about, data=data, terms=terms))
    held_out = card.figures.get("val_psnr")
    if held_out is not None:
        st.markdown(text("model.held_out", psnr=number(held_out, ".2f")))
    if card.psnr_by_skin:
        quarters = ", ".join(number(value, ".1f") for value in card.psnr_by_skin)
        if card.noise_results:
            amount = number(NOISE_BY_SKIN.noise_amount, "g")
            st.markdown(text("model.by_skin_denoised", amount=amount, quarters=quarters))
        else:
            st.markdown(text("model.by_skin", quarters=quarters))
    if not card.noise_results:
        return
    rows = "\n".join(
        f"| {in_words(result.kind)} {number(result.amount, 'g')} "
        f"| {image_set_title(result.image_set)} "
        f"| {number(result.noisy, '.2f')} dB | {number(result.denoised, '.2f')} dB |"
        for result in card.noise_results
    )
    head = " | ".join(text(f"model.noise_results.{name}") for name in COLUMNS)
    st.markdown(f"| {head} |\n|---|---|---|---|\n{rows}")
    st.caption(text("model.noise_results.sample"))
