"""The Latent space page: visitors move through a model's codes and watch the image follow."""

import streamlit as st

from ae_core.latent.profile import LatentProfile
from pages.ui.backend.models import latent_profile
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.latent.directions import direction_view
from pages.ui.latent.map import map_view
from pages.ui.latent.match import match_view
from pages.ui.latent.posterior import posterior_view
from pages.ui.latent.samples import sample_view
from pages.ui.latent.sliders import slider_view
from pages.ui.latent.view import LatentView, linked_code
from pages.ui.latent.walk import walk_view
from pages.ui.pickers.model_select import model_card, model_multiselect, model_select
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_choice, set_query
from pages.ui.state.session import session_cached
from pages.ui.widgets.waiting import waiting

VIEWS = {
    "Sliders": slider_view,
    "Map": map_view,
    "Walk": walk_view,
    "Directions": direction_view,
    "Samples": sample_view,
    "Posterior": posterior_view,
    "Match": match_view,
}
LIVE = ("Sliders", "Map", "Walk", "Directions")  # views with images of several models
MAX_OTHERS = 2


def page() -> None:
    """Draw the page."""
    left, right = st.columns([4, 10], gap="large", vertical_alignment="bottom")
    with left:
        model = model_select("latent", models, _forget_codes)
    with right:
        view = linked_choice(
            "view",
            text("latent.views"),
            tuple(VIEWS),
            "latent",
            words="latent.view",
            collapsed=True,
            wrap=True,
        )
    with notice.refusals():
        with waiting(text("latent.encoding"), "atlas", model.id):
            known = _latent_profile(model)
        shown = (model, *(_others(model) if view in LIVE else ()))
        # Decoders in training are separate fragments.
        live = any(each.in_training for each in shown)
        (_explore if live else st.fragment(_explore))(view, shown, known)
        model_card(model.id)


def _explore(view: str, shown: tuple[TrainedAutoencoder, ...], known: LatentProfile) -> None:
    """Show a view of models at the code in the address."""
    with notice.refusals():
        code = linked_code(shown[0], known, "z")
        VIEWS[view](LatentView(shown, known, code, st.query_params.get("z", "")))


def _latent_profile(model: TrainedAutoencoder) -> LatentProfile:
    """Return a model's latent profile; while the model trains, its first one.

    Otherwise the order and the ranges of the sliders would change during use.
    """
    if not model.in_training:
        return latent_profile(model.file)
    return session_cached("atlas", model.id, lambda: latent_profile(model.file))


def _forget_codes() -> None:
    """Remove codes from the address, because they do not apply to another model."""
    codes = [name for name, value in st.query_params.items() if "," in value]
    set_query(**dict.fromkeys((*codes, "z", "strengths", "moves"), ""))


def _others(model: TrainedAutoencoder) -> tuple[TrainedAutoencoder, ...]:
    """Let the visitor choose models that get the same codes, and return them."""
    size = model.spec.autoencoder.latent_dim
    words = text("latent.also"), text("latent.also_hint")
    return model_multiselect(
        "latent", model, lambda other: other.spec.autoencoder.latent_dim == size, MAX_OTHERS, words
    )


page_frame("Latent space", page, by_itself=False)
