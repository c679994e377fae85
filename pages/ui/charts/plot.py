"""The common style of all charts: Plotly figures as plain dicts.

A dict costs the server three quarters of the time of a ``plotly.graph_objects.Figure``, and charts
of training are redrawn every second. The colours suit light and dark pages.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Figure = dict[str, Any]

TRAIN, HELD_OUT, THIRD = "#4f7cff", "#f2711c", "#1fa774"
FOURTH, FIFTH, SIXTH = "#b455d6", "#c2900c", "#15a3b8"
SEVENTH, NEUTRAL = "#e0447c", "#8a8f98"
SERIES = (TRAIN, HELD_OUT, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, NEUTRAL)
CLASSES = (
    "#4f7cff", "#f2711c", "#1fa774", "#e0447c", "#8e5cf0",
    "#a0652d", "#d6a419", "#15a3b8", "#7a9a01", "#8a8f98",
)  # fmt: skip


def figure(data: Sequence[Figure], height: int, x: Figure, y: Figure, **options: Any) -> Figure:
    """Return a figure of traces.

    Args:
        data: the traces.
        height: in CSS pixels.
        x: the horizontal axis, see `axis`.
        y: the vertical axis.
        options: further options of Plotly's layout.
    """
    return {"data": list(data), "layout": layout(height) | {"xaxis": x, "yaxis": y} | options}


def layout(height: int) -> Figure:
    """Return the Plotly layout of a chart with a height in CSS pixels."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        "font": {"size": 15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "uirevision": "same",  # a refresh keeps the visitor's zoom
        "annotations": [],
    }


def axis(title: str = "", **options: Any) -> Figure:
    """Return an axis; ``options`` are Plotly's."""
    return {
        "zeroline": False,
        "automargin": True,
        "gridcolor": "rgba(128,128,128,0.2)",
        "tickfont": {"size": 14},
        "title": {"text": title},
    } | options


def line(
    name: str, x: Iterable[Any], y: Iterable[float], colour: str, *, width: int = 3, **options: Any
) -> Figure:
    """Return a line through points; ``options`` are Plotly's, ``dash`` and ``shape`` its line's."""
    style = {"color": colour, "width": width}
    style |= {key: options.pop(key) for key in ("dash", "shape") if key in options}
    trace = {"type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": list(y)}
    return trace | {"line": style} | options


def dots(name: str, points: np.ndarray, colour: str, size: int, **options: Any) -> Figure:
    """Return a cloud of points (N, 2); ``options`` are those of Plotly's marker."""
    return {
        "type": "scatter",  # not "scattergl": computers without WebGL would see none of it
        "mode": "markers",
        "name": name,
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "marker": {"size": size, "color": colour} | options,
    }
