"""The headline of a run: its progress, newest figures and buttons; and where to go with it."""

from collections.abc import Callable

import streamlit as st

from ae_core.diagnosis.rules import grade
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.service import classroom_service, service
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import duration, run_name, status_in_words
from pages.ui.state.session import visitor
from pages.ui.train.replay import replay_switch
from pages.ui.widgets.metric import metric


def run_headline(snapshot: Snapshot) -> None:
    """Show progress and newest figures of a run, and the buttons of one that is live."""
    total = snapshot.spec.epochs
    words = status_in_words(snapshot.status)
    if snapshot.status == "queued":
        words = _waiting(snapshot)
    left = snapshot.wait_left
    if snapshot.status == "running" and left is not None:
        if snapshot.others:
            words = text("waiting.turns", count=snapshot.others, time=duration(left))
        else:
            words = text("run.left", status=words, time=duration(left))
    elif snapshot.status in ("starting", "running") and not snapshot.epoch + snapshot.share:
        words = text("run.loading")
    elif snapshot.status == "finished":
        words += _verdict(snapshot)
    done = min(1.0, (snapshot.epoch + snapshot.share) / total)
    # Both rows keep a height, see `frame`: nothing below them moves when a button or a word comes.
    with st.container(
        key="run-progress", horizontal=True, gap="medium", vertical_alignment="bottom"
    ):
        # Two lines, for the time left comes and goes: it must not make the name wrap.
        st.progress(done, text=f"**{words}**  \n{run_name(snapshot)}")
        _buttons(snapshot)
    last = snapshot.history[-1] if snapshot.history else {}
    held_out = "val_psnr" in last or (not last and snapshot.spec.split == "held-out")
    with st.container(key="run-figures", horizontal=True, gap="medium", vertical_alignment="top"):
        metric(text("run.epoch"), f"{snapshot.epoch} / {total}")
        psnr = _figure(last.get("val_psnr", last.get("psnr")), ".1f", " dB")
        name = text("run.psnr_held_out" if held_out else "run.psnr")
        metric(name, psnr, text("run.psnr_help"))
        _explained(last.get("explained"))
        loss = last.get("val_loss", last.get("loss"))
        why = text("run.loss_negative") if loss is not None and loss < 0 else None
        form = ",.0f" if loss is not None and abs(loss) >= 10_000 else ".4g"
        metric(text("run.loss_held_out" if held_out else "run.loss"), _figure(loss, form), why)
        replay_switch(snapshot)


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


def ways_on(snapshot: Snapshot) -> None:
    """Show the links to what a run's model can do; they wait for its first weights."""
    run_id = snapshot.id
    has_weights = service().store.has_weights(run_id)
    with st.container(horizontal=True):
        _link("latent_space", "run.latent", "tune", {"model": run_id}, enabled=has_weights)
        _link("reconstruct", "run.reconstruct", "compare", {"model": run_id}, enabled=has_weights)
        if snapshot.sweep:
            query = {"sweep": snapshot.sweep, "view": "Watch"}
            _link("train", "sweep.all", "stacked_line_chart", query)


def _verdict(snapshot: Snapshot) -> str:
    """Return in words how good a finished run is, "" if that is not known."""
    share = snapshot.history[-1].get("explained") if snapshot.history else None
    if share is None:
        return ""
    words = text(f"run.grade.{grade(share)}")
    if share >= 0:
        words = text("run.verdict", grade=words, kept=number(share, ".0%"))
    return f": {words}"


def _explained(share: float | None) -> None:
    """Show the share of the pictures' variance that a run explains, with a grade in a word."""
    grade_of_it = "" if share is None else text(f"run.grade.{grade(share)}")
    value = _figure(share, ".0%")
    metric(text("run.explained"), value, text("run.explained_help"), grade_of_it)


def _buttons(snapshot: Snapshot) -> None:
    mine, run_id, training = snapshot.owner == visitor(), snapshot.id, service()
    if not mine or not (snapshot.live or snapshot.unsaved):
        return
    with st.container(horizontal=True, width="content"):
        if snapshot.unsaved:
            _button("run.save_again", "save", training.save_again, run_id)
        if snapshot.live:
            _buttons_of_live(snapshot)


def _buttons_of_live(snapshot: Snapshot) -> None:
    run_id, training = snapshot.id, service()
    if snapshot.status == "paused":
        why = text("classroom.paused") if _class_paused() else ""
        _button("run.resume", "play_arrow", training.resume, run_id, why_not=why)
        _button("run.step", "skip_next", training.step, run_id, why_not=why)
    else:
        running = snapshot.status == "running"
        _button("run.pause", "pause", training.pause, run_id, enabled=running)
    stopping = snapshot.status == "stopping"
    _button("run.stop", "stop", training.stop, run_id, enabled=not stopping)


def _link(page: str, words: str, icon: str, query: dict[str, str], *, enabled: bool = True) -> None:
    st.page_link(
        f"pages/{page}.py",
        label=text(words),
        icon=f":material/{icon}:",
        query_params=query,
        disabled=not enabled,
    )


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
