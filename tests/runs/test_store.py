"""The store tells the whole of a run or nothing, whatever happens while it is written."""

import errno
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ae_core.errors import Message, StorageError, UnknownThing
from ae_core.runs import store as store_module
from ae_core.runs.record import (
    ALWAYS,
    END_DAMAGED,
    RunOutcome,
    RunRecord,
    new_record,
    new_run_id,
)
from ae_core.runs.store import RunStore
from ae_core.specs import PRESETS, preset
from ae_core.storage.tables import RUNS
from tests.helpers.full_disk import FULL, no_room
from tests.helpers.refusals import check, refused

HISTORY = (
    {"loss": 0.5, "psnr": 3.0, "seconds": 1.25},
    {"loss": 0.1 + 0.2, "psnr": math.inf, "seconds": 1e-9},
)
FILES = {"weights.npz": b"weights", "preview.png": b"preview"}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def record(name="mnist-vae", owner="someone", **fields):
    return replace(new_record(preset(name), name, owner), **fields)


def finished(store, **fields):
    begun = record(**fields)
    store.begin([begun])
    done = begun.ended(RunOutcome("finished", None, HISTORY))
    store.finish(done, FILES)
    return done


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# --- there and back ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_finished_run_comes_back(store, name):
    done = finished(store, name=name)
    assert store.read(done.id) == done
    assert store.file(done.id, "weights.npz") == b"weights"
    assert store.file(done.id, "map.npz") is None
    assert names_in(store.folder(done.id)) == ["preview.png", "weights.npz"]


NUMBERS = st.floats(allow_nan=False)


@st.composite
def histories(draw):
    """Up to three epochs with the same metrics, among them those that every epoch has."""
    names = {*ALWAYS, *draw(st.sets(st.text(), max_size=3))}
    epoch = st.fixed_dictionaries(dict.fromkeys(sorted(names), NUMBERS))
    return tuple(draw(st.lists(epoch, max_size=3)))


RECORDS = st.builds(
    RunRecord,
    id=st.integers(0, 16**12 - 1).map("{:012x}".format),
    spec=st.sampled_from(list(PRESETS.values())),
    preset=st.text(),
    owner=st.text(),
    created=st.floats(0, 1e10),
    status=st.sampled_from(["finished", "stopped", "failed"]),
    reason=st.none() | st.builds(Message.of, st.just("verbatim"), text=st.text(min_size=1)),
    history=histories(),
)


@given(written=RECORDS)
@settings(max_examples=30)
def test_whatever_a_record_says_comes_back(tmp_path_factory, written):
    store = RunStore(tmp_path_factory.mktemp("runs"))
    store.insert([written])
    assert store.read(written.id) == written


def test_a_loss_that_was_no_number_comes_back(store):
    history = (HISTORY[0] | {"loss": math.nan},)
    failed = record().ended(RunOutcome("failed", Message.of("diverged", epoch=1), history))
    store.insert([failed])
    assert math.isnan(store.read(failed.id).history[0]["loss"])


def test_a_run_waits_until_it_ends_once(store):
    begun = record()
    store.begin([begun], "here")
    assert store.read(begun.id) == begun
    assert not store.has_ended(begun.id)
    done = begun.ended(RunOutcome("finished", None, HISTORY))
    assert store.finish(done, FILES)
    assert store.has_ended(begun.id)
    stopped = begun.ended(RunOutcome("stopped", Message.of("stopped", epoch=1)))
    assert not store.finish(stopped, {})
    assert store.read(begun.id) == done


def test_ids_cannot_be_guessed_and_are_ids():
    ids = {new_run_id() for _ in range(200)}
    assert len(ids) == 200
    store = RunStore(Path("runs"))
    assert {store.folder(run_id).name for run_id in ids} == ids


# --- unknown runs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run_id",
    [
        *["../../etc", "..", ".", "", "/etc/passwd", "a" * 11, "a" * 13, "A" * 12, "a" * 12 + "\n"],
        *["0123456789ab/../x", "..%2f..%2fetc", "\0" * 12, "٣" * 12, "x" * 900, "0123456789ab"],
    ],
)
def test_what_is_not_the_id_of_a_run_is_unknown(store, tmp_path, run_id):
    (tmp_path / "etc").mkdir()
    well_formed = run_id == "0123456789ab"
    for ask in (store.read,) if well_formed else (store.read, store.folder):
        with refused("unknown_run", UnknownThing, id=run_id):
            ask(run_id)


@given(st.text())
def test_no_text_leads_out_of_the_store(text):
    root = Path("/srv/runs")
    try:
        folder = RunStore(root).folder(text)
    except UnknownThing:
        return
    assert folder.resolve().parent == root


def test_a_path_is_no_id_for_any_question(store):
    for ask in (
        lambda: store.folder("../../etc"),
        lambda: store.file("../../etc", "passwd"),
        lambda: store.begin([record(id="../../etc")]),
        lambda: store.finish(record(id="../../etc"), {}),
    ):
        with pytest.raises(UnknownThing):
            ask()
    assert not store.root.exists()


# --- owners, sweeps, image sets ---------------------------------------------------------------


def test_the_runs_of_some_visitors_come_newest_first(store):
    old, new, middle, _ = (
        finished(store, owner=owner, created=created)
        for owner, created in (("a", 1.0), ("b", 3.0), ("a", 2.0), ("c", 4.0))
    )
    found = [(run.owner, run.id) for run in store.refs(["a", "b", "d"])]
    assert found == [("b", new.id), ("a", middle.id), ("a", old.id)]


def test_a_store_that_is_not_there_yet_has_no_runs(store):
    assert store.refs(["a"]) == []
    assert store.refs([]) == []


def test_a_sweep_has_its_runs_in_training_order_and_a_single_run_has_none(store):
    records = [record(sweep="0123456789ab", created=1.0) for _ in range(5)]
    store.begin(records)
    finished(store)
    assert [run.id for run in store.sweep("0123456789ab")] == [each.id for each in records]
    assert store.sweep("") == store.sweep("ffffffffffff") == []


def test_all_runs_on_an_image_set_are_found(store):
    faces, digits = finished(store, name="faces-vae"), finished(store, name="digits-dense")
    for done in (faces, digits):
        (found,) = store.trained_on(done.spec.image_set)
        assert found.id == done.id


# --- a damaged row ----------------------------------------------------------------------------

TEXTS = ["", "{", "[]", "7", '{"epochs": 0}', "[" * 100_000, '{"beta": null}']
TEXTS.append('{"epochs": 1%s}' % ("0" * 400))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("column", ["spec_json", "history_json", "reason_json"])
def test_a_text_that_does_not_read_costs_its_own_sentence(store, column, text):
    done = finished(store)
    if column == "history_json" and text == "[]":
        return
    change(store, done, **{column: text})
    if column == "spec_json":
        with refused("run_damaged", UnknownThing, id=done.id):
            store.read(done.id)
    else:
        found = store.read(done.id)
        assert (found.status, found.reason, found.history) == ("failed", END_DAMAGED, ())
        assert found.spec == done.spec
        check(found.reason, "run_end_damaged")


def test_a_status_that_nobody_knows_is_a_damaged_end(store):
    done = finished(store)
    change(store, done, status="on fire")
    assert store.read(done.id).reason == END_DAMAGED


@pytest.mark.parametrize("created", [math.inf, -1.0, 1e300])
def test_a_time_that_no_calendar_has_is_a_damaged_run(store, created):
    done = finished(store)
    change(store, done, created=created)
    with refused("run_damaged", UnknownThing, id=done.id):
        store.read(done.id)


def change(store, run, **columns):
    with store.database.changing() as connection:
        connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(columns))


# --- a full disk ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["open", "write", "fsync"])
def test_a_disk_that_fills_up_in_training_leaves_what_was_there(store, monkeypatch, how):
    begun = record()
    store.begin([begun])
    with monkeypatch.context() as patch:
        no_room(patch, how)
        with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
            store.finish(begun.ended(RunOutcome("finished", None, HISTORY)), FILES)
    assert names_in(store.folder(begun.id)) == []
    assert store.read(begun.id) == begun


def test_a_file_that_is_written_anew_stays_whole_on_a_full_disk(store, monkeypatch):
    done = finished(store)
    whole = {path.name: path.read_bytes() for path in store.folder(done.id).iterdir()}
    no_room(monkeypatch, "write")
    with pytest.raises(StorageError):
        store.finish(replace(done, owner="x" * 999), {"weights.npz": b"other weights"})
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in store.folder(done.id).iterdir()} == whole


@pytest.mark.parametrize("files_written", range(2))
def test_a_run_has_not_ended_until_its_last_file_is_there(store, monkeypatch, files_written):
    begun = record()
    store.begin([begun])
    done = begun.ended(RunOutcome("finished", None, HISTORY))
    write, left = store_module.atomic_write, iter(range(files_written))
    with monkeypatch.context() as patch:

        def write_some(path, data):
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, FULL)
            write(path, data)

        patch.setattr(store_module, "atomic_write", write_some)
        with pytest.raises(StorageError):
            store.finish(done, FILES)
    assert store.read(begun.id) == begun
    store.finish(done, FILES)  # the disk has room again
    assert store.read(begun.id) == done


def test_a_folder_that_cannot_be_made_refuses_all_runs(store, monkeypatch):
    first, second = record(), record()
    make = Path.mkdir

    def refuse(path, *args, **kwargs):
        if path.name == second.id:
            raise OSError(errno.ENOSPC, FULL)
        make(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
        store.begin([first, second])
    assert not store.folder(first.id).exists()
    with refused("unknown_run", UnknownThing, id=first.id):
        store.read(first.id)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    problem = Message.of("disk_refused", problem="Not a directory")
    with refused("run_not_saved", StorageError, reason=problem):
        RunStore(tmp_path / "runs").begin([record()])
