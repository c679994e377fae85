"""The training service, the classes and the match results of this server, for all visitors."""

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np
import streamlit as st

from ae_core.classroom.entrance import Entrance
from ae_core.classroom.service import ClassroomService
from ae_core.classroom.wall import Wall
from ae_core.data.user_set_store import UserSetStore
from ae_core.errors import UnknownThing
from ae_core.latent.match_results import MatchResultStore
from ae_core.runs.replay import ReplaySheet, pack_frames
from ae_core.runs.snapshot import Snapshot
from ae_core.service.service import TrainingService
from ae_core.specs import ImageChoice
from ae_core.storage.database import database_in
from ae_core.storage.files import runs_dir
from ae_core.takeover.store import open_store
from ae_core.training import estimate
from ae_core.workers.connection import Connection
from pages.ui.backend.caching import uncached_for_user_sets
from pages.ui.backend.prometheus import Provider
from pages.ui.streamlit_adapter import UploadedFile, drop_upload, register_metrics
from pages.ui.widgets.images import contact_sheet

P = ParamSpec("P")
T = TypeVar("T")
EVALUATION_SECONDS = 90.0  # on a machine of two cores that trains, the slowest take 20
SHEETS = 64  # cached image sheets of runs that several visitors may watch
_made: list[TrainingService] = []  # none until the first page
FILMS = 16  # cached replays, up to 2 MB each


@st.cache_resource(show_spinner=False)
def service() -> TrainingService:
    """Return the one training service of this server; its workers start in the background."""
    store = open_store(runs_dir())
    # `autoencoder-lab serve` ends its workers with its servers.
    ends = bool(os.environ.get("AE_SCHEDULER_ENDS"))
    connection = Connection(os.environ.get("AE_SCHEDULER", ""), ends=ends)
    connection.warm()
    made = TrainingService(store, connection)
    days = made.housekeeping.retention.days
    sets = partial(UserSetStore(store.database).tidy, days)
    made.housekeeping.before.extend((ClassroomService(store.database).tidy, sets))
    register_metrics(Provider(made))
    _made.append(made)
    return made


def database_answers() -> bool:
    """Return whether the database of this server answers now."""
    return database_in(runs_dir()).answers()


def shut_down() -> None:
    """Stop and store the runs of this server's own workers, if it has been asked for any."""
    for made in _made:
        made.shut_down()


def answer(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in an ``infer`` worker; see `Connection.answer`."""
    return service().connection.answer(function, *args, **kwargs)


def read_upload(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that reads a visitor's file; see `Connection.read_upload`."""
    return service().connection.read_upload(function, *args, **kwargs)


def take_upload(file: UploadedFile) -> bytes:
    """Return the content of an uploaded file, which Streamlit keeps no longer."""
    content = file.getvalue()
    drop_upload(file)
    return content


def evaluate(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that works on many images, with a longer deadline than `answer`."""
    return service().connection.answer_within(EVALUATION_SECONDS, function, *args, **kwargs)


def snapshots_of(ids: list[str]) -> list[Snapshot]:
    """Return the runs with these ids, without deleted ones."""
    found = []
    for run_id in ids:
        try:
            found.append(service().snapshot(run_id))
        except UnknownThing:
            continue
    return found


@st.cache_resource(show_spinner=False)
def match_results() -> MatchResultStore:
    """Return this server's store of "match the target" results."""
    return MatchResultStore(service().store.database)


@st.cache_resource(show_spinner=False)
def classroom_service() -> ClassroomService:
    """Return the service for this server's classes."""
    return ClassroomService(service().store.database)


@st.cache_resource(show_spinner=False)
def class_entrance() -> Entrance:
    """Return the bounded way to this server's classes."""
    return Entrance(classroom_service())


@st.cache_resource(show_spinner=False)
def class_wall() -> Wall:
    """Return the walls of this server's classes."""
    return Wall(service())


@st.cache_data(show_spinner=False, max_entries=64)
def speed() -> estimate.Speed:
    """Return the speed of this machine, measured once."""
    return evaluate(estimate.measure_speed)


def run_sheet(snapshot: Snapshot, rows: np.ndarray) -> bytes:
    """Return a run's images (R, N, H, W, C) at its epoch as PNG, the second half below."""
    return _run_sheet(snapshot.spec.images, snapshot.id, snapshot.epoch, rows)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=SHEETS))
def _run_sheet(_images: ImageChoice, run_id: str, epoch: int, _rows: np.ndarray) -> bytes:
    half = _rows.shape[1] // 2
    return contact_sheet(np.concatenate([_rows[:, :half], _rows[:, half : 2 * half]]))


@st.cache_resource(show_spinner=False, max_entries=FILMS)
def replay_sheet(run_id: str, epochs: int) -> ReplaySheet:
    """Return the packed frames of a run's first epochs, without epochs if there are none.

    Args:
        run_id: the run's id.
        epochs: the number of complete epochs; part of the cache key, because a live run changes.
    """
    frames = [frame for frame in service().frames(run_id) if frame.epoch <= epochs]
    return pack_frames(frames) if frames else ReplaySheet((), b"", b"")


def measure_time(name: str, draw: Callable[..., None], *args: Any) -> None:
    """Draw something and record the duration, even after an error.

    Args:
        name: the name of the page, or of its part that reruns separately.
        draw: the function that draws it.
        args: its arguments.
    """
    started = time.perf_counter()
    try:
        draw(*args)
    finally:
        service().metrics.observe_page(name, time.perf_counter() - started)
