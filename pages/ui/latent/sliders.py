"""Sliders that move a code; what happens in the browser is in ``sliders.js``."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.latent.interpolation import code_to_text
from ae_core.latent.statistics import Gaussian, order
from ae_core.specs import LIMITS
from pages.ui.i18n.text import text
from pages.ui.latent.component import heard, live_view
from pages.ui.latent.start import start_choice
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import set_query

SHOWN = 24  # sliders at once, the rest behind "more"
STEPS = 200  # of a slider, at least
MAX_RANDOM_DIM = 128  # numbers of a plain model's code whose random draws are made in the browser
BEYOND = 0.25  # of the range in which 98 % of the training codes are, on both sides

_SLIDERS = live_view(__file__, '<div class="buttons"></div><div class="rows"></div>')


@dataclass(frozen=True)
class Slider:
    """One slider.

    Attributes:
        label: next to it.
        note: more of it, for who points at it.
        low: its smallest value.
        high: its largest.
        rest: where Reset and a double click bring it.
        weight: how important it is, from 0 to 1.
        step: of an arrow key.
        quartiles: of the training codes: the middle half is between the first and the last.
        index: of the code's number that it sets.
        vector: or the direction (D,) of which it adds so much.
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
    """Show sliders and the pictures that follow them.

    Args:
        view: whose code the sliders change.
        name: of the view; another one for other sliders.
        sliders: as they are shown.
        values: of the sliders.
        take: is told the code, or the values where sliders are no numbers of it, as text.
        code: (D,) that the values give.
        reset: words of a button.
        random: from which a button draws codes.
        target: address of a picture to be reached, its name, and the words of the likeness.
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
        "random": () if random is None else (_described(random),),  # no dict: see crop_box.py
    }
    key = f"{name}-{view.model.id}"
    _SLIDERS(key=key, data=data, on_code_change=lambda: take(heard(key)))


def slider_view(view: LatentView) -> None:
    """Show one slider for each number of the code."""
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
    """Show one slider for each number of the code, the most important first: `moving_sliders`."""
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
    """Return what random codes are drawn from in the browser, if it can be sent there."""
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
        note=text(note, tells=f"{tells:.2f}", low=f"{first:.2f}", high=f"{third:.2f}"),
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
