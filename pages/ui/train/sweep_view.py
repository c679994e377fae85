"""Shows a sweep, one spec trained with several latent dimensions, as a chart and in rows."""

import math

import numpy as np
import streamlit as st

from ae_core.errors import Message
from ae_core.evaluation.baselines import PcaBySize
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.evaluation import pca_by_size
from pages.ui.backend.service import service, snapshots_of
from pages.ui.charts.sweep import SizePoint, SweepWords, psnr_by_size
from pages.ui.i18n import notice
from pages.ui.i18n.names import enlarged_note
from pages.ui.i18n.text import number, text
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import linked_choice, set_query
from pages.ui.state.session import visitor
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import contact_sheet, file_url
from pages.ui.widgets.metric import metric

REFRESH_SECONDS = 1.0


def sweep_view(sweep_id: str) -> None:
    """Show a sweep and keep it up to date while one of its runs is live.

    Raises:
        UnknownThing: there is no such sweep.
    """
    live = any(run.live for run in _runs(sweep_id))
    st.fragment(run_every=REFRESH_SECONDS if live else None)(_draw)(sweep_id, live)


def _runs(sweep_id: str) -> list[Snapshot]:
    """Return a sweep's runs by latent dimension, without deleted ones."""
    runs = snapshots_of(service().sweep(sweep_id))
    return sorted(runs, key=lambda run: run.spec.autoencoder.latent_dim)


@notice.refusals()
def _draw(sweep_id: str, live: bool) -> None:
    runs = _runs(sweep_id)
    if any(run.live for run in runs) != live:
        st.rerun()  # the whole page, for the last time
    if not runs:
        notice.info(text("sweep.gone"))
        return
    st.markdown(f"## {text('sweep.title')}")
    _headline(sweep_id, runs)
    problem = next((run.reason for run in runs if run.live and run.reason), None)
    if problem:
        notice.warning(text("waiting.unavailable", problem=problem))
    sizes = tuple(run.spec.autoencoder.latent_dim for run in runs)
    left, right = st.columns([6, 5], gap="medium")
    with right:
        chosen = int(
            linked_choice(
                "size", text("sweep.size"), tuple(map(str, sizes)), f"sweep.{sweep_id}", wrap=True
            )
        )
        with_pca = _pca_toggle(sweep_id)
    linear = _pca(runs, sizes)
    with left:
        _chart(sweep_id, runs, linear, chosen)
    with right:
        _rows(runs, linear if with_pca else None, chosen)


def _headline(sweep_id: str, runs: list[Snapshot]) -> None:
    done = sum(not run.live for run in runs)
    share = sum(1.0 if not run.live else _progress(run) for run in runs) / len(runs)
    st.progress(min(1.0, share))
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        counted = text("sweep.trained_of", done=done, all=len(runs))
        metric(text("sweep.trained"), counted)
        best = max((run for run in runs if run.history), key=_psnr, default=None)
        if best is None:
            metric(text("sweep.best_none"), "–")
        else:
            size = best.spec.autoencoder.latent_dim
            metric(text("sweep.best", size=size), f"{number(_psnr(best), '.1f')} dB")
        if done < len(runs) and runs[0].owner == visitor():
            st.button(
                text("sweep.stop_all"),
                icon=":material/stop:",
                key=f"sweep.stop.{sweep_id}",
                on_click=notice.refusals(notice.toast)(service().stop_sweep),
                args=(sweep_id,),
                disabled=all(run.status == "stopping" for run in runs if run.live),
            )


def _progress(run: Snapshot) -> float:
    return (run.epoch + run.share) / run.spec.epochs


def _psnr(run: Snapshot) -> float:
    last = run.history[-1]
    return last.get("val_psnr", last["psnr"])


def _pca_toggle(sweep_id: str) -> bool:
    key = f"sweep.pca.{sweep_id}"
    shown = st.query_params.get("pca") == "1"
    st.session_state[key] = shown
    st.toggle(
        text("sweep.with_pca"),
        key=key,
        on_change=by_hand(lambda: set_query(pca="1" if st.session_state[key] else "")),
    )
    return shown


def _pca(runs: list[Snapshot], sizes: tuple[int, ...]) -> PcaBySize | None:
    """Return PCA of the same images; show a message and return None if it is not available."""
    shown = next((run.pictures.shape[1] for run in runs if run.pictures is not None), 0)
    if not shown:
        return None  # the first run has not loaded the images yet
    images = runs[0].spec.images
    with notice.refusals(notice.warning), st.spinner(text("sweep.pca_wait")):
        return pca_by_size(images, sizes, shown)
    return None


def _chart(sweep_id: str, runs: list[Snapshot], linear: PcaBySize | None, chosen: int) -> None:
    sizes = tuple(run.spec.autoencoder.latent_dim for run in runs)
    points = tuple(
        SizePoint(size, _psnr(run), not run.live)
        for size, run in zip(sizes, runs, strict=True)
        if run.history
    )
    held_out = runs[0].spec.split == "held-out"
    words = SweepWords(
        text("sweep.size_axis"),
        text("sweep.psnr_held_out") if held_out else text("sweep.psnr_training"),
        text("sweep.networks"),
        text("sweep.pca"),
    )
    pca = {} if linear is None else dict(zip(sizes, linear.psnr, strict=True))
    key = f"sweep.chart.{sweep_id}"
    chart(
        psnr_by_size(points, pca, sizes, chosen, words),
        key=key,
        alt=text("sweep.chart"),
        on_select=lambda: _take_point(key),
        selection_mode="points",
    )
    st.caption(text("sweep.click"))
    if note := enlarged_note(runs[0].spec):  # PCA is perfect from there on
        st.caption(note)
    if runs[0].spec.corruption.active:
        st.caption(text("sweep.clean"))


def _take_point(key: str) -> None:
    """Take over the size of a clicked point; a click outside the points changes nothing."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        set_query(size=str(int(points[0]["x"])))


def _rows(runs: list[Snapshot], linear: PcaBySize | None, chosen: int) -> None:
    """Show the preview images, and each size's reconstructions below the originals."""
    first = next((run.pictures for run in runs if run.pictures is not None), None)
    if first is None:
        return
    _row(text("sweep.originals"), first[0])
    for place, run in enumerate(runs):
        size = run.spec.autoencoder.latent_dim
        if run.history and run.pictures is not None and run.has_reconstructions:
            label = text("sweep.row", size=size, psnr=_psnr(run))
            _row(label, run.pictures[-1], marked=size == chosen)
        elif run.live:
            st.caption(text("sweep.row_waiting", size=size))
        elif run.reason:
            notice.warning(text("sweep.row_failed", size=size, problem=run.reason))
        elif run.damaged:
            problem = Message.of("run_parts_damaged", parts=run.damaged)
            notice.warning(text("sweep.row_failed", size=size, problem=problem))
        if linear is not None:
            psnr = linear.psnr[place]
            label = text("sweep.pca_perfect", size=size)
            if math.isfinite(psnr):
                label = text("sweep.pca_row", size=size, psnr=psnr)
            _row(label, linear.images[place])
        if size == chosen:
            st.page_link(
                "pages/train.py",
                label=text("sweep.one", size=size),
                icon=":material/visibility:",
                query_params={"run": run.id, "view": "Watch"},
            )


def _row(label: str, row: np.ndarray, *, marked: bool = False) -> None:
    with st.container(border=marked, gap="xsmall"):
        st.caption(f"**{label}**" if marked else label)
        st.image(file_url(contact_sheet(row[np.newaxis])), width="stretch", alt=label)
