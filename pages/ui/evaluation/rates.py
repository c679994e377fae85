"""The rate-distortion view: PSNR over bytes of the autoencoder, PCA and JPEG in one chart."""

import math

import numpy as np
import streamlit as st

from ae_core.evaluation.rate_distortion import (
    AdvantageRange,
    Curve,
    advantage_range,
    break_even_count,
    bytes_for,
    pareto_front,
)
from ae_core.evaluation.rates import CodeRates
from ae_core.models.compatibility import image_shape
from pages.ui.backend.evaluation import code_rates, jpeg_rates, pca_rates
from pages.ui.charts.evaluation import Line, rate_curves
from pages.ui.charts.plot import FOURTH, HELD_OUT, SIXTH, THIRD, TRAIN
from pages.ui.evaluation.equal_bytes import equal_bytes
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import size
from pages.ui.pickers.model_select import model_multiselect
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.query_params import linked_choice, linked_step, set_query
from pages.ui.widgets.chart import chart
from pages.ui.widgets.metric import metric

COUNTS = ("coded", "plain")  # after an entropy coder, or with fixed bits per value
COLOURS = (TRAIN, FOURTH, SIXTH)  # colours of the models
CHART = "measure.curves"
STEPS = 60  # steps of the slider for bytes
ROOM = 1.1  # factor above the bytes with which the slider begins: its steps do not hit them


def rate_view(model: TrainedAutoencoder) -> None:
    """Show the curves, their crossings, and one image by every method at equal bytes."""
    spec, images = model.spec, model.spec.images
    words = text("measure.also"), text("measure.also_hint")
    others = model_multiselect(
        "measure",
        model,
        lambda other: _alike(other, model),
        len(COLOURS) - 1,
        words,
        _sized,
    )
    shown = (model, *others)
    with st.spinner(text("measure.rounding")):
        rates = tuple(code_rates(each.file) for each in shown)
    with st.spinner(text("measure.jpegs")):
        whole, scans = jpeg_rates(images)
    with st.spinner(text("measure.fitting")):
        linear = pca_rates(images)
    coded = _written_count() == COUNTS[0]
    ours = [pareto_front(each.points, coded=coded) for each in rates]
    pca, files, data = (pareto_front(curve, coded=coded) for curve in (linear, whole, scans))
    ahead = advantage_range(ours[0], files, coded=coded)
    pays = _headline(rates[0], ours[0], files, ahead, coded=coded)
    lines = [
        *map(Line, (_name(each, shown) for each in shown), ours, COLOURS),
        Line(text("measure.method.pca"), pca, HELD_OUT),
        Line(text("measure.method.jpeg"), files, THIRD),
        Line(text("measure.method.scan"), data, THIRD, dotted=True),
    ]
    end = ahead.end if ahead is not None and math.isfinite(ahead.end) else None
    _chart(lines, end, coded=coded)
    st.markdown(" ".join((*_passed_by(ours[0], pca, data, coded=coded), pays)))
    steps = _steps(lines, coded=coded)
    # The autoencoder's own bytes; where JPEG always wins, those of the smallest JPEG file.
    usual = ROOM * (files[0] if ahead is None else ours[0][-1]).size(coded=coded)
    slider, choice = st.columns([5, 2], gap="medium", vertical_alignment="bottom")
    with slider:
        budget = linked_step(
            "bytes", text("measure.budget"), steps, usual, "measure", format_func=_bytes
        )
    with choice:
        linked_choice(
            "count", text("measure.count_label"), COUNTS, "measure", words="measure.count"
        )
    equal_bytes(shown, budget, coded=coded)
    with st.expander(text("measure.how_title")):
        st.markdown(text("measure.how", pictures=rates[0].images))
        if spec.split == "none":
            st.markdown(text("measure.seen"))


def _written_count() -> str:
    """Return the present choice below the chart."""
    written = st.query_params.get("count", "")
    return written if written in COUNTS else COUNTS[0]


def _alike(one: TrainedAutoencoder, other: TrainedAutoencoder) -> bool:
    """Return whether two models have the same images, at equal size and in the same colours."""
    same_set = one.spec.image_set == other.spec.image_set
    return same_set and image_shape(one.spec) == image_shape(other.spec)


def _headline(
    rates: CodeRates, ours: Curve, files: Curve, ahead: AdvantageRange | None, *, coded: bool
) -> str:
    """Show the most important figures; return the text about when the decoder pays off."""
    least = files[0].size(coded=coded)
    if ahead is None:
        below = text("measure.nowhere")
        words = text("measure.loses", least=_bytes(least))
    elif math.isinf(ahead.end):
        below = text("measure.everywhere")
        words = text("measure.wins")
    elif ahead.start <= ours[0].size(coded=coded) * (1 + 1e-6):
        below = _bytes(ahead.end)
        words = text("measure.below", end=_bytes(ahead.end), least=_bytes(least))
    else:
        below = f"{number(ahead.start, '.0f')}–{_bytes(ahead.end)}"
        words = text("measure.between", start=_bytes(ahead.start), end=_bytes(ahead.end))
    own = ours[-1].size(coded=coded)
    needed = max(least, bytes_for(ours[-1].psnr, files))
    from_pictures = break_even_count(rates.decoder_bytes, own, needed)
    with st.container(horizontal=True, gap="medium"):
        metric(text("measure.wins_below"), below)
        about = text("measure.at_its_best_help", exact=number(rates.psnr, ".1f"))
        metric(text("measure.at_its_best"), f"{number(ours[-1].psnr, '.1f')} dB", about)
        metric(text("measure.takes"), _bytes(own))
        decoder = _large(rates.decoder_bytes)
        metric(text("measure.decoder"), decoder, text("measure.decoder_help"))
    st.markdown(f"## {words}")
    if from_pictures is None:
        return text("measure.never_pays", decoder=decoder)
    return text("measure.pays", decoder=decoder, pictures=number(from_pictures, ","))


def _passed_by(ours: Curve, pca: Curve, data: Curve, *, coded: bool) -> list[str]:
    """Return the comparisons with JPEG without its header, and with PCA."""
    said = []
    for name, curve in (("scan", data), ("pca", pca)):
        ahead = advantage_range(ours, curve, coded=coded)
        if ahead is None:
            said.append(text(f"measure.{name}.always"))
        elif math.isinf(ahead.end):
            said.append(text(f"measure.{name}.never"))
        else:
            said.append(text(f"measure.{name}.from", end=_bytes(ahead.end)))
    return said


def _chart(lines: list[Line], crossing: float | None, *, coded: bool) -> None:
    words = {name: text(f"measure.chart.{name}") for name in ("bytes", "psnr")}
    if crossing is not None:
        words["crossing"] = text("measure.chart.crossing", end=_bytes(crossing))
    chart(
        rate_curves(lines, coded=coded, crossing=crossing, words=words),
        key=CHART,
        on_select=_take_point,
        selection_mode="points",
        alt=text("measure.chart.alt"),
    )
    st.caption(text("measure.chart.hint"))


def _take_point() -> None:
    """Take over the bytes of a clicked point; the browser's data are checked."""
    points = st.session_state[CHART].get("selection", {}).get("points", ())
    size_of_point = points[0].get("x") if points else None
    if isinstance(size_of_point, int | float) and size_of_point > 0:
        set_query(bytes=f"{size_of_point:.4g}")


def _name(model: TrainedAutoencoder, shown: tuple[TrainedAutoencoder, ...]) -> str:
    return text("measure.method.autoencoder") if len(shown) == 1 else _sized(model)


def _sized(model: TrainedAutoencoder) -> str:
    """Return a model's title and its latent dimension, which some titles name already."""
    size_in_words = text("run.numbers", count=model.spec.autoencoder.latent_dim)
    if size_in_words in model.title:
        return model.title
    return text("measure.sized", title=model.title, size=size_in_words)


def _steps(lines: list[Line], *, coded: bool) -> tuple[float, ...]:
    """Return bytes in equal ratios from the smallest to the largest of all points."""
    sizes = [point.size(coded=coded) for line in lines for point in line.curve]
    low, high = math.ceil(min(sizes)), math.ceil(max(sizes))
    return tuple(dict.fromkeys(float(f"{step:.3g}") for step in _rising(low, high)))


def _rising(low: int, high: int) -> list[float]:
    return [math.ceil(step) for step in np.geomspace(low, high, STEPS)]


def _large(count: int) -> str:
    return f"{number(count / 1e6, '.1f')} MB" if count >= 1_000_000 else size(count)


def _bytes(count: float) -> str:
    """Format bytes as a whole number, small values with one more digit."""
    return f"{number(count, '.1f')} B" if count < 10 else f"{number(count, ',.0f')} B"
