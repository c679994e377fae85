"""The experiments of a lesson's step: trainings that a button starts."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from ae_core.errors import Message
from ae_core.lessons.figures import Figures, figures_of_run
from ae_core.lessons.schema import Experiment
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import to_query
from pages.ui.backend.service import service, snapshots_of
from pages.ui.backend.submission import submit_run, submit_sweep, with_own_seed
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import status_in_words
from pages.ui.lessons.measurements import named_rows, row_title, with_psnr
from pages.ui.shell.return_link import link_with_return
from pages.ui.state.session import visitor

MAX_RUNS = 60  # newest runs of a visitor that are searched
REFRESH_SECONDS = 1.0
GREY = 128  # what a network has not drawn yet


def done_runs(experiments: tuple[Experiment, ...], owner: str = "") -> dict[str, Snapshot]:
    """Return the newest runs with these specs and any seed by name, the visitor's or an owner's."""
    mine = snapshots_of(service().runs(owner or visitor())[:MAX_RUNS])
    found: dict[str, Snapshot] = {}
    for experiment in experiments:
        for run in mine:
            if is_of(run, experiment) and (run.live or run.status == "finished"):
                found[experiment.name] = run
                break
    return found


def is_of(run: Snapshot, experiment: Experiment) -> bool:
    """Return whether a run trains what an experiment asks for; in a class, with an own seed."""
    return replace(run.spec, seed=experiment.spec.seed) == experiment.spec


def figures_of(runs: Mapping[str, Snapshot]) -> Figures:
    """Return the figures of ended runs."""
    return {
        name: figures_of_run(run.spec, run.history) for name, run in runs.items() if not run.live
    }


def train_view(experiments: tuple[Experiment, ...]) -> Figures:
    """Show experiments, offer to start them, and return the figures of ended ones."""
    runs = done_runs(experiments)
    missing = [one for one in experiments if one.name not in runs]
    if missing:
        several = len(missing) > 1
        st.button(
            text("lessons.train_all" if several else "lessons.train", count=len(missing)),
            type="primary",
            icon=":material/play_arrow:",
            on_click=_begin,
            args=(missing,),
            disabled=any(run.live for run in runs.values()),
        )
        if problem := _last_failure(missing):
            notice.error(problem)
    live = any(run.live for run in runs.values())
    st.fragment(run_every=REFRESH_SECONDS if live else None)(_draw)(experiments, live)
    return figures_of(runs)


def _last_failure(missing: list[Experiment]) -> Message | None:
    """Return the reason why the newest run of a missing experiment failed, None if none did."""
    for run in snapshots_of(service().runs(visitor())[:MAX_RUNS]):
        if any(is_of(run, one) for one in missing):
            return run.reason
    return None


def _begin(missing: list[Experiment]) -> None:
    with notice.refusals(notice.toast):
        if len(missing) == 1:
            submit_run(with_own_seed(missing[0].spec), missing[0].preset)
        else:
            submit_sweep([with_own_seed(one.spec) for one in missing], missing[0].preset)


@notice.refusals()
def _draw(experiments: tuple[Experiment, ...], live: bool) -> None:
    runs = done_runs(experiments)
    if live and not any(run.live for run in runs.values()):
        st.rerun()  # the whole page, because the step can be checked now
    together = _draw_the_same(experiments)
    for place in range(0, len(experiments), 2):
        columns = st.columns(2, gap="medium") if len(experiments) > 1 else [st.container()]
        for column, experiment in zip(columns, experiments[place : place + 2], strict=False):
            with column:
                _card(experiment, runs.get(experiment.name), with_pictures=not together)
    if together:
        _sheet(experiments, runs)


def _draw_the_same(experiments: tuple[Experiment, ...]) -> bool:
    """Return whether there are several experiments, which see and draw the same pictures."""
    seen = {one.spec.images for one in experiments}
    return len(experiments) > 1 == len(seen) and not any(
        one.spec.corruption.active for one in experiments
    )


def _sheet(experiments: tuple[Experiment, ...], runs: Mapping[str, Snapshot]) -> None:
    """Show the same pictures as each network draws them, one below the other."""
    drawn = {name: run.pictures for name, run in runs.items() if run.pictures is not None}
    if not drawn:
        return
    originals = next(iter(drawn.values()))[:1]
    rows, titles = [originals], [row_title("original")]
    for one in experiments:
        run = runs.get(one.name)
        done = one.name in drawn and run is not None and run.has_reconstructions
        rows.append(drawn[one.name][-1:] if done else np.full_like(originals, GREY))
        titles.append(with_psnr(one.title, None if run is None else _psnr(run)))
    named_rows(np.concatenate(rows), titles)


def _psnr(run: Snapshot) -> float | None:
    """Return the present PSNR of a run in dB, on validation pictures if there are some."""
    last = run.history[-1] if run.history else {}
    return last.get("val_psnr", last.get("psnr"))


def _card(experiment: Experiment, run: Snapshot | None, *, with_pictures: bool) -> None:
    with st.container(border=True):
        query = {**to_query(experiment.spec, experiment.preset), "view": "Set up"}
        if run is not None:
            query |= {"view": "Watch", "run": run.id}
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{notice.plain(experiment.title)}**")
            opened = st.button(
                text("lessons.open_training"),
                icon=":material/open_in_new:",
                type="tertiary",
                key=f"lessons.settings.{experiment.name}",
            )
        if opened:
            st.switch_page("pages/train.py", query_params=link_with_return(query))
        if run is None:
            st.caption(text("lessons.not_trained"))
            return
        psnr = _psnr(run)
        done = min(1.0, (run.epoch + run.share) / run.spec.epochs)
        if run.live:
            st.progress(
                done,
                text=text(
                    "lessons.epoch",
                    status=status_in_words(run.status),
                    epoch=run.epoch,
                    epochs=run.spec.epochs,
                ),
            )
        # Above the images: next to them, in half a page, it would be cut off.
        st.metric(
            "PSNR",
            "–" if psnr is None else f"{number(psnr, '.1f')} dB",
            help=text("glossary.psnr.means"),
        )
        if with_pictures:
            _preview(run)


def _preview(run: Snapshot) -> None:
    if run.pictures is None:
        return
    rows = run.pictures
    if not run.has_reconstructions:
        rows = np.concatenate([rows, np.full_like(rows[:1], GREY)])
    names = ("original", "noisy", "denoised") if len(rows) == 3 else ("original", "autoencoder")
    named_rows(rows, [row_title(name) for name in names])
