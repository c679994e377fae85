"""What is known of a model that comes with the app, to be opened below its results."""

import streamlit as st

from ae_core.image_sets import IMAGE_SETS
from ae_core.pretrained import cards
from pages.shared import notice
from pages.shared.wording import in_words


def model_card(name: str) -> None:
    """Show the card of a pretrained model, nothing for a run of a visitor's."""
    card = cards().get(name)
    if card is None:
        return
    with st.expander(f"About this model: {card.title}"):
        notice.info(card.not_for)
        st.markdown(f"{card.about} Trained on {card.data} Terms of the data: {card.terms}.")
        held_out = card.figures.get("val_psnr")
        if held_out is not None:
            st.markdown(f"On held-out pictures: {held_out:.2f} dB.")
        if not card.trials:
            return
        rows = "\n".join(
            f"| {in_words(trial.kind)} {trial.amount:g} | {IMAGE_SETS[trial.image_set].title} "
            f"| {trial.noisy:.2f} dB | {trial.denoised:.2f} dB |"
            for trial in card.trials
        )
        st.markdown(f"| noise | pictures | noisy | denoised |\n|---|---|---|---|\n{rows}")
