"""The sweep's set-up: a button trains the same settings with several latent dimensions."""

import streamlit as st

from ae_core.service.run_memory import check_run_memory
from ae_core.specs import TrainingSpec
from ae_core.training.sweep import parse_sizes, specs_of
from pages.ui.backend.submission import refusal, submit_sweep
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session

USUAL_SIZES = "2, 4, 16, 64"
KEY = "train.sizes"
OPENED = "train.sweep"


def sweep_set_up() -> None:
    """Let the visitor enter latent dimensions and train them all."""
    with st.expander(
        text("sweep.set_up"),
        expanded="sizes" in st.query_params,
        icon=":material/stacked_line_chart:",
        key=OPENED,
        on_change="rerun",
    ) as opened:
        if opened.open:
            _show()


def _show() -> None:
    st.caption(text("sweep.about"))
    written = st.query_params.get("sizes", USUAL_SIZES)
    st.session_state[KEY] = written
    st.text_input(text("sweep.sizes"), key=KEY, on_change=_take)
    sizes: tuple[int, ...] = ()
    specs: tuple[TrainingSpec, ...] = ()
    with notice.refusals():
        sizes = parse_sizes(written)
    with notice.refusals(notice.info):  # these sizes may not fit: not a visitor's mistake
        fitting = specs_of(session().draft.spec, sizes)
        for spec in fitting:
            check_run_memory(spec)
        specs = fitting
    pressed = st.button(
        text("sweep.train"),
        icon=":material/playlist_play:",
        key="train.start_all",
        width="stretch",
        disabled=not specs or bool(session().draft.rejected),
    )
    if not pressed or not specs:
        return
    with notice.refusals(refusal):
        sweep_id = submit_sweep(specs, session().draft.preset)
        set_query(sweep=sweep_id, run="", size="", replay="", view="Watch")
        st.rerun()


def _take() -> None:
    set_query(sizes=st.session_state[KEY])
