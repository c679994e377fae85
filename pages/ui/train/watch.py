"""Shows a run during and after training: progress, images, curves."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core.errors import Message, UnknownThing
from ae_core.export import latex
from ae_core.models.precision import resolve_precision
from ae_core.runs.snapshot import CodeMap, Snapshot
from pages.ui.backend.service import measure_time, run_sheet, service
from pages.ui.charts import training
from pages.ui.i18n import notice
from pages.ui.i18n.text import in_formula, text
from pages.ui.i18n.wording import loss_title
from pages.ui.pickers.models import TrainedAutoencoder, trained_run
from pages.ui.state.session import visitor
from pages.ui.train.code_view import code_view
from pages.ui.train.doctor_view import doctor_view
from pages.ui.train.ended_run import ended_run_buttons
from pages.ui.train.published import published_view
from pages.ui.train.replay import replay_view, replaying
from pages.ui.train.run_headline import run_headline, ways_on
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import file_url

REFRESH_SECONDS = 1.0
REPLAY_SECONDS = 5.0  # interval at which all frames of a live run are sent again
FIRST_REFRESH_SECONDS = 0.4  # until the first curve is visible
MANY_NEIGHBOURS = 10  # runs before one's own, at which the page says what to do
ROW_NAMES = {2: ("original", "reconstruction"), 3: ("original", "corrupted", "reconstruction")}


def run_view(run_id: str, take_home: Callable[[TrainedAutoencoder], None]) -> None:
    """Show a run and keep it up to date while it is live.

    Args:
        run_id: the run's id.
        take_home: offers an ended run's model as a file that draws by itself.

    Raises:
        UnknownThing: there is no such run.
    """
    snapshot = service().snapshot(run_id)
    every = _refresh(snapshot)
    st.fragment(run_every=every)(_refreshed)(run_id, every)
    # Outside the refreshing part: it changes only when the run ends, and then the page reruns.
    kept = not snapshot.live and service().store.has_weights(run_id)
    model = trained_run(snapshot) if kept else None
    st.fragment(code_view)(run_id, snapshot.spec, model, take_home)


def _refresh(snapshot: Snapshot) -> float | None:
    """Return the seconds until the next refresh of a run, None if it has ended."""
    if not snapshot.live:
        return None
    if replaying():
        return REPLAY_SECONDS
    return REFRESH_SECONDS if snapshot.epoch else FIRST_REFRESH_SECONDS


@notice.refusals()
def _refreshed(run_id: str, every: float | None) -> None:
    measure_time("run", _draw, run_id, every)


def _draw(run_id: str, every: float | None) -> None:
    try:
        snapshot = service().snapshot(run_id)
    except UnknownThing:  # it was deleted meanwhile: the page says so
        st.rerun()
    if _refresh(snapshot) != every:
        st.rerun()  # the whole page, once, to set another refresh interval or none
    run_headline(snapshot)
    _notices(snapshot)
    if replaying():
        with notice.refusals():
            replay_view(snapshot)
        _what_next(snapshot)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _pictures(snapshot)
        _what_next(snapshot)
    with right:
        if snapshot.map is not None:
            _map(snapshot.id, snapshot.map)
        _curves(snapshot)
    published_view(snapshot)
    _formula(snapshot)


def _what_next(snapshot: Snapshot) -> None:
    ways_on(snapshot)
    doctor_view(snapshot)
    if not snapshot.live:
        ended_run_buttons(snapshot)


def _notices(snapshot: Snapshot) -> None:
    if snapshot.live and snapshot.reason:
        notice.warning(text("waiting.unavailable", problem=snapshot.reason))
    elif snapshot.reason:
        bad = snapshot.status == "failed" or snapshot.unsaved
        show = notice.error if bad else notice.info
        show(snapshot.reason)
    elif snapshot.lost:
        lost, first = snapshot.lost_epoch, snapshot.first_epoch
        where = "" if not first else "_from" if first > 1 else "_anew"
        notice.info(text(f"waiting.again.{snapshot.lost}{where}", epoch=lost, first=first))
    if snapshot.neighbours >= MANY_NEIGHBOURS and snapshot.owner == visitor():
        notice.info(text("waiting.neighbours", count=snapshot.neighbours))
    if snapshot.damaged:
        notice.warning(Message.of("run_parts_damaged", parts=snapshot.damaged))


def _curves(snapshot: Snapshot) -> None:
    if not snapshot.history:
        return
    epochs = snapshot.spec.epochs if snapshot.live else snapshot.epoch
    chart(
        training.loss_curves(
            snapshot.history,
            loss_title(snapshot.spec.loss),
            epochs,
            lambda name: text(f"run.curve.{name}"),
        ),
        key=f"curves-{snapshot.id}",
        alt=text("run.curves"),
    )
    if snapshot.spec.split == "none":
        st.caption(text("run.nothing_held_out"))


def _map(run_id: str, points: CodeMap) -> None:
    st.caption(text("run.map"))
    chart(
        training.code_map(points),
        key=f"map-{run_id}",
        alt=text("run.map_alt"),
    )


def _pictures(snapshot: Snapshot) -> None:
    with st.container(key="run-pictures"):  # with a height that `frame` keeps until they are there
        if snapshot.pictures is None:
            live = snapshot.live
            st.caption(text("run.pictures_later" if live else "run.pictures_not_here"))
        else:
            _sheet(snapshot, snapshot.pictures)


def _sheet(snapshot: Snapshot, rows: np.ndarray) -> None:
    if not snapshot.has_reconstructions:
        rows = np.concatenate([rows, np.full_like(rows[:1], 128)])  # gray before epoch 1
    names = " · ".join(text(f"run.row.{name}") for name in ROW_NAMES.get(len(rows), ()))
    words = text("run.pictures", count=rows.shape[1], rows=names)
    st.caption(words)
    # In the page itself: a file of its own may be gone before a busy browser asks for it.
    st.image(file_url(run_sheet(snapshot, rows)), width="stretch", alt=words)


def _formula(snapshot: Snapshot) -> None:
    """Show the loss of a run in symbols and in numbers, and the meaning of its parts."""
    if resolve_precision(snapshot.spec) == "bfloat16":
        st.caption(text("run.bfloat16"))
    parts = latex.parts_of(snapshot.spec)
    st.markdown(f"**{text('code.formula')}**")
    st.latex(latex.in_symbols(parts))
    if snapshot.history:
        newest = snapshot.history[-1]
        names = {part.name: text(f"code.term.{part.name}") for part in parts}
        if "val_loss" in newest:
            st.caption(text("code.held_out", epoch=snapshot.epoch))
        else:
            st.caption(text("code.trained", epoch=snapshot.epoch))
        st.latex(latex.in_numbers(*latex.values(snapshot.spec, newest), names, in_formula))
    st.caption("  \n".join(text(f"code.meaning.{part.name}") for part in parts))
