"""What players of Match share: the target, other models for it, and everybody's results."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ae_core.data.loading import card
from ae_core.latent import explore, match
from ae_core.latent.match_results import level, target_number
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from pages.ui.backend.images import gallery
from pages.ui.backend.models import latent_profile
from pages.ui.backend.service import answer, match_results
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.latent.view import LatentView
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.widgets.chart import chart

ANY_TARGET = 10_000  # seeds, if none of them was found to be winnable
MAX_OTHERS = 4  # other models on offer for the same target


def offered_targets(view: LatentView) -> Sequence[int]:
    """Return the seeds of the targets on offer, the same for every model of an image set."""
    known = latent_profile(_first_of_its_kind(view.model).file)
    return known.match_seeds or range(1, ANY_TARGET)


def shared_target(view: LatentView, seed: int) -> np.ndarray:
    """Return an image (1, H, W, C) in [0, 1], the same for every model of an image set."""
    if card(view.model.spec.image_set).available:  # of a sample there would be other targets
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


def kind_of_targets(model: TrainedAutoencoder) -> str:
    """Return how the names of a model's targets begin: the same for every model of such images."""
    side, _, channels = image_shape(model.spec)
    kind = f"{model.spec.image_set}-{side}"
    # Results from before a set had colours stay those of gray targets.
    return kind if channels == card(model.spec.image_set).channels[0] else f"{kind}-colour"


def other_models(view: LatentView, seed: int) -> None:
    """Offer the same target with other models of such images."""
    others = [
        other
        for other in models(view.model.id).values()
        if other.id != view.model.id and _alike(view.model, other)
    ]
    size = view.model.spec.autoencoder.latent_dim
    others.sort(key=lambda other: other.spec.autoencoder.latent_dim != size)
    if not others:
        return
    st.markdown(f"**{text('match.same_target')}**")
    with st.container(horizontal=True):
        for other in others[:MAX_OTHERS]:
            match_link(other.id, other.title, target=str(seed))


def match_link(model: str, title: str, **query: str) -> None:
    """Link to the game with a model, by its id and its title."""
    st.page_link(
        "pages/latent_space.py",
        label=notice.plain(title),
        query_params={"model": model, "view": "Match", **query},
    )


def everybody(target: str) -> None:
    """Show everybody's fewest moves for each number of stars."""
    store = match_results()
    levels = range(len(match.STARS) + 1)
    results = {stars: found for stars in levels if (found := store.of(level(target, stars)))}
    if not results:
        return
    named = tuple((text(f"match.level.{stars}"), results[stars]) for stars in sorted(results))
    st.markdown(f"**{text('match.results')}**")
    chart(
        latent.moves_by_model(named, text("match.moves")),
        key="match.results",
        alt=text("match.results"),
    )
    st.caption(text("match.results_help"))
