"""Charts, returned for a page to place: Plotly figures as plain dicts.

A dict costs the server three quarters of what a ``plotly.graph_objects.Figure`` does, and these
figures are drawn again every second for everybody who watches. Colours work on light and dark.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ae_core.runs.snapshot import CodeMap

Figure = dict[str, Any]
History = Sequence[Mapping[str, float]]
_Line = tuple[str, str, str]  # metric, label, colour
_Row = tuple[str, tuple[_Line, ...]]

TRAIN, HELD_OUT, THIRD = "#4f7cff", "#f2711c", "#1fa774"
FOURTH, FIFTH, SIXTH = "#b455d6", "#c2900c", "#15a3b8"
SERIES = (TRAIN, HELD_OUT, THIRD, FOURTH, FIFTH, SIXTH, "#e0447c", "#8a8f98")
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
WORDS: Mapping[str, str] = {
    **LOSS_NAMES,
    "training": "training",
    "held_out": "held out",
    "nats": "nats per picture",
    "reconstruction": "reconstruction",
    "kl": "KL divergence",
    "code": "Code",
    "code_mean": "mean",
    "near_zero_share": "share of near-zero units",
    "epoch": "epoch",
}


def loss_curves(
    history: History, loss: str, epochs: int, words: Mapping[str, str] = WORDS
) -> Figure:
    """Draw training and held-out loss, with further rows for KL divergence and the code.

    Args:
        history: the metrics of every epoch so far, see `ae_core.training.loop.Epoch`.
        loss: the loss's name in ``CHOICES["loss"]``.
        epochs: how many there will be: the length of the axis.
        words: what WORDS says, in the reader's language.
    """
    names = set(history[0]) if history else set()
    held = "val_" if "val_loss" in names else ""
    both = (("loss", words["training"], TRAIN), ("val_loss", words["held_out"], HELD_OUT))
    rows: list[_Row] = [(words[loss], both)]
    if "kl" in names:
        nats = words["nats"]
        rows.append((nats, ((f"{held}reconstruction", words["reconstruction"], THIRD),)))
        rows.append((nats, ((f"{held}kl", words["kl"], FOURTH),)))
    for metric, colour in (("code_mean", FIFTH), ("near_zero_share", SIXTH)):
        rows.append((words["code"], ((metric, words[metric], colour),)))
    heights = [2.0] + [1.0] * (len(rows) - 1)
    figure: Figure = {"data": [], "layout": layout(height=int(140 * sum(heights)))}
    figure["layout"]["showlegend"] = False  # the titles name the lines in their colours
    gap = 0.3 / (sum(heights) + 1)  # of the figure's height, for a row's title
    unit = (1 - gap * (len(rows) - 1)) / sum(heights)
    top = 1.0
    for number, ((title, lines), height) in enumerate(zip(rows, heights, strict=True), start=1):
        suffix = "" if number == 1 else str(number)
        bottom = max(0.0, top - unit * height)
        last = number == len(rows)
        figure["layout"][f"yaxis{suffix}"] = axis() | {
            "domain": [bottom, top],
            "anchor": f"x{suffix}",
            "nticks": 5,
            "rangemode": "tozero" if lines[0][0] == "near_zero_share" else "normal",
        }
        figure["layout"][f"xaxis{suffix}"] = axis() | {
            "range": [0.5, epochs + 0.5],
            "tick0": 1,
            "dtick": max(1, round(epochs / 6)),
            "anchor": f"y{suffix}",
            "showticklabels": last,
            "title": {"text": words["epoch"] if last else ""},
        }
        shown = [line for line in lines if line[0] in names]
        figure["layout"]["annotations"].append(_title(title, shown, top))
        for key, label, colour in shown:
            axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
            figure["data"].append(_line(history, key, label, colour, words["epoch"]) | axes)
        top = bottom - gap
    return figure


def comparison(
    runs: Mapping[str, History], metric: str, label: str, epoch: str = WORDS["epoch"]
) -> Figure:
    """Draw one metric of several runs over the epochs.

    Args:
        runs: history by the name that the legend shows.
        metric: a key of the metrics; runs without it are left out.
        label: of the axis.
        epoch: the word for it.
    """
    drawn = layout(height=420)
    drawn["xaxis"] = axis() | {"title": {"text": epoch}}
    drawn["yaxis"] = axis() | {"title": {"text": label}}
    shown = {name: h for name, h in runs.items() if h and metric in h[0]}
    lines = [
        _line(history, metric, name, SERIES[i % len(SERIES)], epoch)
        for i, (name, history) in enumerate(shown.items())
    ]
    return {"data": lines, "layout": drawn}


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
    drawn = layout(height=430)
    drawn["xaxis"] = axis() | {"title": {"text": "z₁"}}
    drawn["yaxis"] = axis() | {"title": {"text": "z₂"}, "scaleanchor": "x"}
    return {"data": data, "layout": drawn}


def _line(history: History, key: str, label: str, colour: str, epoch_word: str) -> Figure:
    stride = max(1, math.ceil(len(history) / MOST_POINTS))
    epochs = sorted({*range(0, len(history), stride), len(history) - 1})
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(history) < 3 else "lines",
        "name": label,
        "x": [epoch + 1 for epoch in epochs],
        "y": [history[epoch][key] for epoch in epochs],
        "line": {"color": colour, "width": 3},
        "hovertemplate": epoch_word + " %{x}: %{y:.5g}<extra>" + label + "</extra>",
    }


def axis() -> Figure:
    """Return an axis of the look that all charts share."""
    return {
        "zeroline": False,
        "automargin": True,
        "gridcolor": "rgba(128,128,128,0.2)",
        "tickfont": {"size": 14},
    }


def layout(height: int) -> Figure:
    """Return a layout of the look that all charts share, `height` in CSS pixels."""
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


def _title(text: str, lines: Sequence[_Line], top: float) -> Figure:
    """Write a row's title above it, with the names of its lines in their colours."""
    names = ", ".join(f'<b style="color:{colour}">{label}</b>' for _, label, colour in lines)
    return {
        "text": f"{text}: {names}",
        "x": 0,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 15},
    }
