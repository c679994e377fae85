"""The Sliders view: sliders that move a code; ``sliders.js`` runs in the browser."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.latent.effects import VISIBLE
from ae_core.latent.interpolation import code_to_text
from ae_core.latent.statistics import Gaussian, order
from ae_core.specs import LIMITS
from pages.ui.i18n.text import text
from pages.ui.latent.component import FREE, Reference, heard, live_view
from pages.ui.latent.start import start_choice, start_picture
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
        low, high: its smallest and its largest value.
        rest: its value after Reset or a double click.
        weight: how much it changes the image, from 0 to 1.
        step: the step of an arrow key.
        quartiles: the quartiles of the training codes; the middle half is between them.
        index: the latent dimension that it sets.
        vectors: or the direction (D,) that it adds, times its value, to the code of each model.
        paths: or the codes (S, D) of each model between which it moves from 0 to 1.
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
    vectors: tuple[tuple[float, ...], ...] | None = None
    paths: tuple[tuple[tuple[float, ...], ...], ...] | None = None


@dataclass(frozen=True)
class Score:
    """How far the first image has come on its way to the reference.

    Attributes:
        start, best, reached: PSNR in dB at the beginning, at the end of the way, and now.
        stars: the shares of the way that earn a star more.
        won: the stars of the present image.
        game: a text that changes with the game.
        moves: the moves so far.
    """

    start: float
    best: float
    reached: float
    stars: tuple[float, ...]
    won: int
    game: str
    moves: int


def moving_sliders(
    view: LatentView,
    name: str,
    sliders: tuple[Slider, ...],
    values: tuple[float, ...],
    take: Callable[[str], None],
    *,
    origins: tuple[np.ndarray, ...],
    codes: tuple[np.ndarray, ...],
    reset: str,
    random: Gaussian | None = None,
    reference: Reference | None = None,
    score: Score | None = None,
    folds: tuple[tuple[int, str], ...] = (),
) -> None:
    """Show sliders and the images that follow them.

    Args:
        view: the view whose codes the sliders change.
        name: the name of the view, unique for each set of sliders.
        sliders: the sliders in order.
        values: the sliders' values.
        take: called with the code as text, or with the values if sliders do not set dimensions.
        origins: (D,) for each model, its code without the sliders.
        codes: (D,) for each model, its code for the values.
        reset: the text of a button.
        random: the distribution from which a button draws codes.
        reference: a picture before those of the models.
        score: its presence turns the sliders into a game.
        folds: the first sliders of parts that are folded up, and the texts of these parts.
    """
    whole = all(slider.index >= 0 for slider in sliders)
    data: dict[str, Any] = {
        **view.live_pictures(codes),
        "name": name,
        "sliders": tuple(vars(slider) for slider in sliders),
        "values": values,
        "origins": tuple(tuple(origin.tolist()) for origin in origins),
        "scales": tuple(tuple(scale.tolist()) for scale in view.scales),
        "at": view.at if whole else code_to_text(np.array(values)),
        "sends": "code" if whole else "values",
        "folds": folds,
        "reset": reset,
        "target": () if reference is None else (reference.url, reference.name),
        "score": () if score is None else (vars(score),),  # not a dict: see crop_box.py
        "random": () if random is None else (described(random),),
    }
    key = f"{name}-{view.model.id}"
    _SLIDERS(key=key, data=data, on_code_change=heard(key, take))


def slider_view(view: LatentView) -> None:
    """Show one slider for each latent dimension, those that change the image most first."""
    sliders = number_sliders(view)

    def take(code: str) -> None:
        start = "" if code.startswith(FREE) else view.start
        set_query(z=code.removeprefix(FREE), start=start)

    moving_sliders(
        view,
        "numbers",
        sliders,
        tuple(float(view.code[slider.index]) for slider in sliders),
        take,
        origins=view.codes,
        codes=view.codes,
        reset=text("latent.sliders.mean"),
        random=random_codes(view),
        reference=start_picture(view),
        folds=folds(view),
    )
    start_choice(view)


def number_sliders(view: LatentView) -> tuple[Slider, ...]:
    """Return one slider for each latent dimension, those that change the image most first."""
    return tuple(_slider(view, dimension) for dimension in order(view.profile.effects).tolist())


def folds(view: LatentView) -> tuple[tuple[int, str], ...]:
    """Fold up the sliders beyond the first ones, and those that do not change the image."""
    every = view.profile.latent_dim
    used = len(view.profile.used) or every
    found = []
    if used > SHOWN:
        found.append((SHOWN, text("latent.sliders.more", count=used - SHOWN)))
    if every > used:
        found.append((used, text("latent.sliders.unused", count=every - used, bound=VISIBLE)))
    return tuple(found)


def random_codes(view: LatentView) -> Gaussian | None:
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
    effect = float(known.effects[dimension])
    return Slider(
        label=f"z{dimension + 1}",
        note=text("latent.sliders.note", effect=effect, low=first, high=third),
        low=step * math.floor(min(low - margin, value) / step),
        high=step * math.ceil(max(high + margin, value) / step),
        rest=float(f"{known.mean[dimension]:.4g}"),
        weight=effect / (float(known.effects.max()) or 1.0),
        step=step,
        quartiles=(first, middle, third),
        index=dimension,
    )


def described(random: Gaussian) -> dict[str, Any]:
    """Return a distribution for the browser."""
    prior = not random.mean.any() and np.array_equal(random.factor, np.eye(len(random.mean)))
    return {
        "mean": tuple(random.mean.tolist()),
        "factor": None if prior else tuple(map(tuple, random.factor.tolist())),
        "hottest": LIMITS["temperature"].high,
        "title": text("latent.sliders.prior" if prior else "latent.sliders.fitted"),
    }
