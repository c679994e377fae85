"""What is known of a model that comes with the app, to be opened below its results."""

import streamlit as st

from ae_core.models.pretrained import Card, cards
from pages.ui.i18n import notice
from pages.ui.i18n.names import (
    image_set_title,
    model_about,
    model_data,
    model_not_for,
    model_terms,
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


def _show(card: Card) -> None:
    notice.info(model_not_for(card))
    about, data, terms = model_about(card), model_data(card), model_terms(card)
    st.markdown(text("model.data", about=about, data=data, terms=terms))
    held_out = card.figures.get("val_psnr")
    if held_out is not None:
        st.markdown(text("model.held_out", psnr=f"{held_out:.2f}"))
    if not card.trials:
        return
    rows = "\n".join(
        f"| {in_words(trial.kind)} {trial.amount:g} | {image_set_title(trial.image_set)} "
        f"| {trial.noisy:.2f} dB | {trial.denoised:.2f} dB |"
        for trial in card.trials
    )
    head = " | ".join(text(f"model.trials.{name}") for name in TRIALS)
    st.markdown(f"| {head} |\n|---|---|---|---|\n{rows}")
