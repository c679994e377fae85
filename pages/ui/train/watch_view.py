"""The Train page's Watch: the run or the sweep in the address, otherwise the visitor's newest."""

from collections.abc import Callable

import streamlit as st

from ae_core.errors import UnknownThing
from pages.ui.backend.service import service, snapshots_of
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.session import visitor
from pages.ui.train.ended_run import deleted_run
from pages.ui.train.sweep_view import sweep_view
from pages.ui.train.watch import run_view


def watch_view(take_home: Callable[[TrainedAutoencoder], None]) -> None:
    """Show it; ``take_home`` offers an ended run's model as a file."""
    run_id = st.query_params.get("run", "")
    sweep_id = "" if run_id else st.query_params.get("sweep", "")
    if not run_id and not sweep_id:
        run_id, sweep_id = _newest()
    try:
        if sweep_id:
            sweep_view(sweep_id)
        elif run_id:
            run_view(run_id, take_home)
        else:
            st.info(text("train.nothing_yet"))
    except UnknownThing as error:
        if deleted_run(run_id):
            return
        notice.error(text("sweep.unknown" if sweep_id else "train.unknown", problem=error))


def _newest() -> tuple[str, str]:
    """Return the visitor's newest run that can be read, and its sweep; empty without one."""
    for run_id in service().runs(visitor()):
        for run in snapshots_of([run_id]):
            return run.id, run.sweep
    return "", ""
