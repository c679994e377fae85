"""The out-of-distribution view: how well the reconstruction error detects unknown images."""

import html
import math

import numpy as np
import streamlit as st

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import card
from ae_core.evaluation.reconstruction_error import SHOWN, TURNS, ReconstructionErrors
from ae_core.evaluation.roc import Roc, rates, threshold_for
from pages.ui.backend.evaluation import in_distribution, out_of_distribution
from pages.ui.charts.evaluation import (
    MIN_SCORE,
    PLOT_MARGIN,
    SCORES_HEIGHT,
    roc_curve,
    score_histogram,
    score_range,
)
from pages.ui.charts.plot import Figure
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import number, text
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.query_params import linked_choice, linked_step
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric

STEPS = 160  # steps of the slider
USUAL_FPR = 0.05  # false positive rate of the first threshold
MIN_WIDTH = 70  # CSS pixels per image
_DOT = "width:16px;height:16px;margin:-8px;border-radius:50%"


def unknown_view(model: TrainedAutoencoder) -> None:
    """Show scores of known and unknown images, a threshold between them, and its effect."""
    own = card(model.spec.image_set)
    sets = (n for n, other in IMAGE_SETS.items() if n != own.name and other.has_tests)

    def title(name: str) -> str:
        return text(f"measure.turned.{name}") if name in TURNS else image_set_title(name)

    other = linked_choice(
        "with", text("measure.with_label"), (*TURNS, *sets), "measure", format_func=title, wrap=True
    )
    with st.spinner(text("measure.scoring")):
        known = in_distribution(model.file)
        unknown, roc = out_of_distribution(model.file, other)
    place = st.container()
    threshold = linked_step(
        "threshold",
        text("measure.threshold"),
        _steps(known.scores, unknown.scores),
        threshold_for(known.scores, USUAL_FPR),
        "measure",
        format_func=lambda step: number(step, ".3g"),
    )
    with place:
        _charts(model, title(other), (known.scores, unknown.scores), roc, threshold)
    if model.spec.split == "none":
        st.caption(text("measure.seen"))
    for kind, name, errors in (
        ("known", image_set_title(own.name), known),
        ("unknown", title(other), unknown),
    ):
        st.markdown(f"## {text(f'measure.{kind}_pictures', title=notice.plain(name))}")
        _extremes(kind, errors, threshold)


def _charts(
    model: TrainedAutoencoder,
    other: str,
    scores: tuple[np.ndarray, np.ndarray],
    roc: Roc,
    threshold: float,
) -> None:
    here = rates(*scores, threshold)
    found, alarms = number(here.tpr, ".0%"), number(here.fpr, ".0%")
    with st.container(horizontal=True, gap="medium"):
        metric(text("measure.found"), found)
        metric(text("measure.false_alarms"), alarms)
        metric(text("measure.auc"), number(roc.auc, ".3f"), text("measure.auc_help"))
    st.markdown("## " + text("measure.shares", found=found, alarms=alarms))
    if roc.auc < 0.9:
        st.markdown(text("measure.alike"))
    words = {
        name: text(f"measure.scores.{name}") for name in ("score", "share", "false_alarms", "found")
    }
    words["known"] = html.escape(image_set_title(model.spec.image_set))  # Plotly interprets markup
    words["unknown"] = other
    low, high = score_range(*scores)
    share = min(max((math.log10(threshold) - low) / (high - low), 0.0), 1.0)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        histogram = score_histogram(*scores, words)
        _marked("histogram", histogram, text("measure.scores.alt"), share, None)
    with right:
        curve = roc_curve(roc, words)
        alt = text("measure.scores.roc_alt")
        _marked("roc", curve, alt, here.fpr, here.tpr)


def _marked(name: str, figure: Figure, alt: str, across: float, up: float | None) -> None:
    """Show a chart with a movable mark on top; the chart itself stays unchanged.

    Args:
        name: the name of the chart.
        figure: a figure whose plotting area follows `pages.ui.charts.evaluation.PLOT_MARGIN`.
        alt: a text alternative.
        across: the mark's position, as a share of the area's width.
        up: the same for its height; None for a vertical line.
    """
    with st.container(key=f"measure-{name}"):
        chart(figure, key=f"measure.{name}", alt=alt)
        left, right, top, bottom = (PLOT_MARGIN[side] for side in "lrtb")
        wide, high = f"(100% - {left + right}px)", SCORES_HEIGHT - top - bottom
        x = f"left:calc({left}px + {wide} * {across:.5f});"
        if up is None:
            shape = f"top:{top}px;height:{high}px;width:3px;margin-left:-1px"
        else:
            shape = f"top:{top + high * (1 - up):.1f}px;{_DOT}"
        st.html(f'<div class="threshold-mark" style="{x}{shape}"></div>')


def _extremes(kind: str, errors: ReconstructionErrors, threshold: float) -> None:
    """Show the images with the smallest and the largest errors above their reconstructions."""
    gap = np.full_like(errors.images[:, : max(1, errors.images.shape[1] // 16)], 128)
    pairs = np.concatenate([errors.images, gap, errors.outputs], axis=1) / 255
    for name, chosen in (("most", slice(-SHOWN, None)), ("least", slice(SHOWN))):
        st.caption(text(f"measure.{name}_surprising"))
        scores = errors.shown[chosen]
        captions = (_caption(kind, float(score), threshold) for score in scores)
        image_row(pairs[chosen], captions, min_width=MIN_WIDTH)


def _caption(kind: str, score: float, threshold: float) -> str:
    """Return a caption with a score, and whether the threshold misclassifies it."""
    wrong = (score > threshold) == (kind == "known")
    return (
        text(f"measure.wrong.{kind}", score=number(score, ".4f")) if wrong else number(score, ".4f")
    )


def _steps(known: np.ndarray, unknown: np.ndarray) -> tuple[float, ...]:
    """Return thresholds in equal ratios, from below all scores to above them."""
    scores = np.maximum(np.concatenate([known, unknown]), MIN_SCORE)
    rising = np.geomspace(scores.min() * 0.9, scores.max() * 1.1, STEPS)
    return tuple(dict.fromkeys(float(f"{step:.3g}") for step in rising))
