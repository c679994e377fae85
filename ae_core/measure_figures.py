"""Charts of sizes and of scores, returned for a page to place: Plotly figures as plain dicts.

Words come from the caller. Sizes and scores are on logarithmic axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ae_core.anomaly import Rates, Roc
from ae_core.compression import Curve
from ae_core.figures import HELD_OUT, SERIES, TRAIN, Figure, axis, layout

BINS = 48
LEAST = 1e-9  # a score of 0 has no place on a logarithmic axis
MARK = "#8a8f98"
_BELOW = {"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0, "xanchor": "left"}


@dataclass(frozen=True)
class Line:
    """A curve to draw: its name, its points, and whether it is dotted."""

    name: str
    curve: Curve
    dotted: bool = False


def rate_curves(
    lines: Sequence[Line],
    *,
    coded: bool,
    budget: float,
    crossing: float | None,
    words: Mapping[str, str],
) -> Figure:
    """Draw how close pictures come over the bytes they take.

    Args:
        lines: of the methods; each point can be chosen.
        coded: whether bytes are counted behind an entropy coder.
        budget: bytes to mark, those of the pictures shown elsewhere.
        crossing: bytes to mark, where the first line loses its lead; None if nowhere.
        words: "bytes" and "psnr" for the axes, "budget" and "crossing" for the marks.
    """
    drawn = layout(height=460)
    drawn["legend"] = _BELOW
    drawn["xaxis"] = axis() | {"type": "log", "title": {"text": words["bytes"]}, "dtick": 1}
    drawn["yaxis"] = axis() | {"title": {"text": words["psnr"]}}
    heights = [point.psnr for line in lines for point in line.curve]
    ends = [min(heights), max(heights)]
    marks = [_mark(budget, ends, words["budget"], MARK, "dot")]
    if crossing is not None:
        marks.append(_mark(crossing, ends, words["crossing"], SERIES[6], "dash"))
    return {
        "data": [*(_rate(line, i, coded=coded) for i, line in enumerate(lines)), *marks],
        "layout": drawn,
    }


def _rate(line: Line, number: int, *, coded: bool) -> Figure:
    colour = SERIES[number % len(SERIES)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": line.name,
        "x": [point.size(coded=coded) for point in line.curve],
        "y": [point.psnr for point in line.curve],
        "line": {"color": colour, "width": 3, "dash": "dot" if line.dotted else "solid"},
        "marker": {"size": 9, "color": colour},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "%{x:.4r} B, %{y:.1f} dB<extra>" + line.name + "</extra>",
    }


def _mark(x: float, ends: Sequence[float], name: str, colour: str, dash: str) -> Figure:
    """Draw a line upwards as a curve: a shape would stay behind when its axis is zoomed."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x, x],
        "y": list(ends),
        "line": {"color": colour, "width": 2, "dash": dash},
        "hoverinfo": "skip",
    }


def score_histogram(
    known: np.ndarray, unknown: np.ndarray, threshold: float, words: Mapping[str, str]
) -> Figure:
    """Draw how scores (N,) and (M,) are spread, each as shares of its kind, and a threshold.

    Args:
        known: more than 0 or 0.
        unknown: likewise.
        threshold: to mark.
        words: "score" and "share" for the axes; "known", "unknown" and "threshold".
    """
    both = np.log10(np.maximum(np.concatenate([known, unknown]), LEAST))
    edges = np.linspace(both.min() - 1e-3, both.max() + 1e-3, BINS + 1)
    drawn = layout(height=360)
    drawn["legend"] = _BELOW
    drawn["xaxis"] = axis() | {"type": "log", "title": {"text": words["score"]}}
    drawn["yaxis"] = axis() | {"title": {"text": words["share"]}, "tickformat": ".0%"}
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
    data.append(_mark(threshold, (0, highest), words["threshold"], MARK, "solid"))
    return {"data": data, "layout": drawn}


def roc_curve(curve: Roc, here: Rates, words: Mapping[str, str]) -> Figure:
    """Draw the ROC curve and where a threshold is on it.

    Args:
        curve: for all thresholds.
        here: at one threshold.
        words: "false_alarms" and "found" for the axes, "threshold".
    """
    drawn = layout(height=360)
    drawn["showlegend"] = False
    for name, title in (("xaxis", words["false_alarms"]), ("yaxis", words["found"])):
        drawn[name] = axis() | {
            "title": {"text": title},
            "range": [-0.02, 1.02],
            "tickformat": ".0%",
        }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": curve.false_alarms.tolist(),
        "y": curve.found.tolist(),
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
    point = {
        "type": "scatter",
        "mode": "markers",
        "x": [here.false_alarms],
        "y": [here.found],
        "marker": {"size": 14, "color": HELD_OUT},
        "hovertemplate": "%{x:.1%}, %{y:.1%}<extra>" + words["threshold"] + "</extra>",
    }
    return {"data": [line, chance, point], "layout": drawn}
