"""What is known of a model that comes with the app, to be opened below its results."""

import streamlit as st

from ae_core.models.pretrained import ModelCard, cards
from pages.ui.i18n import notice
from pages.ui.i18n.names import (
    image_set_title,
    model_about,
    model_data,
    model_not_for,
    model_title,
)
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import in_words

TRIALS = ("noise", "pictures", "noisy", "denoised")  # the columns


def model_card(name: str) -> None:
    """Show the card of a pretrained model, nothing for a run of a visitor's."""
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
        st.markdown(text("model.held_out", psnr=f"{held_out:.2f}"))
    if not card.noise_results:
        return
    rows = "\n".join(
        f"| {in_words(result.kind)} {result.amount:g} | {image_set_title(result.image_set)} "
        f"| {result.noisy:.2f} dB | {result.denoised:.2f} dB |"
        for result in card.noise_results
    )
    head = " | ".join(text(f"model.trials.{name}") for name in TRIALS)
    st.markdown(f"| {head} |\n|---|---|---|---|\n{rows}")
