"""A run that is brought back: what is stored of it, and what stores nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ae_core.errors import ImageSetUnavailable, UserError
from ae_core.models import weights
from ae_core.runs.brought import MAX_AN_HOUR, bring_back
from ae_core.runs.ended_runs import EndedRuns
from ae_core.runs.housekeeping import Housekeeping, Retention
from ae_core.runs.store import RunStore
from tests.helpers.home_files import FILE
from tests.helpers.refusals import refused

ROWS = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 8, 1)).astype(np.uint8)


@pytest.fixture
def store(database, tmp_path) -> RunStore:
    return RunStore(tmp_path)


@pytest.fixture
def housekeeping(store) -> Housekeeping:
    return Housekeeping(store, Retention())


def brought(store, housekeeping, owner="ada", draw=lambda _: ROWS, file=FILE):
    return bring_back(store, housekeeping, file, owner, draw)


def test_its_weights_curves_and_pictures_are_there(store, housekeeping):
    run_id = brought(store, housekeeping)
    run = EndedRuns(store).snapshot(run_id)
    assert (run.spec, run.owner, run.preset) == (FILE.spec, "ada", FILE.preset)
    assert (run.status, run.history) == (FILE.status, FILE.history)
    assert run.reason is not None
    assert run.reason.key == "brought"
    np.testing.assert_array_equal(run.pictures, ROWS)
    kept = weights.from_bytes((store.folder(run_id) / "weights.npz").read_bytes())
    assert {name: array.tobytes() for name, array in kept.items()} == {
        name: array.tobytes() for name, array in FILE.weights.items()
    }
    assert [ref.id for ref in store.refs(["ada"])] == [run_id]
    assert housekeeping.usage("ada") > sum(array.nbytes for array in FILE.weights.values())


def test_the_model_that_is_drawn_is_the_one_that_is_stored(store, housekeeping):
    seen = []

    def draw(model):
        seen.append((model.spec, Path(model.path).read_bytes()))
        return ROWS

    run_id = brought(store, housekeeping, draw=draw)
    assert seen == [(FILE.spec, (store.folder(run_id) / "weights.npz").read_bytes())]


def test_without_its_pictures_here_it_has_none(store, housekeeping):
    def draw(model):
        raise ImageSetUnavailable("no_file")

    run = EndedRuns(store).snapshot(brought(store, housekeeping, draw=draw))
    assert run.pictures is None
    assert run.saved


def test_a_network_that_cannot_be_drawn_leaves_nothing(store, housekeeping):
    def draw(model):
        raise UserError("weights_gone")

    with refused("weights_gone"):
        brought(store, housekeeping, draw=draw)
    assert not store.refs(["ada"])
    assert not [path for path in store.root.iterdir() if path.is_dir()]


def test_a_visitor_brings_back_so_many_an_hour(store, housekeeping):
    for _ in range(MAX_AN_HOUR):
        brought(store, housekeeping)
    with refused("home_many", most=MAX_AN_HOUR):
        brought(store, housekeeping)
    assert len(store.refs(["ada"])) == MAX_AN_HOUR
    assert len([path for path in store.root.iterdir() if path.is_dir()]) == MAX_AN_HOUR
    brought(store, housekeeping, owner="bob")  # the bound is each one's own


def test_a_full_store_takes_none(store):
    with refused("store_full"):
        full = Housekeeping(store, Retention(store_gb=1e-6))
        for _ in range(3):
            brought(store, full)


def test_a_disk_that_refuses_leaves_nothing(store, housekeeping, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ae_core.runs.brought.atomic_write", refuse)
    with refused("run_not_saved"):
        brought(store, housekeeping)
    assert not store.refs(["ada"])


def test_a_stopped_run_stays_one(store, housekeeping):
    run_id = brought(store, housekeeping, file=replace(FILE, status="finished"))
    assert EndedRuns(store).snapshot(run_id).status == "finished"
