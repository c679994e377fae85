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
from pages.ui.latent.stage import Stage
from pages.ui.latent.start import start_choice
from pages.ui.state.query_params import set_query

SHOWN = 24  # sliders at once, the rest behind "more"
STEPS = 200  # of a slider, at least
MOST_DRAWN = 128  # numbers of a plain model's code whose random draws are made in the browser
BEYOND = 0.25  # of the range in which 98 % of the training codes are, on both sides

_CSS = """
.rows { columns: 2 260px; column-gap: 24px; }
.rows:has(.row:only-child) { columns: 1; }
details { column-span: all; }
summary { padding: 12px 0; cursor: pointer; }
.row { display: grid; grid-template-columns: 5px minmax(3.2em, max-content) 1fr 3.4em; gap: 8px;
  align-items: center; min-height: 36px; break-inside: avoid; }
.weight { height: 26px; border-radius: 3px; background: linear-gradient(0deg,
  var(--st-primary-color) calc(100% * var(--share)), transparent 0),
  color-mix(in srgb, var(--st-text-color) 12%, transparent); }
.row label { max-width: 11em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.track { position: relative; display: grid; align-items: center; }
.half, .middle { position: absolute; height: 16px; border-radius: 4px; pointer-events: none;
  background: color-mix(in srgb, var(--st-primary-color) 28%, transparent); }
.middle { width: 2px; height: 24px; background: var(--st-primary-color); }
input { width: 100%; min-height: 36px; margin: 0; position: relative; background: none;
  accent-color: var(--st-primary-color); touch-action: pan-y; }
output { text-align: right; font-variant-numeric: tabular-nums; }
.buttons { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 10px; }
.buttons label { min-width: 8.6em; font-variant-numeric: tabular-nums; }
.buttons input { width: 110px; }
@container (max-width: 620px) {
  .rows { columns: 1; }
  .row { min-height: 44px; }
}
"""

_SLIDERS = live_view("sliders", '<div class="buttons"></div><div class="rows"></div>', _CSS)


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
    stage: Stage,
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
        stage: whose code the sliders change.
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
        **stage.live_pictures(code),
        "name": name,
        "sliders": tuple(vars(slider) for slider in sliders),
        "values": values,
        "origin": tuple(stage.code.tolist()),
        "at": stage.at if whole else code_to_text(np.array(values)),
        "sends": "code" if whole else "values",
        "shown": SHOWN,
        "reset": reset,
        "target": target or (),
        "random": () if random is None else (_described(random),),  # no dict: see crop_box.py
    }
    key = f"{name}-{stage.model.id}"
    _SLIDERS(key=key, data=data, on_code_change=lambda: take(heard(key)))


def slider_view(stage: Stage) -> None:
    """Show one slider for each number of the code."""
    code_sliders(stage, "numbers", lambda code: set_query(z=code), random=_distribution(stage))
    start_choice(stage)


def code_sliders(
    stage: Stage,
    name: str,
    take: Callable[[str], None],
    *,
    random: Gaussian | None = None,
    target: tuple[str, str, str] | None = None,
) -> None:
    """Show one slider for each number of the code, the most important first: `moving_sliders`."""
    dimensions = order(stage.profile.importance).tolist()
    moving_sliders(
        stage,
        name,
        tuple(_slider(stage, dimension) for dimension in dimensions),
        tuple(stage.code[dimensions].tolist()),
        take,
        code=stage.code,
        reset=text("latent.sliders.mean"),
        random=random,
        target=target,
    )


def _distribution(stage: Stage) -> Gaussian | None:
    """Return what random codes are drawn from in the browser, if it can be sent there."""
    known = stage.profile
    if known.variational:
        return Gaussian.standard(known.latent_dim)
    return known.fitted if known.latent_dim <= MOST_DRAWN else None


def _slider(stage: Stage, dimension: int) -> Slider:
    known, value = stage.profile, float(stage.code[dimension])
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
