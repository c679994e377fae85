"""Charts of latent codes."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ae_core.latent.match_results import Match
from pages.ui.charts.plot import (
    FOURTH,
    HELD_OUT,
    NEUTRAL,
    SERIES,
    TRAIN,
    Figure,
    axis,
    dots,
    figure,
    line,
)

ROUND = 60  # points per ellipse
INSIDE = 2.0  # standard deviations: 86 % of a normal distribution in two dimensions
NOTED = 0.3  # smallest correlation whose number stands out
DARK = 0.6  # smallest correlation on whose colour white is read best


def posterior(mean: np.ndarray, deviation: np.ndarray, names: tuple[str, ...]) -> Figure:
    """Draw μ with a bar of ±σ for each latent dimension, (D,) each."""
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": list(names),
        "y": mean.tolist(),
        "error_y": {"type": "data", "array": deviation.tolist(), "thickness": 3, "width": 6},
        "marker": {"size": 10, "color": TRAIN},
        "hovertemplate": "%{x}: %{y:.3f} ± %{error_y.array:.3f}<extra></extra>",
    }
    return figure([points], 300, axis(type="category"), axis("μ ± σ", zeroline=True))


def kl_bars(
    kl: np.ndarray,
    usual: np.ndarray,
    names: tuple[str, ...],
    legend: tuple[str, str],
    label: str,
) -> Figure:
    """Draw the KL divergence of each latent dimension in nats.

    Args:
        kl: (D,), the divergences of one image.
        usual: (D,), means over the training images.
        names: the names of the D dimensions.
        legend: texts for both.
        label: the label of the divergences.
    """
    bars = [
        _bars(list(names), values.tolist(), colour) | {"name": name}
        for name, values, colour in zip(legend, (kl, usual), (FOURTH, NEUTRAL), strict=True)
    ]
    return figure(bars, 300, axis(type="category"), axis(label))


def _bars(x: list[str] | list[float], y: list[float], colour: str) -> Figure:
    return {"type": "bar", "x": x, "y": y, "marker": {"color": colour}}


def factor_table(
    correlations: np.ndarray,
    factors: tuple[str, ...],
    names: tuple[str, ...],
    title: str,
    number: Callable[[float, str], str] = format,
) -> str:
    """Show how strongly each latent dimension follows each factor, as a table of coloured cells.

    Args:
        correlations: (F, D) in [-1, 1].
        factors: the names of the F factors.
        names: the names of the D dimensions.
        title: what it shows, for whoever scrolls in it by keyboard.
        number: returns a number, in Python's own format, as the visitor's language writes it.

    Returns:
        HTML without a visitor's text. ``frame.css`` styles it.
    """

    def cell(value: float) -> str:
        strength = abs(value)
        kind = "strong" if strength >= DARK else "noted" if strength >= NOTED else ""
        colour = f"rgb(53 88 216 / {100 * strength:.0f}%)"
        return f'<td class="{kind}" style="background:{colour}">{number(value, ".2f")}</td>'

    rows = (
        f'<tr><th scope="row">{factor}</th>{"".join(map(cell, values))}</tr>'
        for factor, values in zip(factors, correlations.tolist(), strict=True)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    table = f"<table><tr><td></td>{head}</tr>{''.join(rows)}</table>"
    return f'<div class="factors" role="region" aria-label="{title}" tabindex="0">{table}</div>'


def posterior_map(
    points: np.ndarray, centre: np.ndarray, spread: np.ndarray, legend: tuple[str, str]
) -> Figure:
    """Draw the codes of test images, and the distribution of one image's code.

    Args:
        points: (N, 2), the test codes on the map.
        centre: (2,), the image's μ on the map.
        spread: (2, 2), the covariance of its distribution on the map.
        legend: texts for the test images and for the distribution, drawn up to `INSIDE` σ.
    """
    angles = np.linspace(0, 2 * np.pi, ROUND)
    values, vectors = np.linalg.eigh(spread)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    edge = centre + INSIDE * circle * np.sqrt(np.maximum(values, 0)) @ vectors.T
    others = dots(legend[0], points, NEUTRAL, 5, opacity=0.5) | {"hoverinfo": "skip"}
    x, y = edge.T.tolist()
    own = line(legend[1], x, y, HELD_OUT, width=4, fill="toself", hoverinfo="skip")
    return figure([others, own], 420, axis(), axis(scaleanchor="x"), showlegend=True)


def histogram(counts: tuple[int, ...], edges: tuple[float, ...], label: str, units: str) -> Figure:
    """Draw a histogram of a code's values.

    Args:
        counts: the count of each bin.
        edges: the edges of the bins, one more than counts.
        label: the label of the values.
        units: the label of the counts.
    """
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    return figure([_bars(middles, list(counts), TRAIN)], 260, axis(label), axis(units), bargap=0)


def moves_by_model(levels: Sequence[tuple[str, Sequence[Match]]], label: str) -> Figure:
    """Draw each visitor's number of moves to a target, with one column of dots per model.

    Args:
        levels: names of what was reached, and the results that reached it.
        label: the label of the number of moves.
    """
    boxes = [
        {
            "type": "box",
            "name": name,
            "x": [match.title for match in matches],
            "y": [match.moves for match in matches],
            "boxpoints": "all",
            "pointpos": 0,
            "jitter": 0.4,
            "marker": {"size": 10, "color": colour},
            "line": {"color": colour},  # of the legend, too
            "fillcolor": "rgba(0, 0, 0, 0)",
            "hovertemplate": "%{y}<extra></extra>",
        }
        for (name, matches), colour in zip(levels, SERIES, strict=False)
    ]
    y = axis(label, rangemode="tozero")
    return figure(boxes, 300, axis(type="category"), y, boxmode="group", showlegend=True)
