"""The measurements of a lesson's step. A worker computes them as soon as the guess is made."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import streamlit as st

from ae_core.lessons.figures import Figures, MeasurementResult
from ae_core.lessons.schema import Measurement, Step
from ae_core.models.inference import ModelFile
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.lessons import lesson_measure
from pages.ui.backend.service import service
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.pickers.models import file_of
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import contact_sheet
from pages.ui.widgets.metric import metric

# The figure that is the PSNR of a row, by the row's name.
ROW_PSNR = {"pca": "psnr", "autoencoder": "psnr", "jpeg": "jpeg_psnr"} | {
    name: name for name in ("noisy", "denoised", "gaussian", "median", "total_variation")
}


def measure_view(step: Step, runs: Mapping[str, Snapshot]) -> Figures:
    """Show the step's available measurements, and return their figures."""
    found: dict[str, Mapping[str, float]] = {}
    for measurement, model in _measurable(step, runs):
        st.markdown(f"**{notice.plain(measurement.title)}**")
        with st.spinner(text("lessons.measuring")):
            measured = lesson_measure(measurement.what, measurement.settings, model)
        found[measurement.name] = measured.figures
        _show(measurement, measured)
    return found


def measured_figures(step: Step, runs: Mapping[str, Snapshot]) -> Figures:
    """Return the figures of the step's available measurements without showing them."""
    return {
        measurement.name: lesson_measure(measurement.what, measurement.settings, model).figures
        for measurement, model in _measurable(step, runs)
    }


def _measurable(
    step: Step, runs: Mapping[str, Snapshot]
) -> list[tuple[Measurement, ModelFile | None]]:
    """Return the measurements with their models, without those that wait for a training."""
    each = ((measurement, _model_of(measurement, runs)) for measurement in step.measurements)
    return [
        (measurement, model)
        for measurement, model in each
        if model is not None or "train" not in dict(measurement.settings)
    ]


def _model_of(measurement: Measurement, runs: Mapping[str, Snapshot]) -> ModelFile | None:
    run = runs.get(str(dict(measurement.settings).get("train")))
    if run is None or run.live or not service().store.has_weights(run.id):
        return None
    return file_of(run)


def _show(measurement: Measurement, measured: MeasurementResult) -> None:
    if measured.rows is not None:
        titles = [row_title(name, measured.figures) for name in measured.row_names]
        named_rows(measured.rows, titles)
    if measured.tallies:
        with st.container(horizontal=True, gap="large"):
            for name, part, whole in measured.tallies:
                label = text(f"lessons.tally.{name}")
                metric(label, f"{part} / {whole}")
    if measured.counts:
        chart(
            latent.histogram(
                measured.counts,
                measured.edges,
                text("lessons.code_value"),
                text("lessons.code_units"),
            ),
            key=f"lessons.{measurement.name}",
            alt=measurement.title,
        )


def named_rows(rows: np.ndarray, titles: Sequence[str]) -> None:
    """Show images (R, N, H, W, C) uint8 in rows, and below them their titles from top to bottom."""
    words = text("lessons.rows", names=" · ".join(titles))
    st.image(contact_sheet(rows), width="stretch", alt=words)
    if len(titles) > 1:
        st.caption(notice.plain(words))


def row_title(row: str, figures: Mapping[str, float] = MappingProxyType({})) -> str:
    """Return the title of a kind of row, with its PSNR if that is among the figures."""
    return with_psnr(text(f"lessons.row.{row}"), figures.get(ROW_PSNR.get(row, "")))


def with_psnr(title: str, psnr: float | None) -> str:
    """Return the title of a row with the PSNR of its images in dB, if that is known."""
    return title if psnr is None else f"{title} ({number(psnr, '.1f')} dB)"
