"""The choice of a trained model, which the address remembers."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ae_core.errors import UnknownThing
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder, TrainedDenoiser
from pages.ui.state.query_params import set_query

Model = TypeVar("Model", bound=TrainedAutoencoder | TrainedDenoiser)


def model_select(
    page: str,
    offer: Callable[[str], dict[str, Model]],
    on_change: Callable[[], None] = lambda: None,
) -> Model:
    """Let the visitor choose among what ``offer`` returns for the model named in the address.

    Args:
        page: of the widget, for its key.
        offer: `models` or `denoising_models`; raises UnknownThing for a name that is none.
        on_change: called when another model is chosen.
    """
    linked = st.query_params.get("model", "")
    try:
        available = offer(linked)
    except UnknownThing as error:
        notice.error(text("model.instead", problem=error))
        available, linked = offer(""), ""
    key = f"{page}.model"
    st.session_state[key] = linked or next(iter(available))

    def take() -> None:
        set_query(model=st.session_state[key])
        on_change()

    chosen: str = st.selectbox(
        text("model.choose"),
        list(available),
        format_func=lambda name: available[name].title,
        key=key,
        on_change=take,
    )
    return available[chosen]
