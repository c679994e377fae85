"""Charts of codes, returned for a page to place: Plotly figures as plain dicts."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ae_core.latent.match_results import Match
from pages.ui.charts.training import FOURTH, HELD_OUT, TRAIN, Figure, axis, layout

ROUND = 60  # points of an ellipse
INSIDE = 2.0  # standard deviations: 86 % of a normal distribution in a plane
NEXT = "#8a8f98"
NOTED = 0.3  # correlations from which on the number is written


def posterior(mean: np.ndarray, deviation: np.ndarray, names: tuple[str, ...]) -> Figure:
    """Draw μ with a bar of ±σ for each number of a code, (D,) each."""
    drawn = layout(height=300)
    drawn["xaxis"] = axis() | {"type": "category"}
    drawn["yaxis"] = axis() | {"title": {"text": "μ ± σ"}, "zeroline": True}
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": list(names),
        "y": mean.tolist(),
        "error_y": {"type": "data", "array": deviation.tolist(), "thickness": 3, "width": 6},
        "marker": {"size": 10, "color": TRAIN},
        "hovertemplate": "%{x}: %{y:.3f} ± %{error_y.array:.3f}<extra></extra>",
    }
    return {"data": [points], "layout": drawn}


def kl_bars(
    kl: np.ndarray,
    usual: np.ndarray,
    names: tuple[str, ...],
    legend: tuple[str, str] = ("this picture", "training pictures"),
) -> Figure:
    """Draw the KL divergence of each number in nats: of one picture, and the training pictures'.

    Args:
        kl: (D,) of the picture.
        usual: (D,), means over the training pictures.
        names: of the D numbers.
        legend: words for the two.
    """
    drawn = layout(height=300)
    drawn["xaxis"] = axis() | {"type": "category"}
    drawn["yaxis"] = axis() | {"title": {"text": "KL, nats"}}
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": list(names),
            "y": values.tolist(),
            "marker": {"color": c},
        }
        for name, values, c in zip(legend, (kl, usual), (FOURTH, NEXT), strict=True)
    ]
    return {"data": bars, "layout": drawn}


def factor_map(
    correlations: np.ndarray, factors: tuple[str, ...], names: tuple[str, ...]
) -> Figure:
    """Draw how strongly each number of a code follows each factor.

    Args:
        correlations: (F, D) in [-1, 1].
        factors: their F names.
        names: of the D numbers.
    """
    drawn = layout(height=60 + 34 * len(factors))
    drawn["xaxis"] = axis() | {"type": "category", "side": "top"}
    drawn["yaxis"] = axis() | {"type": "category", "autorange": "reversed"}
    strength = np.abs(correlations)
    cells = {
        "type": "heatmap",
        "x": list(names),
        "y": list(factors),
        "z": strength.tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "rgba(53, 88, 216, 0)"], [1, TRAIN]],
        "showscale": False,
        "text": [[f"{value:.2f}" if abs(value) >= NOTED else "" for value in row]
                 for row in correlations.tolist()],
        "texttemplate": "%{text}",
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y}, %{x}: %{z:.2f}<extra></extra>",
    }  # fmt: skip
    return {"data": [cells], "layout": drawn}


def posterior_map(
    points: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    legend: tuple[str, str] = ("test pictures", f"this picture, within {INSIDE:.0f} σ"),
) -> Figure:
    """Draw the codes of test pictures and one picture's distribution among them.

    Args:
        points: (N, 2), the test codes.
        centre: (2,), μ of the picture.
        spread: (2, 2), the covariance of its distribution in the plane.
        legend: words for the test pictures and for the distribution, drawn to `INSIDE` σ.
    """
    angles = np.linspace(0, 2 * np.pi, ROUND)
    values, vectors = np.linalg.eigh(spread)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    edge = centre + INSIDE * circle * np.sqrt(np.maximum(values, 0)) @ vectors.T
    drawn = layout(height=420)
    drawn["xaxis"] = axis()
    drawn["yaxis"] = axis() | {"scaleanchor": "x"}
    drawn["showlegend"] = True
    others = {
        "type": "scattergl",
        "mode": "markers",
        "name": legend[0],
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "marker": {"size": 5, "color": NEXT, "opacity": 0.5},
        "hoverinfo": "skip",
    }
    own = {
        "type": "scatter",
        "mode": "lines",
        "name": legend[1],
        "x": edge[:, 0].tolist(),
        "y": edge[:, 1].tolist(),
        "fill": "toself",
        "line": {"color": HELD_OUT, "width": 4},
        "hoverinfo": "skip",
    }
    return {"data": [others, own], "layout": drawn}


def histogram(counts: tuple[int, ...], edges: tuple[float, ...], label: str) -> Figure:
    """Draw how often the units of a code have which value.

    Args:
        counts: of each bin.
        edges: of the bins, one more than counts.
        label: of the values.
    """
    drawn = layout(height=260) | {"bargap": 0}
    drawn["xaxis"] = axis() | {"title": {"text": label}}
    drawn["yaxis"] = axis() | {"title": {"text": "units"}}
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    bars = {"type": "bar", "x": middles, "y": list(counts), "marker": {"color": TRAIN}}
    return {"data": [bars], "layout": drawn}


def moves_by_model(matches: Sequence[Match], label: str) -> Figure:
    """Draw in how many moves each visitor has reached a target, one column of dots a model.

    Args:
        matches: the results.
        label: of the number of moves.
    """
    drawn = layout(height=300)
    drawn["xaxis"] = axis() | {"type": "category"}
    drawn["yaxis"] = axis() | {"title": {"text": label}, "rangemode": "tozero"}
    dots = {
        "type": "box",
        "x": [match.title for match in matches],
        "y": [match.moves for match in matches],
        "boxpoints": "all",
        "pointpos": 0,
        "jitter": 0.4,
        "marker": {"size": 10, "color": TRAIN},
        "line": {"color": NEXT},
        "fillcolor": "rgba(0, 0, 0, 0)",
        "hovertemplate": "%{y}<extra></extra>",
    }
    return {"data": [dots], "layout": drawn}
