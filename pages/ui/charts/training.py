"""Charts of training: a run's curves, a comparison of runs, the map of a code."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ae_core.runs.snapshot import CodeMap
from pages.ui.charts.plot import (
    CLASSES,
    FIFTH,
    FOURTH,
    HELD_OUT,
    SERIES,
    SIXTH,
    THIRD,
    TRAIN,
    Figure,
    axis,
    dots,
    figure,
    line,
)

History = Sequence[Mapping[str, float]]
_Line = tuple[str, str, str]  # metric, label, colour

MAX_POINTS = 300  # per curve: more are indistinguishable on a screen


def loss_curves(history: History, title: str, epochs: int, word: Callable[[str], str]) -> Figure:
    """Draw training and validation loss, with more rows for the KL divergence and the code.

    Args:
        history: the metrics of every epoch so far, see `ae_core.training.loop.Epoch`.
        title: the title of the loss.
        epochs: the planned number of epochs, the length of the axis.
        word: returns the text of a label in the visitor's language.
    """
    names = set(history[0]) if history else set()
    held = "val_" if "val_loss" in names else ""
    both = (("loss", word("training"), TRAIN), ("val_loss", word("held_out"), HELD_OUT))
    rows: list[tuple[str, tuple[_Line, ...]]] = [(title, both)]
    if "kl" in names:
        for metric, colour in (("reconstruction", THIRD), ("kl", FOURTH)):
            rows.append((word("nats"), ((f"{held}{metric}", word(metric), colour),)))
    for metric, colour in (("code_mean", FIFTH), ("near_zero_share", SIXTH)):
        rows.append((word("code"), ((metric, word(metric), colour),)))
    heights = [2.0] + [1.0] * (len(rows) - 1)
    # The row titles name the lines in their colours.
    drawn = figure([], int(140 * sum(heights)), axis(), axis(), showlegend=False)
    gap = 0.3 / (sum(heights) + 1)  # share of the figure's height for a row's title
    unit = (1 - gap * (len(rows) - 1)) / sum(heights)
    top = 1.0
    for number, ((name, lines), height) in enumerate(zip(rows, heights, strict=True), start=1):
        suffix = "" if number == 1 else str(number)
        bottom = max(0.0, top - unit * height)
        last = number == len(rows)
        drawn["layout"][f"yaxis{suffix}"] = axis(
            domain=[bottom, top],
            anchor=f"x{suffix}",
            nticks=5,
            rangemode="tozero" if lines[0][0] == "near_zero_share" else "normal",
        )
        drawn["layout"][f"xaxis{suffix}"] = axis(
            word("epoch") if last else "",
            range=[0.5, epochs + 0.5],
            tick0=1,
            dtick=max(1, round(epochs / 6)),
            anchor=f"y{suffix}",
            showticklabels=last,
        )
        shown = [each for each in lines if each[0] in names]
        drawn["layout"]["annotations"].append(_title(name, shown, top))
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        drawn["data"] += [_curve(history, *each, word("epoch")) | axes for each in shown]
        top = bottom - gap
    return drawn


def comparison(runs: Mapping[str, History], metric: str, label: str, epoch: str) -> Figure:
    """Draw one metric of several runs over the epochs.

    Args:
        runs: histories by name in the legend.
        metric: a key of the metrics; runs without it are left out.
        label: the label of the metric's axis.
        epoch: the label of the epochs' axis.
    """
    shown = {name: h for name, h in runs.items() if h and metric in h[0]}
    lines = [
        _curve(history, metric, name, SERIES[i % len(SERIES)], epoch)
        for i, (name, history) in enumerate(shown.items())
    ]
    return figure(lines, 420, axis(epoch), axis(label))


def code_map(points: CodeMap) -> Figure:
    """Draw the codes of test images, with one colour per class."""
    labels = np.asarray(points.labels[: len(points.codes)])
    data = [
        dots(name, points.codes[labels == number], CLASSES[number % len(CLASSES)], 7, opacity=0.8)
        for number, name in enumerate(points.names)
    ]
    return figure(data, 430, axis("z₁"), axis("z₂", scaleanchor="x"))


def _curve(history: History, key: str, label: str, colour: str, epoch_word: str) -> Figure:
    stride = max(1, math.ceil(len(history) / MAX_POINTS))
    epochs = sorted({*range(0, len(history), stride), len(history) - 1})
    return line(
        label,
        (epoch + 1 for epoch in epochs),
        (history[epoch][key] for epoch in epochs),
        colour,
        mode="lines+markers" if len(history) < 3 else "lines",
        hovertemplate=f"{epoch_word} %{{x}}: %{{y:.5g}}<extra>{label}</extra>",
    )


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
