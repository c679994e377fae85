"""The Sliders view: sliders that move a code; ``sliders.js`` runs in the browser."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.latent.interpolation import code_to_text
from ae_core.latent.statistics import Gaussian, order
from ae_core.specs import LIMITS
from pages.ui.i18n.text import number, text
from pages.ui.latent.component import heard, live_view
from pages.ui.latent.start import start_choice
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import set_query

SHOWN = 24  # sliders at once; "more" shows the rest
STEPS = 200  # minimum per slider
MAX_RANDOM_DIM = 128  # largest plain code that the browser can draw at random
BEYOND = 0.25  # added on both sides, as a share of the range of 98 % of the training codes

_SLIDERS = live_view(__file__, '<div class="buttons"></div><div class="rows"></div>')


@dataclass(frozen=True)
class Slider:
    """One slider.

    Attributes:
        label: the text next to it.
        note: more text as a tooltip.
        low: its smallest value.
        high: its largest value.
        rest: its value after Reset or a double click.
        weight: its importance, from 0 to 1.
        step: the step of an arrow key.
        quartiles: the quartiles of the training codes; the middle half is between them.
        index: the latent dimension that it sets.
        vector: or the direction (D,) that it adds, times its value.
        path: or the codes (S, D) between which it moves from 0 to 1.
    """

    label: str
    note: str
    low: float
    high: float
    rest: float
    weight: float = 1.0
    step: float = 0.01
    quartiles: tuple[float, float, float] | None = None
    index: int = -1
    vector: tuple[float, ...] | None = None
    path: tuple[tuple[float, ...], ...] | None = None


def moving_sliders(
    view: LatentView,
    name: str,
    sliders: tuple[Slider, ...],
    values: tuple[float, ...],
    take: Callable[[str], None],
    *,
    code: np.ndarray,
    reset: str,
    random: Gaussian | None = None,
    target: tuple[str, str, str] | None = None,
) -> None:
    """Show sliders and the images that follow them.

    Args:
        view: the view whose code the sliders change.
        name: the name of the view, unique for each set of sliders.
        sliders: the sliders in order.
        values: the sliders' values.
        take: called with the code as text, or with the values if sliders do not set dimensions.
        code: (D,), the code for the values.
        reset: the text of a button.
        random: the distribution from which a button draws codes.
        target: data URL of a target image, its name, and the text of the similarity.
    """
    whole = all(slider.index >= 0 for slider in sliders)
    data: dict[str, Any] = {
        **view.live_pictures(code),
        "name": name,
        "sliders": tuple(vars(slider) for slider in sliders),
        "values": values,
        "origin": tuple(view.code.tolist()),
        "at": view.at if whole else code_to_text(np.array(values)),
        "sends": "code" if whole else "values",
        "shown": SHOWN,
        "reset": reset,
        "target": target or (),
        "random": () if random is None else (_described(random),),  # not a dict: see crop_box.py
    }
    key = f"{name}-{view.model.id}"
    _SLIDERS(key=key, data=data, on_code_change=heard(key, take))


def slider_view(view: LatentView) -> None:
    """Show one slider for each latent dimension."""
    code_sliders(view, "numbers", lambda code: set_query(z=code), random=_distribution(view))
    start_choice(view)


def code_sliders(
    view: LatentView,
    name: str,
    take: Callable[[str], None],
    *,
    random: Gaussian | None = None,
    target: tuple[str, str, str] | None = None,
) -> None:
    """Show one slider per latent dimension, the most important first; see `moving_sliders`."""
    dimensions = order(view.profile.importance).tolist()
    moving_sliders(
        view,
        name,
        tuple(_slider(view, dimension) for dimension in dimensions),
        tuple(view.code[dimensions].tolist()),
        take,
        code=view.code,
        reset=text("latent.sliders.mean"),
        random=random,
        target=target,
    )


def _distribution(view: LatentView) -> Gaussian | None:
    """Return the distribution of random codes for the browser, None if it is too large."""
    known = view.profile
    if known.variational:
        return Gaussian.standard(known.latent_dim)
    return known.fitted if known.latent_dim <= MAX_RANDOM_DIM else None


def _slider(view: LatentView, dimension: int) -> Slider:
    known, value = view.profile, float(view.code[dimension])
    low, first, middle, third, high = known.quantiles[:, dimension].tolist()
    margin = BEYOND * (high - low) or abs(low) or 1.0
    step = 10.0 ** math.floor(math.log10((high - low + 2 * margin) / STEPS))
    tells = float(known.importance[dimension])
    note = "latent.sliders.nats" if known.variational else "latent.sliders.variance"
    return Slider(
        label=f"z{dimension + 1}",
        note=text(
            note, tells=number(tells, ".2f"), low=number(first, ".2f"), high=number(third, ".2f")
        ),
        low=step * math.floor(min(low - margin, value) / step),
        high=step * math.ceil(max(high + margin, value) / step),
        rest=float(f"{known.mean[dimension]:.4g}"),
        weight=tells / (float(known.importance.max()) or 1.0),
        step=step,
        quartiles=(first, middle, third),
        index=dimension,
    )


def _described(random: Gaussian) -> dict[str, Any]:
    prior = not random.mean.any() and np.array_equal(random.factor, np.eye(len(random.mean)))
    return {
        "mean": tuple(random.mean.tolist()),
        "factor": None if prior else tuple(map(tuple, random.factor.tolist())),
        "hottest": LIMITS["temperature"].high,
        "title": text("latent.sliders.prior" if prior else "latent.sliders.fitted"),
    }
