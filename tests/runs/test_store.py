"""A run folder tells the whole of a run or nothing, whatever happens while it is written."""

import errno
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.errors import Message, StorageError, UnknownThing
from ae_core.runs import store as store_module
from ae_core.runs.record import (
    ALWAYS,
    END_DAMAGED,
    INTERRUPTED,
    RunOutcome,
    RunRecord,
    new_record,
    new_run_id,
)
from ae_core.runs.store import RunStore
from ae_core.specs import PRESETS, preset
from tests.helpers.refusals import check, refused

FULL = "No space left on device"
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
    store.begin(begun)
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
    assert names_in(store.folder(done.id)) == [
        "history.json",
        "preview.png",
        "run.json",
        "spec.json",
        "weights.npz",
    ]


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
    reason=st.none() | st.builds(Message.of, st.just("verbatim"), text=st.text()),
    history=histories(),
)


@given(written=RECORDS)
@settings(deadline=None, max_examples=30)
def test_whatever_a_record_says_comes_back(tmp_path_factory, written):
    store = RunStore(tmp_path_factory.mktemp("runs"))
    store.finish(written, {})
    assert store.read(written.id) == written


def test_a_loss_that_was_no_number_comes_back(store):
    history = (HISTORY[0] | {"loss": math.nan},)
    failed = record().ended(RunOutcome("failed", Message.of("diverged", epoch=1), history))
    store.finish(failed, {})
    assert math.isnan(store.read(failed.id).history[0]["loss"])


def test_a_run_that_was_cut_off_says_so(store):
    begun = record()
    store.begin(begun)
    found = store.read(begun.id)
    assert (found.status, found.reason, found.history) == ("failed", INTERRUPTED, ())
    assert found.spec == begun.spec
    check(INTERRUPTED, "interrupted")


OLD_REASONS = {
    "": None,
    "Stopped in epoch 3.": Message.of("stopped", epoch=3),
    "Stopped before it began.": Message("stopped_waiting"),
    "Stopped after a pause of 15 minutes in epoch 2.": Message.of(
        "stopped_paused", epoch=2, minutes=15
    ),
    "Stopped in epoch 7: its time limit, max_seconds=60, was reached.": Message.of(
        "stopped_late", epoch=7, seconds=60
    ),
    "The loss became NaN (not a number) in epoch 1. The weights of the last good epoch are kept; "
    "try a smaller learning rate.": Message.of("diverged_at_once", epoch=1),
    "The worker process that trained this run died in epoch 12 (killed, or out of memory), as an "
    "earlier one had, and the run with it. A smaller network needs less memory: train again.": (
        Message.of("died", epoch=12)
    ),
    "The training service went away in epoch 4 for the second time, and the run with it. Train "
    "again.": Message.of("lost", epoch=4),
    "Training failed: MemoryError: no room": Message.of(
        "failed", kind="MemoryError", problem="no room"
    ),
    "mnist needs mnist.npz.": Message.of("verbatim", text="mnist needs mnist.npz."),
}


@pytest.mark.parametrize("sentence", OLD_REASONS)
def test_a_sentence_of_an_older_version_is_read_as_a_message(store, sentence):
    done = finished(store)
    end = {"status": "stopped", "reason": sentence, "epochs": []}
    (store.folder(done.id) / "history.json").write_text(json.dumps(end))
    reason = store.read(done.id).reason
    assert reason == OLD_REASONS[sentence]
    if reason is not None:
        check(reason, reason.key)


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
        lambda: store.begin(record(id="../../etc")),
        lambda: store.finish(record(id="../../etc"), {}),
    ):
        with pytest.raises(UnknownThing):
            ask()
    assert not store.root.exists()


@pytest.mark.parametrize("name", ["spec.json", "run.json", "history.json"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"epochs": 0}', b'{"created": 1}']
)
def test_a_file_that_does_not_read_costs_its_own_sentence(store, name, content):
    done = finished(store)
    (store.folder(done.id) / name).write_bytes(content)
    if name == "history.json":
        found = store.read(done.id)
        assert (found.status, found.reason, found.history) == ("failed", END_DAMAGED, ())
        assert found.spec == done.spec
        check(found.reason, "run_end_damaged")
    else:
        with refused("run_damaged", UnknownThing, id=done.id):
            store.read(done.id)


@pytest.mark.parametrize("spec", ['{"beta": null}', '{"epochs": 1%s}' % ("0" * 400)])
def test_a_run_whose_spec_is_absurd_is_damaged(store, spec):
    done = finished(store)
    (store.folder(done.id) / "spec.json").write_text(spec)
    with refused("run_damaged", UnknownThing, id=done.id):
        store.read(done.id)


# --- owners -----------------------------------------------------------------------------------


def owners(store):
    """(owner, id) of all runs, newest first."""
    return [(run.owner, run.id) for run in reversed(store.refs(store.ids()))]


def test_owners_come_newest_first(store):
    old, new, middle = (
        finished(store, owner=owner, created=created)
        for owner, created in (("a", 1.0), ("b", 3.0), ("a", 2.0))
    )
    assert owners(store) == [("b", new.id), ("a", middle.id), ("a", old.id)]


def test_a_store_that_is_not_there_yet_has_no_runs(store):
    assert owners(store) == []


ABOUT = {"id": "0123456789ab", "owner": "a", "created": 1.0, "preset": ""}
UNREADABLE = [
    b"",
    b"[]",
    b"null",
    b"\xff",
    b"{}",
    json.dumps(ABOUT | {"created": "yesterday"}).encode(),
    json.dumps(ABOUT | {"created": None}).encode(),
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_what_does_not_read_is_left_out_of_the_owners(store, content):
    done = finished(store)
    stray = store.root / "0123456789ab"
    stray.mkdir()
    (stray / "run.json").write_bytes(content)
    assert owners(store) == [("someone", done.id)]


# --- a full disk ------------------------------------------------------------------------------


class FullAfter:
    """A file that takes half of what is written, then says that the disk is full."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, FULL)


def no_room(monkeypatch, how):
    open_ = Path.open

    def refuse(*_):
        raise OSError(errno.ENOSPC, FULL)

    def open_full(path, mode="r", *args, **kwargs):
        if "w" not in mode:
            return open_(path, mode, *args, **kwargs)
        return refuse() if how == "open" else FullAfter(open_(path, mode, *args, **kwargs))

    if how in ("open", "write"):
        monkeypatch.setattr(Path, "open", open_full)
    else:
        owner, name = {"fsync": (os, "fsync"), "mkdir": (Path, "mkdir")}[how]
        monkeypatch.setattr(owner, name, lambda *args, **kwargs: refuse())


@pytest.mark.parametrize("how", ["open", "write", "fsync", "mkdir"])
def test_a_full_disk_is_told_and_leaves_no_half_file(store, monkeypatch, how):
    begun = record()
    no_room(monkeypatch, how)
    with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
        store.begin(begun)
    assert names_in(store.folder(begun.id)) == []


@pytest.mark.parametrize("how", ["open", "write", "fsync"])
def test_a_disk_that_fills_up_in_training_leaves_what_was_there(store, monkeypatch, how):
    begun = record()
    store.begin(begun)
    with monkeypatch.context() as patch:
        no_room(patch, how)
        with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
            store.finish(begun.ended(RunOutcome("finished", None, HISTORY)), FILES)
    assert names_in(store.folder(begun.id)) == ["run.json", "spec.json"]
    assert store.read(begun.id).reason == INTERRUPTED


def test_a_file_that_is_written_anew_stays_whole_on_a_full_disk(store, monkeypatch):
    done = finished(store)
    whole = {path.name: path.read_bytes() for path in store.folder(done.id).iterdir()}
    no_room(monkeypatch, "write")
    with pytest.raises(StorageError):
        store.finish(replace(done, owner="x" * 999), {"weights.npz": b"other weights"})
    with pytest.raises(StorageError):
        store.finish(replace(done, owner="x" * 999), {})
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in store.folder(done.id).iterdir()} == whole


@pytest.mark.parametrize("files_written", range(5))
def test_a_run_reads_as_cut_off_until_its_last_file_is_there(store, monkeypatch, files_written):
    begun = record()
    store.begin(begun)
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
    assert store.read(begun.id).reason == INTERRUPTED
    store.finish(done, FILES)  # the disk has room again
    assert store.read(begun.id) == done


def test_a_rename_that_fails_leaves_no_part(store, monkeypatch):
    def refuse(path, target):
        raise OSError(errno.ENOSPC, FULL)

    begun = record()
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StorageError):
        store.begin(begun)
    assert names_in(store.folder(begun.id)) == []


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    begun = record()
    with refused(
        "run_not_saved", StorageError, reason=Message.of("disk_refused", problem="Not a directory")
    ):
        RunStore(tmp_path / "runs").begin(begun)
