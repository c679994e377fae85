"""The loss of a run as a formula, with the numbers of its newest epoch."""

import streamlit as st

from ae_core.export import latex
from ae_core.runs.snapshot import Snapshot
from pages.ui.i18n.text import text


def formula_view(snapshot: Snapshot) -> None:
    """Show the loss of a run in symbols, in numbers, and what each part of it means."""
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
        st.latex(latex.in_numbers(*latex.values(snapshot.spec, newest), names))
    st.caption("  \n".join(text(f"code.meaning.{part.name}") for part in parts))
