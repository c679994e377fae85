"""What a run's folder keeps of a snapshot, and the time that is left."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import Message
from ae_core.models.compatibility import image_shape
from ae_core.runs.record import RunOutcome, RunRecord, new_record
from ae_core.runs.snapshot import LIVE, CodeMap, Snapshot, files_of, restored
from ae_core.runs.store import RunStore
from ae_core.specs import PRESETS, change, preset

HISTORY = (
    {"loss": 1.0, "psnr": 3.0, "seconds": 9.0},
    {"loss": 0.5, "psnr": 6.0, "seconds": 1.0},
)


def snapshot_of(record, **fields):
    return Snapshot(
        record.id,
        record.spec,
        record.preset,
        record.owner,
        record.status,
        record.reason,
        history=record.history,
        **fields,
    )


def random_rows(rows, spec, count=8):
    shape = (rows, count, *image_shape(spec))
    return np.random.default_rng(rows).integers(0, 256, shape, np.uint8)


def same(a, b):
    """Equal field by field, arrays by their values."""
    maps = (a.map, b.map)
    if None not in maps:
        assert np.array_equal(a.map.codes, b.map.codes)
        assert a.map.codes.dtype == b.map.codes.dtype
        assert (a.map.labels, a.map.names) == (b.map.labels, b.map.names)
    else:
        assert maps == (None, None)
    if a.pictures is None or b.pictures is None:
        assert a.pictures is b.pictures
    else:
        assert a.pictures.dtype == b.pictures.dtype == np.uint8
        assert np.array_equal(a.pictures, b.pictures)
    return replace(a, map=None, pictures=None) == replace(b, map=None, pictures=None)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("rows", [2, 3])
def test_an_ended_run_comes_back_from_its_files(name, rows):
    spec = preset(name)
    record = new_record(spec, name, "someone").ended(
        RunOutcome("stopped", Message.of("stopped", epoch=3), HISTORY)
    )
    before = snapshot_of(record, pictures=random_rows(rows, spec), saved=True)
    assert same(restored(record, files_of(before).get, saved=True), before)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.tuples(FINITE, st.integers(0, 9)), max_size=30),
    st.lists(st.text(), min_size=10, max_size=10),
)
def test_the_map_of_codes_comes_back(points, names):
    codes = np.array([[code, -code] for code, _ in points], np.float32).reshape(-1, 2)
    code_map = CodeMap(codes, tuple(label for _, label in points), tuple(names))
    record = new_record(preset("mnist-vae-2d"), "mnist-vae-2d", "")
    before = snapshot_of(record, map=code_map)
    assert same(restored(record, files_of(before).get, saved=False), before)


def test_a_run_without_pictures_keeps_none():
    record = new_record(preset("digits-dense"), "digits-dense", "")
    before = snapshot_of(record)
    assert files_of(before) == {}
    after = restored(record, {}.get, saved=False)
    assert same(after, before)
    assert not after.saved


def test_the_way_through_the_store(tmp_path):
    spec = change(preset("digits-dense"), latent_dim=2, image_size=16)
    store = RunStore(tmp_path)
    begun = new_record(spec, "digits-dense", "someone")
    record = begun.ended(RunOutcome("finished", None, HISTORY))
    code_map = CodeMap(np.ones((5, 2), np.float32), (0, 1, 2, 1, 0), ("null", "eins", "zwölf"))
    before = snapshot_of(record, pictures=random_rows(2, spec), map=code_map)
    store.begin([begun])
    store.finish(record, files_of(before))
    after = restored(store.read(record.id), lambda name: store.file(record.id, name), saved=False)
    assert same(after, before)


def test_a_run_of_which_only_the_record_is_left():
    record = RunRecord("0" * 12, preset("digits-dense"), "digits-dense", "", 0.0, "failed")
    after = restored(record, {}.get, saved=False)
    assert (after.status, after.reason) == (record.status, record.reason)
    assert (after.pictures, after.map, after.live) == (None, None, False)


# --- while it trains ------------------------------------------------------------------------


def at(seconds, epochs=100, status="running"):
    spec = change(preset("digits-dense"), epochs=epochs)
    return Snapshot(
        "0" * 12, spec, "", "", status, history=tuple({"seconds": one} for one in seconds)
    )


def test_no_time_is_promised_before_the_second_epoch():
    assert at([]).seconds_left is None
    assert at([30.0]).seconds_left is None


def test_the_first_epoch_which_builds_the_graph_is_not_counted():
    assert at([30.0, 2.0]).seconds_left == pytest.approx(98 * 2.0)


def test_the_last_five_epochs_count():
    assert at([30.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0]).seconds_left == pytest.approx(92 * 3.0)


def test_no_time_is_left_at_the_end():
    assert at([1.0] * 100).seconds_left == 0


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=50))
def test_the_time_left_is_between_the_quickest_and_the_slowest_epoch(seconds):
    snapshot = at(seconds)
    assert snapshot.epoch == len(seconds)
    a_epoch = snapshot.seconds_left / (100 - len(seconds))
    assert min(seconds[1:]) * 0.999 <= a_epoch <= max(seconds[1:]) * 1.001


@pytest.mark.parametrize("status", ["finished", "stopped", "failed", *LIVE])
def test_live_means_not_ended(status):
    assert at([], status=status).live == (status not in ("finished", "stopped", "failed"))
