"""The Measure page: the figures of a trained model next to its baselines."""

from functools import partial

import streamlit as st

from pages.ui.evaluation.rates import rate_view
from pages.ui.evaluation.unknown import unknown_view
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.pickers.model_select import model_card, model_select
from pages.ui.pickers.models import models
from pages.ui.shell.frame import page_frame, page_heading
from pages.ui.state.query_params import linked_choice, set_query

VIEWS = {
    "Bytes": rate_view,
    "Unknown": unknown_view,
}
OF_A_MODEL = ("also", "bytes", "threshold", "with")  # parameters that apply to one model only


def page() -> None:
    """Draw the page."""
    heading = st.container()
    left, right = st.columns([6, 9], gap="medium", vertical_alignment="bottom")
    with left:
        place = "unknown" if st.query_params.get("view") == "Unknown" else "measure"
        forget = partial(set_query, **dict.fromkeys(OF_A_MODEL, ""))
        model = model_select("measure", models, forget, place)
    with right:
        view = linked_choice(
            "view",
            text("measure.view_label"),
            tuple(VIEWS),
            "measure",
            words="measure.view",
            collapsed=True,
            wrap=True,
        )
    with heading:
        page_heading("Measure", text(f"measure.about.{slug(view)}"))
    with notice.refusals():
        VIEWS[view](model)
        model_card(model.id)


page_frame("Measure", page, heading=False)
