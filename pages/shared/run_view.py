"""One run while it trains and afterwards: progress, pictures, curves."""

import numpy as np
import streamlit as st

from ae_core import figures, pictures
from ae_core.snapshot import CodeMap, Snapshot
from ae_core.store import StoreError
from pages.shared import notice
from pages.shared.session import service, visitor
from pages.shared.wording import duration

REFRESH_SECONDS = 1.0
FIRST_REFRESH_SECONDS = 0.4  # until there is a first curve to see
ROW_NAMES = {2: ("Original", "Reconstruction"), 3: ("Original", "Corrupted", "Reconstruction")}
STATUS_WORDS = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Training",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
}


def run_view(run_id: str) -> None:
    """Show a run and keep it up to date while it is live.

    Raises:
        UnknownRun: there is no such run.
    """
    every = _refresh(service().snapshot(run_id))
    st.fragment(run_every=every)(_draw)(run_id, every)


def _refresh(snapshot: Snapshot) -> float | None:
    """Return the seconds until a run is worth another look, None when it has ended."""
    if not snapshot.live:
        return None
    return REFRESH_SECONDS if snapshot.epoch else FIRST_REFRESH_SECONDS


def _draw(run_id: str, every: float | None) -> None:
    snapshot = service().snapshot(run_id)
    if _refresh(snapshot) != every:
        st.rerun()  # the whole page, once: it sets another pace, or none
    _headline(snapshot)
    if snapshot.reason:
        bad = snapshot.status == "failed" or not snapshot.saved
        show = notice.error if bad else notice.info
        show(snapshot.reason)
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
    elif snapshot.live and snapshot.status != "queued" and not snapshot.epoch + snapshot.share:
        words = "Starting: loading the pictures and building the network"
    done = min(1.0, (snapshot.epoch + snapshot.share) / total)
    st.progress(done, text=f"**{words}**")
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
    if snapshot.live and mine:
        with st.container(horizontal=True, width="content"):
            if snapshot.status == "paused":
                st.button(
                    "Resume", icon=":material/play_arrow:", on_click=training.resume, args=(run_id,)
                )
                st.button(
                    "One epoch", icon=":material/skip_next:", on_click=training.step, args=(run_id,)
                )
            else:
                running = snapshot.status == "running"
                st.button(
                    "Pause",
                    icon=":material/pause:",
                    on_click=training.pause,
                    args=(run_id,),
                    disabled=not running,
                )
            st.button("Stop", icon=":material/stop:", on_click=training.stop, args=(run_id,))
    elif not snapshot.live and snapshot.saved:
        st.page_link(
            "pages/reconstruct.py",
            label="**Reconstruct pictures with it**",
            icon=":material/compare:",
            query_params={"model": run_id},
        )
    elif mine and not snapshot.live and snapshot.history:
        st.button("Save again", on_click=_save_again, args=(run_id,))


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
        rows = np.concatenate([rows, np.zeros_like(rows[:1])])
    names = " · ".join(ROW_NAMES.get(len(rows), ()))
    st.caption(f"Eight test pictures, from top to bottom: {names}")
    half = rows.shape[1] // 2
    for part in (rows[:, :half], rows[:, half:]):
        st.image(pictures.contact_sheet(part, width=600), width="stretch")
