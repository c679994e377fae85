"""Replays a run's epochs in the browser, or two runs side by side at the same epoch.

All frames go to the browser at once, as one image; the server receives the epoch when the visitor
releases the slider. ``replay.js`` changes the epochs, ``replay_panel.js`` draws a run.
"""

import base64
import math
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.errors import UserError
from ae_core.runs import replay
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import Limit
from pages.ui.backend.service import replay_sheet, service, snapshots_of
from pages.ui.charts.plot import CLASSES, HELD_OUT, TRAIN
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.i18n.wording import run_name
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import linked_number, set_query
from pages.ui.state.session import visitor
from pages.ui.train.compare import MAX_LISTED
from pages.ui.widgets.component import component, sent
from pages.ui.widgets.download_menu import File, download_menu
from pages.ui.widgets.images import file_url

SHOWS = ("Now", "Replay")
CURVE_POINTS = 300

_REPLAY = component(
    __file__,
    '<div class="replay"><div class="controls"><button type="button"></button>'
    '<input type="range" min="0" step="1"><output></output></div><div class="runs"></div></div>',
)


def replaying() -> bool:
    """Return whether the address asks for the replay."""
    return "replay" in st.query_params


def replay_switch(snapshot: Snapshot) -> None:
    """Let the visitor switch between the newest epoch and the replay."""
    key = f"replay.show.{snapshot.id}"
    st.session_state[key] = SHOWS[replaying()]
    st.segmented_control(
        text("replay.switch"),
        SHOWS,
        key=key,
        format_func=lambda show: text(f"replay.show.{slug(show)}"),
        label_visibility="collapsed",
        on_change=by_hand(lambda: _take_show(st.session_state[key], snapshot.epoch)),
    )


def _take_show(show: str | None, epoch: int) -> None:
    if show:  # a click on the chosen option clears it, which changes nothing
        set_query(replay=str(max(1, epoch)) if show == "Replay" else "")


def replay_view(snapshot: Snapshot) -> None:
    """Show a slider with a run's frames, and those of another run if the visitor chooses one.

    Raises:
        UserError: the file of the run's frames is damaged.
    """
    runs = [run for run in (snapshot, _beside(snapshot)) if run is not None and _has_film(run)]
    if snapshot not in runs:
        st.info(text("replay.none"))
        return
    last = max(run.epoch for run in runs)
    data = {
        "runs": tuple(_of_run(run) for run in runs),
        "epoch": int(linked_number("replay", last, Limit(1, last))),
        "hues": CLASSES,
        "colours": (TRAIN, HELD_OUT),
    } | {
        name: text(f"replay.{name}")
        for name in ("play", "pause", "slider", "map", "curve", "training", "held_out")
    }
    data |= {"named": text("replay.epoch", epoch="#")}  # the script inserts the number
    key = f"replay-{'-'.join(run.id for run in runs)}"
    _REPLAY(key=key, data=data, on_epoch_change=lambda: _take_epoch(sent(key, "epoch")))
    kept = len(replay_sheet(snapshot.id, snapshot.epoch).epochs)
    st.caption(text("replay.intro", kept=kept, epochs=snapshot.epoch))
    labels = (text("replay.gif"), text("replay.gif_with"))
    download_menu(
        f"replay.{key}",
        [
            File(label, f"replay-{run.id[:4]}.gif", partial(_gif, run), "image/gif")
            for label, run in zip(labels, runs, strict=False)
        ],
        label=text("replay.files"),
    )


def _take_epoch(epoch: object) -> None:
    """Keep the epoch in the address."""
    if isinstance(epoch, int) and epoch > 0:
        set_query(replay=str(epoch))


def _has_film(run: Snapshot) -> bool:
    return run.has_reconstructions and bool(replay_sheet(run.id, run.epoch).epochs)


def _beside(snapshot: Snapshot) -> Snapshot | None:
    """Let the visitor choose a second run, either an own one or that of a link."""
    linked = st.query_params.get("with", "")
    own = [run for run in service().runs(visitor()) if run != snapshot.id][:MAX_LISTED]
    runs = {run.id: run for run in snapshots_of(own) if run.history}
    if linked:
        try:
            run = service().snapshot(linked)
            replay_sheet(run.id, run.epoch)  # raises if it is damaged
            runs[linked] = run
        except UserError as error:
            notice.error(text("replay.unknown", problem=error))
            linked = ""
    if not runs:
        return None
    key = f"replay.with.{snapshot.id}"
    st.session_state[key] = linked
    st.selectbox(
        text("replay.beside"),
        ("", *runs),
        key=key,
        format_func=lambda run: run_name(runs[run]) if run in runs else text("replay.nobody"),
        on_change=by_hand(lambda: set_query(**{"with": st.session_state[key]})),
    )
    return runs.get(linked)


def _of_run(run: Snapshot) -> dict[str, Any]:
    """Return a run's data for the script; JSON has no NaN, and histories contain none."""
    assert run.pictures is not None  # see `_has_film`
    given = run.pictures[:-1]
    shown = replay_sheet(run.id, run.epoch)
    measure = "val_psnr" if "val_psnr" in run.history[0] else "psnr"
    stride = math.ceil(run.epoch / CURVE_POINTS)
    curve = [*range(0, run.epoch - 1, stride), run.epoch - 1]
    losses = [name for name in ("loss", "val_loss") if name in run.history[0]]
    rows = (*("originals", "corrupted")[: len(given)], "reconstructions")
    words = " · ".join(text(f"replay.{row}") for row in rows)
    return {
        "id": run.id,
        "title": run_name(run),
        "sheet": file_url(shown.sheet),
        "given": file_url(images.to_png(images.sheet(given))),
        "rows": len(rows),
        "count": given.shape[1],
        "height": given.shape[2],
        "width": given.shape[3],
        "epochs": shown.epochs,
        "psnr": tuple(run.history[epoch - 1][measure] for epoch in shown.epochs),
        "measure": text("replay.psnr_held_out" if measure == "val_psnr" else "replay.psnr"),
        "pictures": text("replay.pictures", rows=words, epoch="#"),
        "curve": tuple(epoch + 1 for epoch in curve),
        "losses": tuple(tuple(run.history[epoch][name] for epoch in curve) for name in losses),
        "codes": base64.b64encode(shown.codes).decode(),
        "labels": run.map.labels if run.map is not None else (),
        "names": run.map.names if run.map is not None else (),
    }


def _gif(run: Snapshot) -> bytes:
    assert run.pictures is not None  # see `_has_film`
    frames = service().frames(run.id)
    return replay.animation(
        np.asarray(run.pictures[:-1]), frames, lambda epoch: text("replay.epoch", epoch=epoch)
    )
