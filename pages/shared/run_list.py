"""A visitor's runs: the list, and several of them in one plot."""

import streamlit as st

from ae_core import figures
from ae_core.plan import parameters
from ae_core.refit import plan_of
from ae_core.snapshot import Snapshot
from ae_core.specs import PRESETS
from ae_core.store import UnknownRun
from pages.shared.links import put
from pages.shared.run_view import STATUS_WORDS
from pages.shared.session import service, show_in_widget, visitor, widget

MOST_LISTED = 40
METRICS = {
    "val_psnr": "PSNR on held-out pictures, dB",
    "psnr": "PSNR in training, dB",
    "val_loss": "Loss on held-out pictures",
    "loss": "Loss in training",
    "code_mean": "Code mean",
    "near_zero_share": "Share of near-zero units",
}


def name_of(snapshot: Snapshot) -> str:
    """Return a name that tells a run from others, e.g. ``digits-dense · 16 numbers · 3fa2``."""
    title = snapshot.preset if snapshot.preset in PRESETS else snapshot.spec.image_set
    return f"{title} · {snapshot.spec.autoencoder.latent_dim} numbers · {snapshot.id[:4]}"


def snapshots_of(ids: list[str]) -> list[Snapshot]:
    """Return the runs of these ids; those that are gone are left out."""
    found = []
    for run_id in ids:
        try:
            found.append(service().snapshot(run_id))
        except UnknownRun:
            continue
    return found


def compare_view() -> None:
    """Show the visitor's runs and compare the chosen ones."""
    linked = [run for run in st.query_params.get("compare", "").split(",") if run]
    mine = service().runs(visitor())[:MOST_LISTED]
    runs = {run.id: run for run in snapshots_of(list(dict.fromkeys([*mine, *linked])))}
    if not runs:
        st.info("No runs yet. Choose a preset under **Set up** and press **Train**.")
        return
    key = "train.compare"
    show_in_widget(key, [run for run in linked if run in runs] or list(runs)[:3])
    chosen = st.multiselect(
        "Runs to compare",
        list(runs),
        format_func=lambda run: name_of(runs[run]),
        key=key,
        on_change=lambda: put(compare=",".join(widget(key))),
    )
    available = [m for m in METRICS if any(r.history and m in r.history[0] for r in runs.values())]
    metric = st.selectbox("Figure", available, format_func=METRICS.__getitem__, key="train.metric")
    if chosen and metric:
        histories = {name_of(runs[run]): runs[run].history for run in chosen}
        st.plotly_chart(
            figures.comparison(histories, metric, METRICS[metric]),
            key="comparison",
            config={"displayModeBar": False},
            alt="One figure of several runs over the epochs",
        )
    st.markdown(_table(list(runs.values())))


def _table(runs: list[Snapshot]) -> str:
    """Return the runs as a Markdown table: ``st.dataframe`` costs the server 70 MB of pandas."""
    rows = [
        "| Run | State | Parameters | Epochs | PSNR, dB | Seconds |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for run in runs:
        last = run.history[-1] if run.history else {}
        quality = last.get("val_psnr", last.get("psnr"))
        rows.append(
            f"| [{name_of(run)}](?run={run.id}&view=Watch) | {STATUS_WORDS[run.status]} "
            f"| {parameters(plan_of(run.spec)):,} | {run.epoch} "
            f"| {'–' if quality is None else f'{quality:.1f}'} "
            f"| {sum(epoch['seconds'] for epoch in run.history):.1f} |"
        )
    return "\n".join(rows)
