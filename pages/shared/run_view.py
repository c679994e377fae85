"""One run while it trains and afterwards: progress, pictures, curves."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core import figures, pictures
from ae_core.snapshot import CodeMap, Snapshot
from ae_core.store import StoreError
from pages.shared import notice
from pages.shared.answers import service
from pages.shared.code_view import code_view
from pages.shared.doctor_view import doctor_view
from pages.shared.formula_view import formula_view
from pages.shared.links import set_up
from pages.shared.models import file_of
from pages.shared.replay import replay_switch, replay_view, replaying
from pages.shared.session import visitor
from pages.shared.text import text
from pages.shared.wording import STATUS_WORDS, duration, run_name

REFRESH_SECONDS = 1.0
REPLAY_SECONDS = 5.0  # all moments of a live run are sent anew then
FIRST_REFRESH_SECONDS = 0.4  # until there is a first curve to see
ROW_NAMES = {2: ("Original", "Reconstruction"), 3: ("Original", "Corrupted", "Reconstruction")}


def run_view(run_id: str) -> None:
    """Show a run and keep it up to date while it is live.

    Raises:
        UnknownRun: there is no such run.
    """
    snapshot = service().snapshot(run_id)
    every = _refresh(snapshot)
    st.fragment(run_every=every)(_draw)(run_id, every)
    # Not in what is drawn every second: it changes when the run ends, and then all is drawn anew.
    kept = not snapshot.live and service().store.has_weights(run_id)
    code_view(run_id, snapshot.spec, file_of(snapshot) if kept else None)


def _refresh(snapshot: Snapshot) -> float | None:
    """Return the seconds until a run is worth another look, None when it has ended."""
    if not snapshot.live:
        return None
    if replaying():
        return REPLAY_SECONDS
    return REFRESH_SECONDS if snapshot.epoch else FIRST_REFRESH_SECONDS


def _draw(run_id: str, every: float | None) -> None:
    snapshot = service().snapshot(run_id)
    if _refresh(snapshot) != every:
        st.rerun()  # the whole page, once: it sets another pace, or none
    _headline(snapshot)
    doctor_view(snapshot)
    if snapshot.reason:
        bad = snapshot.status == "failed" or snapshot.unsaved
        show = notice.error if bad else notice.info
        show(snapshot.reason)
    replay_switch(snapshot)
    if replaying():
        replay_view(snapshot)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _pictures(snapshot)
    if snapshot.map is not None:
        with right:
            _map(snapshot.id, snapshot.map)
        with left:
            _curves(snapshot)
    else:
        with right:
            _curves(snapshot)
    formula_view(snapshot)


def _curves(snapshot: Snapshot) -> None:
    if not snapshot.history:
        return
    epochs = snapshot.spec.epochs if snapshot.live else snapshot.epoch
    st.plotly_chart(
        figures.loss_curves(snapshot.history, snapshot.spec.loss, epochs),
        key=f"curves-{snapshot.id}",
        config={"displayModeBar": False},
        alt="Loss curves",
    )
    if snapshot.spec.split == "everything":
        st.caption(
            "This recipe trains on all pictures: nothing is held out, so there is no second curve."
        )


def _map(run_id: str, points: CodeMap) -> None:
    st.caption("Map of codes: test pictures, by class")
    st.plotly_chart(
        figures.code_map(points),
        key=f"map-{run_id}",
        config={"displayModeBar": False},
        alt="Codes of test pictures in two dimensions",
    )


def _headline(snapshot: Snapshot) -> None:
    total = snapshot.spec.epochs
    words = STATUS_WORDS[snapshot.status]
    if snapshot.status == "queued":
        words = f"Waiting: place {snapshot.position} in the queue"
    left = snapshot.seconds_left
    if snapshot.status == "running" and left is not None:
        words += f", {duration(left)} left"
    elif snapshot.status in ("starting", "running") and not snapshot.epoch + snapshot.share:
        words = "Starting: loading the pictures and building the network"
    done = min(1.0, (snapshot.epoch + snapshot.share) / total)
    st.progress(done, text=f"**{words}** · {run_name(snapshot)}")
    last = snapshot.history[-1] if snapshot.history else {}
    where = ", held out" if "val_psnr" in last else ""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.metric("Epoch", f"{snapshot.epoch} / {total}", width="content")
        st.metric(
            f"PSNR{where}",
            _number(last.get("val_psnr", last.get("psnr")), "{:.1f} dB"),
            help="Peak signal-to-noise ratio of the reconstructions: higher is better.",
            width="content",
        )
        loss = _number(last.get("val_loss", last.get("loss")), "{:.4g}")
        st.metric(f"Loss{where}", loss, width="content")
        st.metric("Code mean", _number(last.get("code_mean"), "{:.3f}"), width="content")
        _buttons(snapshot)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _buttons(snapshot: Snapshot) -> None:
    mine = snapshot.owner == visitor()
    run_id, training = snapshot.id, service()
    with st.container(horizontal=True, width="content"):
        if snapshot.live and mine:
            paused, running = snapshot.status == "paused", snapshot.status == "running"
            if paused:
                _button("Resume", "play_arrow", training.resume, run_id)
                _button("One epoch", "skip_next", training.step, run_id)
            else:
                _button("Pause", "pause", training.pause, run_id, enabled=running)
            _button("Stop", "stop", training.stop, run_id, enabled=snapshot.status != "stopping")
        if snapshot.sweep:
            st.page_link(
                "pages/train.py",
                label=text("sweep.all"),
                icon=":material/stacked_line_chart:",
                query_params={"sweep": snapshot.sweep, "view": "Watch"},
            )
        if snapshot.saved:
            st.page_link(
                "pages/reconstruct.py",
                label="**Reconstruct pictures with it**",
                icon=":material/compare:",
                query_params={"model": run_id},
            )
        if training.store.has_weights(run_id):  # from the first epoch on
            st.page_link(
                "pages/latent_space.py",
                label="**Move through its codes**",
                icon=":material/tune:",
                query_params={"model": run_id},
            )
        if snapshot.unsaved and mine:
            _button("Save again", "save", _save_again, run_id)
        if not snapshot.live and st.button("Set up again", icon=":material/tune:"):
            set_up(snapshot.spec, snapshot.preset)
            st.rerun()  # the whole page: it is another view


def _button(
    label: str, icon: str, action: Callable[[str], None], run_id: str, *, enabled: bool = True
) -> None:
    st.button(
        label, icon=f":material/{icon}:", on_click=action, args=(run_id,), disabled=not enabled
    )


def _save_again(run_id: str) -> None:
    try:
        service().save_again(run_id)
    except StoreError as error:
        st.toast(notice.plain(str(error)))


def _pictures(snapshot: Snapshot) -> None:
    if snapshot.pictures is None:
        return
    rows = snapshot.pictures
    if not snapshot.epoch:
        rows = np.concatenate([rows, np.full_like(rows[:1], 128)])  # nothing there yet: gray
    names = " · ".join(ROW_NAMES.get(len(rows), ()))
    st.caption(f"{rows.shape[1]} test pictures, from top to bottom: {names}")
    half = rows.shape[1] // 2
    for part in (rows[:, :half], rows[:, half:]):
        st.image(pictures.contact_sheet(part, width=600), width="stretch")
