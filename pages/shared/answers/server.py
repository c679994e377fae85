"""The one service of this server, and what else there is one of for all visitors.

It knows no model and no pictures.
"""

import gc
import os

import streamlit as st

from ae_core import inference
from ae_core.connection import Connection
from ae_core.matches import MatchBook
from ae_core.replay import Film, film_of
from ae_core.service import TrainingService
from ae_core.store import RunStore, runs_dir
from pages.shared.answers.watching import watch

FILMS = 16  # of runs that are replayed, up to 2 MB each


@st.cache_resource(show_spinner=False)
def service() -> TrainingService:
    """Return the one training service of this server; its workers start in the background."""
    store = RunStore(runs_dir())
    connection = Connection(os.environ.get("AE_SCHEDULER", ""))
    connection.warm()
    made = TrainingService(store, connection)
    # Everything imported by now lives as long as the server: the collector need not look at it
    # again (165 ms of standstill a time, before).
    gc.collect()
    gc.freeze()
    watch(made)
    return made


@st.cache_resource(show_spinner=False)
def match_book() -> MatchBook:
    """Return the results of "match the target" on this server."""
    return MatchBook(service().store.root)


@st.cache_data(show_spinner=False, max_entries=64)
def speed() -> inference.Speed:
    """Return how fast this machine multiplies; measured once."""
    return service().connection.answer(inference.measure_speed)


@st.cache_resource(show_spinner=False, max_entries=FILMS)
def film(run_id: str, epochs: int) -> Film:
    """Return the moments of a run's first epochs, packed; without any it has no epochs.

    Args:
        run_id: of the run.
        epochs: how many are complete: what is remembered of a live run is soon out of date.
    """
    moments = [moment for moment in service().moments(run_id) if moment.epoch <= epochs]
    return film_of(moments) if moments else Film((), b"", b"")
