"""Charts of sizes and of scores, returned for a page to place: Plotly figures as plain dicts.

Words come from the caller. Sizes and scores are on logarithmic axes. What a visitor moves is not in
them: Streamlit makes a chart anew whenever its figure is another one, and that flickers. For marks
that move over a chart of scores its plane is always at the same place, see `PLANE`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ae_core.evaluation.rate_distortion import Curve
from ae_core.evaluation.roc import Roc
from pages.ui.charts.training import HELD_OUT, SERIES, TRAIN, Figure, axis, layout

BINS = 48
LEAST = 1e-9  # a score of 0 has no place on a logarithmic axis
MARK = "#8a8f98"
SCORES_HEIGHT = 360  # CSS pixels of a chart of scores
PLANE = {"l": 72, "r": 14, "t": 14, "b": 96}  # CSS pixels around its plane
_BELOW = {"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0, "xanchor": "left"}


@dataclass(frozen=True)
class Line:
    """A curve to draw: its name, its points, its colour, and whether it is dotted."""

    name: str
    curve: Curve
    colour: str
    dotted: bool = False


def rate_curves(
    lines: Sequence[Line],
    *,
    coded: bool,
    crossing: float | None,
    words: Mapping[str, str],
) -> Figure:
    """Draw how close pictures come over the bytes they take.

    Args:
        lines: of the methods; each point can be chosen.
        coded: whether bytes are counted behind an entropy coder.
        crossing: bytes to mark, where the first line loses its lead; None if nowhere.
        words: "bytes" and "psnr" for the axes, "crossing" for the mark.
    """
    drawn = layout(height=460)
    drawn["legend"] = _BELOW
    drawn["xaxis"] = axis() | {"type": "log", "title": {"text": words["bytes"]}, "dtick": 1}
    drawn["yaxis"] = axis() | {"title": {"text": words["psnr"]}}
    data = [_rate(line, coded=coded) for line in lines]
    if crossing is not None:
        heights = [point.psnr for line in lines for point in line.curve]
        data.append(_mark(crossing, (min(heights), max(heights)), words["crossing"]))
    return {"data": data, "layout": drawn}


def _rate(line: Line, *, coded: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": line.name,
        "x": [point.size(coded=coded) for point in line.curve],
        "y": [point.psnr for point in line.curve],
        "line": {"color": line.colour, "width": 3, "dash": "dot" if line.dotted else "solid"},
        "marker": {"size": 9, "color": line.colour},
        "selected": {"marker": {"size": 16}},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "%{x:.4r} B, %{y:.1f} dB<extra>" + line.name + "</extra>",
    }


def _mark(x: float, ends: tuple[float, float], name: str) -> Figure:
    """Draw an upright line as a curve, which is in the legend too."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x, x],
        "y": list(ends),
        "line": {"color": SERIES[6], "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
    }


def score_range(known: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Return log₁₀ of where a chart of scores (N,) and (M,) begins and ends."""
    both = np.log10(np.maximum(np.concatenate([known, unknown]), LEAST))
    return float(both.min()) - 0.05, float(both.max()) + 0.05


def score_histogram(known: np.ndarray, unknown: np.ndarray, words: Mapping[str, str]) -> Figure:
    """Draw how scores (N,) and (M,) are spread, each as shares of its kind.

    Args:
        known: more than 0 or 0.
        unknown: likewise.
        words: "score" and "share" for the axes; "known" and "unknown".
    """
    ends = score_range(known, unknown)
    edges = np.linspace(*ends, BINS + 1)
    drawn = _fixed(words["score"], words["share"])
    drawn["legend"] = _BELOW | {"y": -0.3}
    drawn["xaxis"] |= {"type": "log", "range": list(ends), "nticks": 6}
    data, highest = [], 0.0
    for name, scores, colour in (("known", known, TRAIN), ("unknown", unknown, HELD_OUT)):
        counts, _ = np.histogram(np.log10(np.maximum(scores, LEAST)), edges)
        shares = counts / len(scores)
        highest = max(highest, float(shares.max()))
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": words[name],
                "x": (10**edges).tolist(),
                "y": [*shares.tolist(), 0.0],
                "line": {"shape": "hv", "color": colour, "width": 2},
                "fill": "tozeroy",
                "hovertemplate": "%{x:.3r}: %{y:.1%}<extra>" + words[name] + "</extra>",
            }
        )
    drawn["yaxis"]["range"] = [0, 1.05 * highest]
    return {"data": data, "layout": drawn}


def _fixed(x_title: str, y_title: str) -> Figure:
    """Return a layout whose plane stays where PLANE says."""
    drawn = layout(height=SCORES_HEIGHT) | {"margin": PLANE, "dragmode": False}
    for name, title in (("xaxis", x_title), ("yaxis", y_title)):
        drawn[name] = axis() | {
            "title": {"text": title},
            "fixedrange": True,
            "automargin": False,
            "tickformat": ".0%" if name == "yaxis" else "",
        }
    return drawn


def roc_curve(curve: Roc, words: Mapping[str, str]) -> Figure:
    """Draw the ROC curve; from 0 to 1 on both axes.

    Args:
        curve: for all thresholds.
        words: "false_alarms" and "found" for the axes.
    """
    drawn = _fixed(words["false_alarms"], words["found"])
    drawn["showlegend"] = False
    for name in ("xaxis", "yaxis"):
        drawn[name] |= {"range": [0, 1], "tickformat": ".0%"}
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": curve.fpr.tolist(),
        "y": curve.tpr.tolist(),
        "line": {"color": TRAIN, "width": 3},
        "fill": "tozeroy",
        "hovertemplate": "%{x:.1%}, %{y:.1%}<extra></extra>",
    }
    chance = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": MARK, "width": 2, "dash": "dot"},
        "hoverinfo": "skip",
    }
    return {"data": [line, chance], "layout": drawn}
