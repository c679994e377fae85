"""The chart of a sweep: PSNR against latent dimension."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pages.ui.charts.plot import HELD_OUT, TRAIN, Figure, axis, figure, line

LOSSLESS = 60.0  # dB: differences are invisible beyond, and the rest of the chart would look flat


@dataclass(frozen=True)
class SizePoint:
    """One network of a sweep.

    Attributes:
        size: its latent dimension.
        psnr: in dB.
        done: whether its run has ended.
    """

    size: int
    psnr: float
    done: bool


@dataclass(frozen=True)
class SweepWords:
    """The texts of the chart in the visitor's language: its axes and its two lines."""

    size: str
    psnr: str
    networks: str
    pca: str


def psnr_by_size(
    points: Sequence[SizePoint],
    pca: Mapping[int, float],
    sizes: Sequence[int],
    chosen: int,
    words: SweepWords,
) -> Figure:
    """Draw PSNR against latent dimension on a logarithmic axis.

    Args:
        points: the networks that have a PSNR, in the order of their sizes.
        pca: PSNR of PCA by size; values of `LOSSLESS` or more are left out.
        sizes: all sizes of the sweep, which determine the axis.
        chosen: the size whose point is marked.
        words: the texts of the chart.
    """
    shown = {size: value for size, value in pca.items() if value < LOSSLESS}
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    edge = 0.08 * max(high - low, 0.1)
    unit = "%{x}: %{y:.2f} dB<extra>"
    linear = line(
        words.pca,
        shown,
        shown.values(),
        HELD_OUT,
        dash="dash",
        mode="lines+markers",
        marker={"symbol": "diamond", "size": 10, "color": HELD_OUT},
        hovertemplate=f"{unit}{words.pca}</extra>",
    )
    networks = line(
        words.networks,
        (point.size for point in points),
        (point.psnr for point in points),
        TRAIN,
        mode="lines+markers",
        marker={
            "size": [22 if point.size == chosen else 14 for point in points],
            "symbol": ["circle" if point.done else "circle-open" for point in points],
            "color": TRAIN,
            "opacity": 1,
        },
        unselected={"marker": {"opacity": 1}},  # a click selects a point without fading the others
        hovertemplate=f"{unit}{words.networks}</extra>",
    )
    x = axis(
        words.size,
        type="log",
        range=[low - edge, high + edge],
        tickvals=list(sizes),
        tickformat=",d",
        fixedrange=True,
    )
    margin = {"l": 8, "r": 8, "t": 40, "b": 8}
    return figure([linear, networks], 380, x, axis(words.psnr, fixedrange=True), margin=margin)
