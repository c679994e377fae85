"""The headline of a run: its progress, newest figures and buttons."""

from collections.abc import Callable

import streamlit as st

from ae_core.models.precision import resolve_precision
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.service import classroom_service, service
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import duration, run_name, status_in_words
from pages.ui.state.query_params import set_up
from pages.ui.state.session import visitor
from pages.ui.train.ended_run import ended_run_buttons
from pages.ui.widgets.metric import metric


def run_headline(snapshot: Snapshot) -> None:
    """Show progress, figures and buttons of a run."""
    total = snapshot.spec.epochs
    words = status_in_words(snapshot.status)
    if snapshot.status == "queued":
        words = _waiting(snapshot)
    left = snapshot.seconds_left
    if snapshot.status == "running" and left is not None:
        words = text("run.left", status=words, time=duration(left))
    elif snapshot.status in ("starting", "running") and not snapshot.epoch + snapshot.share:
        words = text("run.loading")
    done = min(1.0, (snapshot.epoch + snapshot.share) / total)
    st.progress(done, text=f"**{words}** · {run_name(snapshot)}")
    last = snapshot.history[-1] if snapshot.history else {}
    held_out = "val_psnr" in last
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        metric(text("run.epoch"), f"{snapshot.epoch} / {total}")
        psnr = _figure(last.get("val_psnr", last.get("psnr")), ".1f", " dB")
        name = text("run.psnr_held_out" if held_out else "run.psnr")
        metric(name, psnr, text("run.psnr_help"))
        loss = last.get("val_loss", last.get("loss"))
        metric(text("run.loss_held_out" if held_out else "run.loss"), _figure(loss, ".4g"))
        mean = _figure(last.get("code_mean"), ".3f")
        metric(text("run.code_mean"), mean, text("glossary.code-mean.means"))
        _buttons(snapshot)
    if loss is not None and loss < 0:
        st.caption(text("run.loss_negative"))
    if resolve_precision(snapshot.spec) == "bfloat16":
        st.caption(text("run.bfloat16"))


def _waiting(snapshot: Snapshot) -> str:
    if snapshot.owner == visitor() and _class_paused():
        return text("classroom.paused")
    if snapshot.wait is None or snapshot.reason:  # the wait is unknown
        return text("run.queued", place=snapshot.position)
    if snapshot.wait < 1:
        return text("waiting.next", place=snapshot.position)
    return text("waiting.time", place=snapshot.position, time=duration(snapshot.wait))


def _figure(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else number(value, form) + unit


def _buttons(snapshot: Snapshot) -> None:
    mine, run_id, training = snapshot.owner == visitor(), snapshot.id, service()
    with st.container(horizontal=True, width="content"):
        if snapshot.live and mine:
            if snapshot.status == "paused":
                why = text("classroom.paused") if _class_paused() else ""
                _button("run.resume", "play_arrow", training.resume, run_id, why_not=why)
                _button("run.step", "skip_next", training.step, run_id, why_not=why)
            else:
                running = snapshot.status == "running"
                _button("run.pause", "pause", training.pause, run_id, enabled=running)
            stopping = snapshot.status == "stopping"
            _button("run.stop", "stop", training.stop, run_id, enabled=not stopping)
        if snapshot.sweep:
            query = {"sweep": snapshot.sweep, "view": "Watch"}
            _link("train", "sweep.all", "stacked_line_chart", query)
        if snapshot.saved:
            _link("reconstruct", "run.reconstruct", "compare", {"model": run_id})
        if training.store.has_weights(run_id):  # after the first epoch
            _link("latent_space", "run.latent", "tune", {"model": run_id})
        if snapshot.unsaved and mine:
            _button("run.save_again", "save", training.save_again, run_id)
        if not snapshot.live and st.button(text("run.set_up_again"), icon=":material/tune:"):
            set_up(snapshot.spec, snapshot.preset)
            st.rerun()  # the whole page, because the view changes
        if not snapshot.live:
            ended_run_buttons(snapshot)


def _link(page: str, words: str, icon: str, query: dict[str, str]) -> None:
    path = f"pages/{page}.py"
    st.page_link(path, label=text(words), icon=f":material/{icon}:", query_params=query)


def _class_paused() -> bool:
    """Return whether the visitor's class is paused: then only its teacher can resume runs."""
    where = classroom_service().class_of(visitor())
    return where is not None and where[0].paused


def _button(
    words: str,
    icon: str,
    action: Callable[[str], None],
    run_id: str,
    *,
    enabled: bool = True,
    why_not: str = "",
) -> None:
    st.button(
        text(words),
        icon=f":material/{icon}:",
        on_click=notice.refusals(notice.toast)(action),
        args=(run_id,),
        disabled=not enabled or bool(why_not),
        help=why_not or None,
    )
