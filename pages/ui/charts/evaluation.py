"""Charts of rates and of reconstruction errors; sizes and scores are on logarithmic axes.

Streamlit draws a chart anew, with a flicker, whenever its figure changes. So figures hold nothing
that a visitor moves; over charts of scores pages lay marks, whose place `PLOT_MARGIN` tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.evaluation.rate_distortion import Curve
from ae_core.evaluation.roc import Roc
from pages.ui.charts.plot import HELD_OUT, NEUTRAL, SEVENTH, TRAIN, Figure, axis, figure, line

BINS = 48
MIN_SCORE = 1e-9  # a score of 0 has no place on a logarithmic axis
SCORES_HEIGHT = 360  # CSS pixels of a chart of scores
PLOT_MARGIN = {"l": 72, "r": 14, "t": 14, "b": 96}  # CSS pixels around its plotting area
_BELOW = {"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0, "xanchor": "left"}


@dataclass(frozen=True)
class Line:
    """A rate-distortion curve to draw."""

    name: str
    curve: Curve
    colour: str
    dotted: bool = False


def rate_curves(
    lines: Sequence[Line], *, coded: bool, crossing: float | None, words: Mapping[str, str]
) -> Figure:
    """Draw PSNR over bytes an image.

    Args:
        lines: of the methods; each point can be chosen.
        coded: whether bytes are counted behind an entropy coder.
        crossing: bytes to mark, where the first line loses its advantage; None if nowhere.
        words: "bytes" and "psnr" for the axes, "crossing" for the mark.
    """
    data = [
        line(
            each.name,
            (point.size(coded=coded) for point in each.curve),
            (point.psnr for point in each.curve),
            each.colour,
            dash="dot" if each.dotted else "solid",
            mode="lines+markers",
            marker={"size": 9, "color": each.colour},
            selected={"marker": {"size": 16}},
            unselected={"marker": {"opacity": 1}},
            hovertemplate=f"%{{x:.4r}} B, %{{y:.1f}} dB<extra>{each.name}</extra>",
        )
        for each in lines
    ]
    if crossing is not None:  # an upright line, so that the legend has it too
        heights = [point.psnr for each in lines for point in each.curve]
        ends = min(heights), max(heights)
        name, options = words["crossing"], {"dash": "dash", "hoverinfo": "skip"}
        data.append(line(name, [crossing] * 2, ends, SEVENTH, width=2, **options))
    x = axis(words["bytes"], type="log", dtick=1)
    return figure(data, 460, x, axis(words["psnr"]), legend=_BELOW)


def score_range(known: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Return log₁₀ of where a chart of scores (N,) and (M,) begins and ends."""
    both = np.log10(np.maximum(np.concatenate([known, unknown]), MIN_SCORE))
    return float(both.min()) - 0.05, float(both.max()) + 0.05


def score_histogram(known: np.ndarray, unknown: np.ndarray, words: Mapping[str, str]) -> Figure:
    """Draw how scores (N,) and (M,), not negative, are spread, each as shares of its kind.

    Args:
        known: of in-distribution images.
        unknown: of out-of-distribution images.
        words: "score" and "share" for the axes; "known" and "unknown".
    """
    ends = score_range(known, unknown)
    edges = np.linspace(*ends, BINS + 1)
    data, highest = [], 0.0
    for name, scores, colour in (("known", known, TRAIN), ("unknown", unknown, HELD_OUT)):
        counts, _ = np.histogram(np.log10(np.maximum(scores, MIN_SCORE)), edges)
        shares = counts / len(scores)
        highest = max(highest, float(shares.max()))
        hover = f"%{{x:.3r}}: %{{y:.1%}}<extra>{words[name]}</extra>"
        options = {"shape": "hv", "fill": "tozeroy", "hovertemplate": hover}
        y = [*shares.tolist(), 0.0]
        data.append(line(words[name], (10**edges).tolist(), y, colour, width=2, **options))
    x = _fixed_axis(words["score"], type="log", range=list(ends), nticks=6)
    y_axis = _fixed_axis(words["share"], tickformat=".0%", range=[0, 1.05 * highest])
    return _fixed(data, x, y_axis, legend=_BELOW | {"y": -0.3})


def roc_curve(curve: Roc, words: Mapping[str, str]) -> Figure:
    """Draw the ROC curve; from 0 to 1 on both axes.

    Args:
        curve: for all thresholds.
        words: "false_alarms" and "found" for the axes.
    """
    x, y = (
        _fixed_axis(words[name], tickformat=".0%", range=[0, 1])
        for name in ("false_alarms", "found")
    )
    hover = "%{x:.1%}, %{y:.1%}<extra></extra>"
    rates = curve.fpr.tolist(), curve.tpr.tolist()
    drawn = line("", *rates, TRAIN, fill="tozeroy", hovertemplate=hover)
    chance = line("", [0, 1], [0, 1], NEUTRAL, width=2, dash="dot", hoverinfo="skip")
    return _fixed([drawn, chance], x, y, showlegend=False)


def _fixed(data: Sequence[Figure], x: Figure, y: Figure, **options: Any) -> Figure:
    """Return a figure whose plotting area stays where `PLOT_MARGIN` says."""
    return figure(data, SCORES_HEIGHT, x, y, margin=PLOT_MARGIN, dragmode=False, **options)


def _fixed_axis(title: str, **options: Any) -> Figure:
    return axis(title, fixedrange=True, automargin=False, **options)
