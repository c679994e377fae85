"""A trained decoder in the visitor's browser; views of the page find it there by its name.

Its weights travel once: Streamlit sends bytes that the browser has already got by their hash only.
"""

from pathlib import Path

import streamlit as st

from pages.shared.answers import live_decoder
from pages.shared.models import TrainedModel

_DECODER = st.components.v2.component(
    "live_decoder",
    html="<div hidden></div>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def mount(model: TrainedModel) -> None:
    """Bring a model's decoder into the browser.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt, ValueError: it cannot be had.
    """
    _DECODER(key=f"decoder-{model.id}", data=live_decoder(model.file, model.id))
