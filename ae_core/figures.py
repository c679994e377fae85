"""Charts, returned for a page to place: Plotly figures as plain dicts.

A dict costs the server three quarters of what a ``plotly.graph_objects.Figure`` does, and these
figures are drawn again every second for everybody who watches. Colours work on light and dark.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ae_core.snapshot import CodeMap

Figure = dict[str, Any]
History = Sequence[Mapping[str, float]]

TRAIN, HELD_OUT, THIRD = "#4f7cff", "#f2711c", "#1fa774"
SERIES = (TRAIN, HELD_OUT, THIRD, "#b455d6", "#d6a419", "#e0447c", "#15a3b8", "#8a8f98")
CLASSES = (
    "#4f7cff", "#f2711c", "#1fa774", "#e0447c", "#8e5cf0",
    "#a0652d", "#d6a419", "#15a3b8", "#7a9a01", "#8a8f98",
)  # fmt: skip
MOST_POINTS = 300  # of a curve: more cannot be told apart on a screen

LOSS_NAMES: Mapping[str, str] = {
    "mse": "Mean squared error",
    "l2": "Average loss per sample, ½·Σ(x̂−x)²",
    "mae": "Mean absolute error",
    "bce": "Cross-entropy per pixel",
    "gaussian-nll": "Loss, nats per picture",
    "bernoulli-nll": "Loss, nats per picture",
}


def loss_curves(history: History, loss: str, epochs: int) -> Figure:
    """Draw training and held-out loss, with further rows for KL divergence and the code.

    Args:
        history: the metrics of every epoch so far, see `ae_core.training.Epoch`.
        loss: the loss's name in ``CHOICES["loss"]``.
        epochs: how many there will be: the length of the axis.
    """
    names = set(history[0]) if history else set()
    rows = [(LOSS_NAMES[loss], [("loss", "training", TRAIN), ("val_loss", "held out", HELD_OUT)])]
    if "kl" in names:
        title = "Reconstruction, nats per picture"
        rows.append((title, [("val_reconstruction" if "val_loss" in names else "reconstruction",
                              "reconstruction", THIRD)]))  # fmt: skip
        rows.append(("KL divergence, nats per picture",
                     [("val_kl" if "val_loss" in names else "kl", "KL", "#b455d6")]))  # fmt: skip
    rows.append(("The code: mean, and share of near-zero units",
                 [("code_mean", "code mean", "#d6a419"),
                  ("near_zero_share", "near zero", "#15a3b8")]))  # fmt: skip
    heights = [2.0] + [1.0] * (len(rows) - 1)
    figure: Figure = {"data": [], "layout": _layout(height=int(130 * sum(heights)))}
    top, gap = 1.0, 0.16 / len(rows)
    unit = (1 - gap * (len(rows) - 1)) / sum(heights)
    for number, ((title, lines), height) in enumerate(zip(rows, heights, strict=True), start=1):
        suffix = "" if number == 1 else str(number)
        bottom = max(0.0, top - unit * height)
        figure["layout"][f"yaxis{suffix}"] = _axis() | {
            "domain": [bottom, max(bottom, top - 0.03)],
            "anchor": f"x{suffix}",
        }
        figure["layout"][f"xaxis{suffix}"] = _axis() | {
            "range": [0.5, epochs + 0.5],
            "anchor": f"y{suffix}",
            "showticklabels": number == len(rows),
        }
        figure["layout"]["annotations"].append(_title(title, top))
        for key, label, colour in lines:
            if key in names:
                line = _line(history, key, label, colour)
                figure["data"].append(line | {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"})
        top = bottom - gap
    figure["layout"][f"xaxis{len(rows) if len(rows) > 1 else ''}"]["title"] = {"text": "epoch"}
    return figure


def comparison(runs: Mapping[str, History], metric: str, label: str) -> Figure:
    """Draw one metric of several runs over the epochs.

    Args:
        runs: history by the name that the legend shows.
        metric: a key of the metrics; runs without it are left out.
        label: of the axis.
    """
    layout = _layout(height=420)
    layout["xaxis"] = _axis() | {"title": {"text": "epoch"}}
    layout["yaxis"] = _axis() | {"title": {"text": label}}
    shown = {name: h for name, h in runs.items() if h and metric in h[0]}
    lines = [
        _line(history, metric, name, SERIES[i % len(SERIES)])
        for i, (name, history) in enumerate(shown.items())
    ]
    return {"data": lines, "layout": layout}


def code_map(points: CodeMap) -> Figure:
    """Draw the codes of test pictures, one colour a class."""
    labels = np.asarray(points.labels[: len(points.codes)])
    data = []
    for number, name in enumerate(points.names):
        chosen = points.codes[labels == number]
        data.append(
            {
                "type": "scattergl",
                "mode": "markers",
                "name": name,
                "x": chosen[:, 0].tolist(),
                "y": chosen[:, 1].tolist(),
                "marker": {"size": 7, "color": CLASSES[number % len(CLASSES)], "opacity": 0.8},
            }
        )
    layout = _layout(height=430)
    layout["xaxis"] = _axis() | {"title": {"text": "z₁"}}
    layout["yaxis"] = _axis() | {"title": {"text": "z₂"}, "scaleanchor": "x"}
    return {"data": data, "layout": layout}


def _line(history: History, key: str, label: str, colour: str) -> Figure:
    stride = max(1, math.ceil(len(history) / MOST_POINTS))
    epochs = sorted({*range(0, len(history), stride), len(history) - 1})
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(history) < 3 else "lines",
        "name": label,
        "x": [epoch + 1 for epoch in epochs],
        "y": [history[epoch][key] for epoch in epochs],
        "line": {"color": colour, "width": 3},
        "hovertemplate": "epoch %{x}: %{y:.5g}<extra>" + label + "</extra>",
    }


def _axis() -> Figure:
    return {
        "zeroline": False,
        "automargin": True,
        "gridcolor": "rgba(128,128,128,0.2)",
        "tickfont": {"size": 14},
    }


def _layout(height: int) -> Figure:
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        "font": {"size": 15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "uirevision": "same",  # a refresh keeps the reader's zoom
        "annotations": [],
    }


def _title(text: str, top: float) -> Figure:
    return {
        "text": text,
        "x": 0,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom" if top == 1.0 else "middle",
        "showarrow": False,
        "font": {"size": 14},
    }
