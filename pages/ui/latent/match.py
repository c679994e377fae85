"""The Match view: visitors move the sliders until the image matches a target."""

import secrets

import numpy as np
import streamlit as st

from ae_core.latent import explore
from ae_core.latent.match_results import MOVES, NEAR, Match, target_number
from ae_core.metrics import psnr
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.specs import LIMITS
from pages.ui.backend.images import gallery
from pages.ui.backend.models import latent_profile
from pages.ui.backend.service import answer, match_results
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.latent.sliders import code_sliders
from pages.ui.latent.view import LatentView
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.state.query_params import linked_number, set_query
from pages.ui.state.session import session, visitor
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import data_url
from pages.ui.widgets.metric import metric

MAX_OTHERS = 4  # other models on offer for the same target


def match_view(view: LatentView) -> None:
    """Show a target, sliders, and the similarity of the image to the target."""
    seed = int(linked_number("target", 1, LIMITS["seed"]))
    moves = int(linked_number("moves", 0, MOVES))
    target = _target(view, seed)
    best, reached = (
        _psnr_of_own_code(view, target),
        psnr(target, view.images(view.code[np.newaxis])),
    )
    goal = best - NEAR
    matched = moves > 0 and reached >= goal
    st.markdown(text("match.about"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric(text("match.moves"), moves)
        metric(text("match.near"), f"{number(reached, '.1f')} dB")
        metric(text("match.goal"), f"{number(goal, '.1f')} dB", text("match.goal_help"))
    with st.container(horizontal=True):
        st.button(
            text("match.again"),
            on_click=lambda: set_query(z="", moves=""),
            icon=":material/replay:",
        )
        st.button(
            text("match.another"),
            on_click=lambda: set_query(target=str(secrets.randbelow(10_000)), z="", moves=""),
            icon=":material/shuffle:",
        )
    if matched:
        st.success(text("match.matched", moves=moves), icon=":material/celebration:")

    def move(code: str) -> None:
        set_query(z=code, moves=str(moves + 1))
        session().moved = (view.model.id, seed, code, moves + 1)

    code_sliders(
        view,
        "match",
        move,
        target=(data_url(target[0]), text("match.target"), text("match.live")),
    )
    name = f"{view.model.spec.image_set}-{image_shape(view.model.spec)[0]}-{seed}"
    # Only what the hand has just done is a result: whoever opens a link has moved nothing.
    if matched and session().moved == (view.model.id, seed, st.query_params.get("z", ""), moves):
        mine = Match(visitor(), view.model.id, view.model.title, name, moves, round(reached, 2))
        with notice.refusals(notice.toast):
            match_results().add(mine)
    _rivals(view, seed)
    _class(name)


def _target(view: LatentView, seed: int) -> np.ndarray:
    """Return an image (1, H, W, C) in [0, 1], the same for every model of an image set."""
    if view.has_pictures:
        available = gallery(view.model.spec.images, 0, 1).available
        number = target_number(seed, available)
        return gallery(view.model.spec.images, number, 1).images / np.float32(255)
    drawer = _first_of_its_kind(view.model)
    code = latent_profile(drawer.file).fitted.sample(np.random.default_rng(seed), 1)
    return answer(explore.decode, drawer.file, code) / np.float32(255)


def _first_of_its_kind(model: TrainedAutoencoder) -> TrainedAutoencoder:
    """Return the model that draws the targets if this machine has no test images."""
    same = (name for name, other in models().items() if name in cards() and _alike(model, other))
    first = next(same, "")
    return models()[first] if first else model


def _alike(one: TrainedAutoencoder, other: TrainedAutoencoder) -> bool:
    """Return whether two models have the same kind of images, at equal size."""
    same_set = one.spec.image_set == other.spec.image_set
    return same_set and image_shape(one.spec) == image_shape(other.spec)


def _psnr_of_own_code(view: LatentView, target: np.ndarray) -> float:
    """Return the PSNR of the model's own reconstruction, which visitors need not exceed."""
    code, _ = answer(explore.encode, view.model.file, target[0])
    return psnr(target, view.images(code[np.newaxis]))


def _rivals(view: LatentView, seed: int) -> None:
    others = [
        other
        for other in models(view.model.id).values()
        if other.id != view.model.id and _alike(view.model, other)
    ]
    size = view.model.spec.autoencoder.latent_dim
    others.sort(key=lambda other: other.spec.autoencoder.latent_dim != size)
    if not others:
        return
    st.markdown(f"##### {text('match.same_target')}")
    with st.container(horizontal=True):
        for other in others[:MAX_OTHERS]:
            st.page_link(
                "pages/latent_space.py",
                label=notice.plain(other.title),
                query_params={"model": other.id, "view": "Match", "target": str(seed)},
            )


def _class(target: str) -> None:
    results = match_results().of(target)
    if not results:
        return
    st.markdown(f"##### {text('match.results')}")
    chart(
        latent.moves_by_model(results, text("match.moves")),
        key="match.results",
        alt=text("match.results"),
    )
    st.caption(text("match.results_help"))
