"""The Posterior view: a variational model's distribution for one image."""

import secrets

import numpy as np
import streamlit as st

from ae_core.latent.statistics import gaussian_kl, order, reparameterize
from ae_core.specs import LIMITS
from pages.ui.backend.images import gallery
from pages.ui.backend.models import full_latent_profile, test_code
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import in_formula, text
from pages.ui.latent.start import picture_choice
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import linked_index, linked_number, set_query
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import image_row

SHOWN = 20  # latent dimensions in the charts
DRAWN = 8  # codes drawn from the image's distribution


def posterior_view(view: LatentView) -> None:
    """Show μ and σ of a test image, images drawn from them, and each dimension's KL divergence."""
    if not view.profile.variational:
        notice.info(text("latent.posterior.plain"))
        return
    if not view.has_pictures:
        title = image_set_title(view.model.spec.image_set)
        notice.info(text("latent.posterior.none", pictures=title))
        return
    images = view.model.spec.images
    number = linked_index("picture", gallery(images, 0, 1).available)
    mean, log_var = test_code(view.model.file, images, number)
    assert log_var is not None  # the model is variational
    _distribution(view, mean, log_var)
    _resampled(view, gallery(images, number, 1).images[0], mean, log_var)
    picture_choice(view, "posterior", number, lambda chosen: set_query(picture=str(chosen)))


def _distribution(view: LatentView, mean: np.ndarray, log_var: np.ndarray) -> None:
    known = full_latent_profile(view.model.file)
    used, every = len(known.used), known.latent_dim
    st.markdown(f"**{text('latent.posterior.in_use', used=used, all=every)}**")
    if every > SHOWN:
        st.caption(text("latent.posterior.shown", count=SHOWN))
    deviation = np.exp(log_var / 2)
    shown = order(known.effects)[:SHOWN]
    assert known.kl is not None  # the model is variational
    names = tuple(f"z{dimension + 1}" for dimension in shown)
    left, right = st.columns(2, gap="medium")
    with left:
        chart(latent.posterior(mean[shown], deviation[shown], names), key="posterior.bars")
        kl = gaussian_kl(mean[np.newaxis], log_var[np.newaxis])[0]
        chart(
            latent.kl_bars(
                kl[shown],
                known.kl[shown],
                names,
                (text("latent.posterior.this"), text("latent.posterior.training")),
                text("latent.posterior.kl_axis"),
            ),
            key="posterior.kl",
        )
        st.caption(text("latent.posterior.kl", nats=float(kl.sum())))
    with right:
        axes = known.projection.axes
        spread = (axes * np.square(deviation)) @ axes.T
        centre = known.projection.project(mean[np.newaxis])[0]
        points = known.projection.project(known.codes)
        within = text("latent.posterior.within", sigmas=int(latent.INSIDE))
        legend = (text("latent.posterior.test"), within)
        chart(latent.posterior_map(points, centre, spread, legend), key="posterior.map")


def _resampled(
    view: LatentView, picture: np.ndarray, mean: np.ndarray, log_var: np.ndarray
) -> None:
    first = int(order(view.profile.effects)[0])
    seed = int(linked_number("seed", 0, LIMITS["seed"]))
    codes = reparameterize(np.random.default_rng(seed), mean, log_var, DRAWN)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            text("latent.posterior.resample"),
            on_click=lambda: set_query(seed=str(secrets.randbelow(10_000))),
        )
        st.latex(_formula(first, mean[first], np.exp(log_var[first] / 2), codes[0, first]))
    decoded = view.images(np.concatenate([mean[np.newaxis], codes]))
    drawn = (f"μ + σ·ε<sub>{i + 1}</sub>" for i in range(DRAWN))
    original = f"<b>{text('latent.posterior.picture')}</b>"
    image_row((picture / 255, *decoded), (original, "<b>μ</b>", *drawn), min_width=90)


def _formula(dimension: int, mean: float, deviation: float, value: float) -> str:
    """Return z = μ + σ·ε in numbers that add up as they are printed, in LaTeX."""
    mu, sigma = round(float(mean), 3), round(float(deviation), 3)
    epsilon = round((float(value) - float(mean)) / float(deviation), 3)
    shown = [in_formula(each, ".3f") for each in (mu, sigma, epsilon, mu + sigma * epsilon)]
    return (
        rf"z_{{{dimension + 1}}} = \mu + \sigma\,\varepsilon = {shown[0]} + {shown[1]} \cdot "
        rf"({shown[2]}) = {shown[3]}"
    )
