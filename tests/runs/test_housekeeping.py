"""What housekeeping deletes: properties of the choice, then real runs in a real store."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from ae_core.errors import UserError
from ae_core.runs import housekeeping
from ae_core.runs.housekeeping import (
    DAY,
    GB,
    MB,
    YOUNG,
    Housekeeping,
    Retention,
    StoredRun,
    store_limit,
    to_delete,
)
from ae_core.runs.record import RunOutcome, new_record
from ae_core.runs.store import UNDO_SECONDS, RunStore
from ae_core.specs import preset
from ae_core.storage.tables import CLASSES, RUNS, STUDENTS
from tests.helpers.refusals import refused

NOW = 1e9


@st.composite
def runs(draw):
    return [
        StoredRun(
            NOW - draw(st.floats(0, 300)) * DAY,
            f"{number:012x}",
            draw(st.sampled_from(["ada", "bob", "eve"])),
            int(draw(st.floats(0, 400)) * MB),
            draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 20)))
    ]


RETENTIONS = st.builds(Retention, st.floats(1, 300), st.floats(1, 1000), st.floats(0.001, 3))


@given(runs(), RETENTIONS, st.floats(0, 5e9))
def test_the_oldest_free_runs_go_and_no_more_than_needed(runs, retention, room):
    gone = to_delete(runs, retention, NOW, room)
    left = [run for run in runs if run.id not in gone]
    assert all(run.free for run in runs if run.id in gone)
    assert not any(run.free and run.created < NOW - retention.days * DAY for run in left)
    total = sum(run.bytes for run in runs)
    most = store_limit(retention, total, room)
    for owner in {run.owner for run in runs}:
        mine = sorted(run for run in runs if run.owner == owner)
        kept = [run for run in mine if run.id not in gone]
        size = sum(run.bytes for run in kept)
        young_enough = [run for run in mine if run.created >= NOW - retention.days * DAY]
        assert size <= retention.visitor_mb * MB or not any(run.free for run in kept[:-1])
        # Nobody loses a young run to others, nor the last one.
        for run in young_enough:
            if run.id in gone and run.created >= NOW - YOUNG:
                later = [each for each in young_enough if each.created >= run.created]
                assert (
                    sum(each.bytes for each in later)
                    + sum(each.bytes for each in kept if each.created < run.created)
                    > retention.visitor_mb * MB
                )
            if run.id in gone:
                assert kept
    if sum(run.bytes for run in left) > most:
        assert not any(
            run.free and run.created < NOW - YOUNG
            for owner in {run.owner for run in left}
            for run in sorted(each for each in left if each.owner == owner)[:-1]
        )


@given(runs())
def test_nothing_goes_without_a_reason(runs):
    assert to_delete(runs, Retention(1000, 1e6, 1e6), NOW, 1e15) == set()


def test_who_holds_most_loses_first_and_nobody_a_young_run():
    def made(number, owner, days, size):
        return StoredRun(NOW - days * DAY, f"{number:012x}", owner, int(size * MB), free=True)

    big = [made(i, "ada", 100 - i, 100) for i in range(5)]
    small = [made(10 + i, "bob", 150 - i, 10) for i in range(5)]
    young = [made(20 + i, "eve", 29, 100) for i in range(9)]
    all_runs = [*big, *small, *young]
    retention = Retention(200, 1000, store_gb=1.25)
    assert to_delete(all_runs, retention, NOW, 1e15) == {big[0].id, big[1].id}


def test_the_store_takes_no_more_than_half_of_the_disk():
    assert store_limit(Retention(), 0, 10 * GB) == 5 * GB
    assert store_limit(Retention(), 30 * GB, 100 * GB) == 20 * GB


# --- real runs --------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


def finished(store, owner="ada", size=1000, **fields):
    begun = replace(new_record(preset("digits-dense"), "", owner), **fields)
    store.begin([begun])
    store.finish(begun.ended(RunOutcome("finished")), {"weights.npz": bytes(size)})
    return begun.id


def there(store):
    return {run.id for run in store.refs(["ada", "bob"])}


def test_a_deletion_is_undone_for_a_minute_and_then_it_is_for_ever(store, monkeypatch):
    first, second = finished(store), finished(store)
    assert not store.delete(first, "bob")
    assert store.delete(first, "ada")
    assert store.delete(second, "ada")
    assert there(store) == set()
    keeper = Housekeeping(store, Retention())
    assert keeper.tidy() == 0
    assert not store.restore(first, "bob")
    assert store.restore(first, "ada")
    assert there(store) == {first}
    later = time.time() + UNDO_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert not store.restore(second, "ada")
    assert keeper.tidy() == 1
    assert (store.folder(first).exists(), store.folder(second).exists()) == (True, False)
    with store.database.reading() as connection:
        assert connection.execute(select(RUNS.c.id)).scalars().all() == [first]


def test_a_run_that_has_not_ended_is_not_deleted(store):
    begun = new_record(preset("digits-dense"), "", "ada")
    store.begin([begun])
    assert not store.delete(begun.id, "ada")


def test_a_run_that_is_kept_or_on_the_wall_of_an_open_class_stays(store):
    old = time.time() - 300 * DAY
    gone, kept, shown, left = (
        finished(store, owner, created=old) for owner in ("ada", "ada", "bob", "eve")
    )
    store.keep(kept, "bob", True)
    assert not store.is_kept(kept)
    store.keep(kept, "ada", True)
    assert store.is_kept(kept)
    with store.database.changing() as connection:
        columns = {"key": "", "created": old, "used": old, "limits_json": "", "challenge_json": ""}
        row = {column.name: column.type.python_type() for column in CLASSES.c}
        connection.execute(CLASSES.insert(), row | {"code": "ABCDE"} | columns)
        for visitor in ("bob", "eve"):
            student = {column.name: column.type.python_type() for column in STUDENTS.c}
            student |= {"code": "ABCDE", "visitor": visitor, "joined": old - 1, "nickname": visitor}
            connection.execute(STUDENTS.insert(), student | {"left": visitor == "eve"})
    assert Housekeeping(store, Retention()).tidy() == 2
    assert there(store) == {kept, shown}
    assert not store.folder(gone).exists()
    assert not store.folder(left).exists()


def test_room_is_made_before_a_run_or_it_is_refused(store, monkeypatch):
    ids = [finished(store, size=300_000, created=time.time() - 10 + i) for i in range(4)]
    keeper = Housekeeping(store, Retention(visitor_mb=1.0))
    assert keeper.usage("ada") == 1_200_000
    keeper.make_room("ada")
    assert there(store) == set(ids[1:])  # the oldest of hers went
    full = Housekeeping(store, Retention(store_gb=0.0005))
    with refused("store_full", UserError, most=0):
        full.make_room("bob")
    assert there(store) == set(ids[1:])  # nobody loses a young run
    with store.database.changing() as connection:
        connection.execute(update(RUNS).values(created=time.time() - 31 * DAY))
    monkeypatch.setattr(housekeeping.Housekeeping, "_room", lambda self: 10**12)
    Housekeeping(store, Retention(store_gb=0.0007)).make_room("bob")
    assert len(there(store)) == 2


def test_the_operator_sets_the_bounds(monkeypatch):
    monkeypatch.setenv("AE_KEEP_DAYS", "30")
    monkeypatch.setenv("AE_VISITOR_MB", "0.5")
    assert Retention.of_environment() == Retention(30.0, 0.5, 20.0)
    for text in ("0", "many", "-1", "nan"):
        monkeypatch.setenv("AE_STORE_GB", text)
        with pytest.raises(UserError) as raised:
            Retention.of_environment()
        assert raised.value.values["name"] == "AE_STORE_GB"
