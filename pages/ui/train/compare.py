"""Shows a visitor's runs as a list, and compares several of them in one chart."""

import streamlit as st

from ae_core.models.compatibility import network_shapes
from ae_core.models.shapes import parameters
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.service import service, snapshots_of
from pages.ui.charts import training
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import run_name, status_in_words
from pages.ui.shell.this_browser import this_browser
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import set_query
from pages.ui.state.session import visitor
from pages.ui.train.ended_run import space_warning
from pages.ui.widgets.chart import chart

MAX_LISTED = 40
NONE = "none"  # in the address if all runs were removed from the comparison
METRICS = ("val_psnr", "psnr", "val_loss", "loss", "code_mean", "near_zero_share")
COLUMNS = ("run", "psnr", "state", "epochs", "seconds", "parameters")


def compare_view() -> None:
    """Show the visitor's runs and compare the chosen ones."""
    written = st.query_params.get("compare")
    linked = [run for run in (written or "").split(",") if run]
    mine = service().runs(visitor())[:MAX_LISTED]
    runs = {run.id: run for run in snapshots_of(list(dict.fromkeys([*mine, *linked])))}
    if not runs:
        st.info(text("run.compare.none"))
        return
    key = "train.compare"
    newest = [run.id for run in runs.values() if run.history][:3]
    st.session_state[key] = newest if written is None else [run for run in linked if run in runs]
    chosen = st.multiselect(
        text("run.compare.choose"),
        list(runs),
        format_func=lambda run: run_name(runs[run]),
        key=key,
        on_change=by_hand(lambda: set_query(compare=",".join(st.session_state[key]) or NONE)),
    )
    available = [m for m in METRICS if any(r.history and m in r.history[0] for r in runs.values())]
    metric = st.selectbox(
        text("run.compare.metric"), available, format_func=_metric, key="train.metric"
    )
    if chosen and metric:
        histories = {run_name(runs[run]): runs[run].history for run in chosen}
        chart(
            training.comparison(histories, metric, _metric(metric), text("run.curve.epoch")),
            key="comparison",
            alt=text("run.compare.alt"),
        )
    st.markdown(_table(list(runs.values())))
    space_warning()
    this_browser("compare.browser")


def _metric(name: str) -> str:
    return text(f"run.metric.{name}")


def _table(runs: list[Snapshot]) -> str:
    """Return the runs as a Markdown table: ``st.dataframe`` would load pandas, 70 MB."""
    rows = [
        f"| {' | '.join(text(f'run.column.{name}') for name in COLUMNS)} |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for run in runs:
        last = run.history[-1] if run.history else {}
        quality = last.get("val_psnr", last.get("psnr"))
        cells = (
            f"[{run_name(run)}](?run={run.id}&view=Watch)",
            number(quality, ".1f"),
            status_in_words(run.status),
            str(run.epoch),
            number(sum(epoch["seconds"] for epoch in run.history), ".1f"),
            number(parameters(network_shapes(run.spec)), ","),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
