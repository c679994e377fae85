"""Charts of rates and of reconstruction errors; sizes and scores have logarithmic axes.

Streamlit redraws a chart with a flicker whenever its figure changes. Figures therefore contain
nothing that a visitor moves; pages overlay marks on charts of scores and place them by
`PLOT_MARGIN`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.evaluation.rate_distortion import Curve
from ae_core.evaluation.roc import Roc
from pages.ui.charts.plot import HELD_OUT, NEUTRAL, SEVENTH, TRAIN, Figure, axis, figure, line

BINS = 48
MIN_SCORE = 1e-9  # a logarithmic axis cannot show a score of 0
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
    """Draw PSNR over bytes per image.

    Args:
        lines: the curves of the methods; each point can be selected.
        coded: whether bytes are counted after an entropy coder.
        crossing: bytes to mark, at which the first line loses its advantage; None for no mark.
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
    if crossing is not None:  # a vertical trace, so that it appears in the legend
        heights = [point.psnr for each in lines for point in each.curve]
        ends = min(heights), max(heights)
        name, options = words["crossing"], {"dash": "dash", "hoverinfo": "skip"}
        data.append(line(name, [crossing] * 2, ends, SEVENTH, width=2, **options))
    x = axis(words["bytes"], type="log", dtick=1)
    return figure(data, 460, x, axis(words["psnr"]), legend=_BELOW)


def score_range(known: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Return log₁₀ of both ends of the score axis for scores (N,) and (M,)."""
    both = np.log10(np.maximum(np.concatenate([known, unknown]), MIN_SCORE))
    return float(both.min()) - 0.05, float(both.max()) + 0.05


def score_histogram(known: np.ndarray, unknown: np.ndarray, words: Mapping[str, str]) -> Figure:
    """Draw histograms of nonnegative scores (N,) and (M,), each as shares of its kind.

    Args:
        known: scores of in-distribution images.
        unknown: scores of out-of-distribution images.
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
    """Draw a ROC curve, from 0 to 1 on both axes.

    Args:
        curve: the rates at all thresholds.
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
    """Return a figure whose plotting area is fixed by `PLOT_MARGIN`."""
    return figure(data, SCORES_HEIGHT, x, y, margin=PLOT_MARGIN, dragmode=False, **options)


def _fixed_axis(title: str, **options: Any) -> Figure:
    return axis(title, fixedrange=True, automargin=False, **options)
