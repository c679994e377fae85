"""A run of a published recipe beside what its source reports, in the source's words."""

import streamlit as st

from ae_core.runs.snapshot import Snapshot
from ae_core.specs.losses import LOSSES
from ae_core.specs.published import published
from pages.ui.i18n.text import number, text


def published_view(snapshot: Snapshot) -> None:
    """Show the figures of a run at its source's epochs and now, as far as there are any."""
    found = published(snapshot.spec, snapshot.preset)
    if found is None or not snapshot.history:
        return
    rows = [[text("run.epoch"), *(_in_words(name, snapshot) for name in found.figures)]]
    rows.append(["---:"] * len(rows[0]))
    for epoch in sorted({*found.rows, snapshot.epoch}):
        own = snapshot.history[epoch - 1] if epoch <= snapshot.epoch else {}
        source, cells = found.of(epoch), [number(epoch)]
        for name in found.figures:
            beside = f" ({number(source[name], '.5g')})" if name in source else ""
            cells.append(f"**{number(own.get(name), '.4g')}**{beside}")
        rows.append(cells)
    st.markdown(f"**{text('run.published.title')}**")
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows))
    st.caption(text("run.published.about"))


def _in_words(name: str, snapshot: Snapshot) -> str:
    """Return a metric's name as the source writes it: one that sums batches divides at the end."""
    if name == "loss" and LOSSES[snapshot.spec.loss].sums_batch:
        return text("run.published.loss_per_sample")
    return text(f"run.metric.{name}")
