"""The Latent space page: visitors move through a model's codes and watch the image follow."""

import streamlit as st

from ae_core.latent.profile import LatentProfile
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.latent.codes import chosen_start, first_picture, linked_codes
from pages.ui.latent.directions import direction_view
from pages.ui.latent.map import map_view
from pages.ui.latent.match import match_view
from pages.ui.latent.posterior import posterior_view
from pages.ui.latent.samples import sample_view
from pages.ui.latent.sliders import slider_view
from pages.ui.latent.take_home import take_home
from pages.ui.latent.view import LatentView, profile_of
from pages.ui.latent.walk import walk_view
from pages.ui.pickers.from_home import from_home
from pages.ui.pickers.model_select import model_card, model_multiselect, model_select
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_choice, set_query
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
PLACES = {"Map": "map", "Match": "match"}  # views with a best model of their own
MAX_OTHERS = 2
CODES = ("z", "start", "strengths", "moves", "target", "from", "to", "a", "b", "c")


def page() -> None:
    """Draw the page."""
    left, right = st.columns([6, 9], gap="medium", vertical_alignment="bottom")
    with left:
        place = PLACES.get(st.query_params.get("view", ""), "latent")
        model = model_select("latent", models, _forget_codes, place)
    if "model" not in st.query_params and any(name in st.query_params for name in CODES):
        set_query(model=model.id)  # another view would begin with another model
    with notice.refusals():
        with waiting(text("latent.encoding"), "atlas", model.id):
            known = profile_of(model)
        with right:
            view = linked_choice(
                "view",
                text("latent.views"),
                tuple(VIEWS),
                "latent",
                usual="Directions" if known.attributes else "Sliders",
                words="latent.view",
                collapsed=True,
                wrap=True,
            )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.header(text(f"latent.heading.{slug(view)}"), anchor=False, width="stretch")
            with st.container(key="home-files", horizontal=True, width="content", gap="small"):
                if not model.in_training:
                    st.fragment(take_home)(model)
                st.fragment(from_home)("latent", _open)
        unnamed = view == "Directions" and not known.direction_names
        st.markdown(text(f"latent.about.{'sum' if unnamed else slug(view)}"))
        shown = (model, *(_others(model) if view in LIVE else ()))
        # Decoders in training are separate fragments.
        live = any(each.in_training for each in shown)
        (_explore if live else st.fragment(_explore))(view, shown, known)
        model_card(model.id)


def _open(model: str) -> None:
    """Show a model that came from home."""
    _forget_codes()
    set_query(model=model)


def _explore(view: str, shown: tuple[TrainedAutoencoder, ...], known: LatentProfile) -> None:
    """Show a view of models at the code in the address."""
    with notice.refusals():
        usual = first_picture(shown[0])
        start = chosen_start()
        codes = linked_codes(shown, known, "z", usual, start or usual)
        VIEWS[view](LatentView(shown, known, codes, st.query_params.get("z", ""), start))


def _forget_codes() -> None:
    """Remove codes from the address, because they do not apply to another model."""
    codes = [name for name, value in st.query_params.items() if "," in value]
    set_query(**dict.fromkeys((*codes, "z", "start", "strengths", "moves"), ""))


def _others(model: TrainedAutoencoder) -> tuple[TrainedAutoencoder, ...]:
    """Let the visitor choose models that encode the same picture, and return them."""
    size = model.spec.autoencoder.latent_dim
    words = text("latent.also"), text("latent.also_hint")
    return model_multiselect(
        "latent", model, lambda other: other.spec.autoencoder.latent_dim == size, MAX_OTHERS, words
    )


page_frame("Latent space", page, by_itself=False)
