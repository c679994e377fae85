"""Visitors' own image sets: what is kept, who may change it, what is refused."""

import threading
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from ae_core.data import user_set_store as module
from ae_core.data.user_set_store import MAX_IMAGES, MAX_SETS, UserSetStore
from ae_core.errors import ImageSetCorrupt, NotYours, StorageError, UnknownThing
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import USER_SETS
from tests.helpers.refusals import refused


@pytest.fixture
def sets(database):
    return UserSetStore(database)


def pictures(count, side=28, seed=0, channels=1):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), np.uint8)


def test_what_was_added_comes_back_bit_by_bit_on_another_server(sets, database):
    made = sets.create("ada", "Digits", 28)
    first, second = pictures(3), pictures(2, seed=1)
    sets.add(made.id, first)
    after = sets.add(made.id, second)
    assert (after.name, after.owner, after.side, after.count) == ("Digits", "ada", 28, 5)
    with closing(Database(database.address)) as elsewhere:
        later = UserSetStore(elsewhere)
        assert later.get(made.id) == after
        about, images = later.read(made.id)
    assert about == after
    np.testing.assert_array_equal(images.pixels, np.concatenate([first, second]))
    assert images.numbers.tolist() == [0, 1, 2, 3, 4]


def test_a_row_holds_pixels_and_numbers_and_nothing_else(sets, database):
    made = sets.create("ada", "Digits", 28)
    sets.add(made.id, pictures(4))
    with database.reading() as connection:
        (row,) = connection.execute(select(USER_SETS)).mappings()
    about = {"id", "owner", "name", "created", "count", "next_number", "changes", "channels"}
    about |= {"used"}
    assert set(row) == about | {"pixels", "numbers"}
    assert bytes(row["pixels"]) == pictures(4).tobytes()
    assert bytes(row["numbers"]) == np.arange(4, dtype="<i8").tobytes()


def test_everybody_may_add_and_only_the_maker_may_take_away(sets):
    made = sets.create("ada", "Class 7b", 32)
    sets.add(made.id, pictures(2, 32))  # whoever knows the id
    for change in (
        lambda: sets.remove(made.id, 0, "bob"),
        lambda: sets.rename(made.id, "Mine", "bob"),
        lambda: sets.delete(made.id, "bob"),
    ):
        with refused("not_yours", NotYours):
            change()
    assert sets.get(made.id).count == 2
    assert sets.rename(made.id, "  Ours \n ", "ada").name == "Ours"
    assert sets.remove(made.id, 0, "ada").count == 1
    assert sets.remove(made.id, 0, "ada").count == 1  # gone already
    sets.delete(made.id, "ada")
    assert sets.mine("ada") == []


def test_a_deleted_set_is_unknown_at_once(sets):
    made = sets.create("ada", "Digits", 28)
    sets.delete(made.id, "ada")
    for look in (sets.get, sets.read, lambda i: sets.add(i, pictures(1))):
        with refused("unknown_set", UnknownThing, id=made.id):
            look(made.id)
    assert sets.mine("ada") == []


@pytest.mark.parametrize("set_id", ["", "../../etc", "28-xyz", "29-0123456789ab", "x" * 300])
def test_what_is_no_id_is_a_sentence_and_never_a_path(sets, set_id):
    with refused("unknown_set", UnknownThing, id=set_id):
        sets.get(set_id)


def test_two_visitors_see_their_own_sets_newest_first(sets, monkeypatch):
    times = iter(range(100, 200))
    monkeypatch.setattr(module.time, "time", lambda: float(next(times)))
    names = [sets.create("ada", name, 28).name for name in ("one", "two", "three")]
    sets.create("bob", "his", 28)
    assert [own.name for own in sets.mine("ada")] == names[::-1]
    assert [own.name for own in sets.mine("bob")] == ["his"]
    assert sets.mine("eve") == []


def test_ids_cannot_be_guessed(sets):
    ids = {sets.create(f"visitor {i}", "x", 28).id for i in range(20)}
    assert len(ids) == 20
    assert all(len(each) == len("28-") + 12 for each in ids)


@given(steps=st.lists(st.one_of(st.just("add"), st.integers(0, 20)), max_size=12))
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_number_is_never_used_again(sets, steps):
    made = sets.create("ada", "x", 28)
    kept = {}
    given_out = 0
    for step in steps:
        if step == "add":
            picture = pictures(1, seed=given_out)
            sets.add(made.id, picture)
            kept[given_out] = picture[0]
            given_out += 1
        else:
            sets.remove(made.id, step, "ada")
            kept.pop(step, None)
    images = sets.read(made.id)[1]
    assert images.numbers.tolist() == list(kept)
    assert all(
        (pixels == kept[number]).all() for number, pixels in zip(kept, images.pixels, strict=True)
    )
    sets.delete(made.id, "ada")


def test_a_class_that_adds_at_once_loses_nothing(sets):
    made = sets.create("ada", "Class", 28)
    threads = [
        threading.Thread(
            target=lambda n=n: [sets.add(made.id, pictures(1, seed=n)) for _ in "12345"]
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    images = sets.read(made.id)[1]
    assert images.numbers.tolist() == list(range(40))


# --- limits -----------------------------------------------------------------------------------


def test_a_set_holds_500_pictures_and_refuses_one_more_in_a_sentence(sets):
    made = sets.create("ada", "Digits", 28)
    sets.add(made.id, pictures(MAX_IMAGES - 1))
    with refused("set_full", count=501, most=500, room=1):
        sets.add(made.id, pictures(2))
    assert sets.add(made.id, pictures(1)).count == MAX_IMAGES


def test_a_visitor_has_a_number_of_sets_and_is_told_what_to_delete(sets):
    for number in range(MAX_SETS):
        sets.create("ada", f"set {number}", 28)
    with refused("too_many_sets", count=MAX_SETS + 1, most=MAX_SETS, name="set 0"):
        sets.create("ada", "one more", 28)
    sets.create("bob", "his", 28)


def test_all_sets_together_have_a_size_and_nothing_is_deleted_silently(sets, monkeypatch):
    mine = sets.create("ada", "Mine", 64)
    his = sets.create("bob", "His", 64)
    sets.add(mine.id, pictures(20, 64))
    sets.add(his.id, pictures(20, 64))
    monkeypatch.setattr(module, "MAX_BYTES", 40 * 64 * 64)
    for more in (lambda: sets.add(mine.id, pictures(1, 64)), lambda: sets.create("ada", "x", 28)):
        with refused("server_full_of_yours", names=("Mine",)):
            more()
    with refused("server_full"):  # who has no set can delete none
        sets.create("eve", "Hers", 64)
    for each in (mine, his):
        np.testing.assert_array_equal(sets.read(each.id)[1].pixels, pictures(20, 64))
    sets.remove(mine.id, 0, "ada")  # making room is always possible
    sets.add(his.id, pictures(1, 64))
    sets.delete(mine.id, "ada")
    sets.add(his.id, pictures(19, 64))


@given(kinds=st.lists(st.sampled_from([1, 3]), min_size=1, max_size=4))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_set_is_in_colour_from_its_first_coloured_picture_on(sets, kinds):
    made, shown = sets.create("ada", "x", 28), []
    assert made.channels == 1
    for number, channels in enumerate(kinds):
        added = pictures(2, seed=number, channels=channels)
        shown.append(added)
        now = sets.add(made.id, added)
        assert now == sets.get(made.id)
        assert now.channels == max(kinds[: number + 1])
    images = sets.read(made.id)[1]
    wanted = [np.broadcast_to(each, (2, 28, 28, max(kinds))) for each in shown]
    np.testing.assert_array_equal(images.pixels, np.concatenate(wanted))
    assert sets.remove(made.id, 0, "ada").channels == max(kinds)
    sets.delete(made.id, "ada")


def test_colour_counts_three_times_and_so_do_the_gray_ones_beside_it(sets, monkeypatch):
    made = sets.create("ada", "x", 28)
    sets.add(made.id, pictures(10))
    monkeypatch.setattr(module, "MAX_BYTES", 32 * 28 * 28)
    with refused("server_full_of_yours"):
        sets.add(made.id, pictures(1, channels=3))  # would make it 33
    assert sets.get(made.id).channels == 1
    sets.remove(made.id, 0, "ada")
    assert sets.add(made.id, pictures(1, channels=3)).count == 10  # 30
    with refused("server_full_of_yours"):
        sets.add(made.id, pictures(1))


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda s: s.create("ada", "", 28), "set_name"),
        (lambda s: s.create("ada", "\n\t\u202e", 28), "set_name"),
        (lambda s: s.create("ada", "x" * 41, 28), "set_name"),
        (lambda s: s.create("ada", "x", 30), "one_of"),
    ],
)
def test_what_is_not_allowed_is_refused(sets, make, key):
    with refused(key):
        make(sets)


def test_pictures_of_another_size_are_no_pictures_of_a_set(sets):
    with pytest.raises(ValueError, match=r"^pixels=.* must be \(N, 28, 28, C\) uint8$"):
        sets.add(sets.create("ada", "x", 28).id, pictures(1, 32))


# --- damaged rows, databases that refuse --------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        {"pixels": b""},
        {"pixels": pictures(3).tobytes()},
        {"numbers": b"123"},
        {"numbers": np.array([-1, 0]).tobytes()},
        {"numbers": np.array([0, 2**62]).tobytes()},
        {"numbers": np.array([1, 1]).tobytes()},
        {"count": 3},
        {"next_number": 1},
        {"changes": -1},
        {"created": 1e300},
    ],
)
def test_a_damaged_set_is_a_sentence_and_may_be_deleted(sets, database, caplog, damage):
    bad, good = sets.create("ada", "bad", 28), sets.create("ada", "good", 28)
    sets.add(bad.id, pictures(2))
    sets.add(good.id, pictures(2))
    with database.changing() as connection:
        connection.execute(update(USER_SETS).where(USER_SETS.c.id == bad.id).values(damage))
    for look in (
        sets.read,
        lambda i: sets.add(i, pictures(1)),
        lambda i: sets.remove(i, 0, "ada"),
    ):
        with refused("set_damaged", ImageSetCorrupt):
            look(bad.id)
    assert f"{bad.id} is damaged" in caplog.text
    assert sets.read(good.id)[0].count == 2
    sets.delete(bad.id, "ada")
    assert [own.name for own in sets.mine("ada")] == [good.name]


def test_a_change_that_fails_in_the_middle_changes_nothing(sets, monkeypatch):
    made = sets.create("ada", "Digits", 28)
    sets.add(made.id, pictures(2))
    before = sets.get(made.id)

    def broken(connection, table, row):
        upsert(connection, table, row)
        raise StorageError("database_unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(module, "upsert", broken)
        for change in (
            lambda: sets.add(made.id, pictures(2)),
            lambda: sets.remove(made.id, 0, "ada"),
            lambda: sets.create("ada", "x", 28),
        ):
            with refused("database_unavailable", StorageError):
                change()
    assert sets.mine("ada") == [before]
    assert sets.read(made.id)[1].numbers.tolist() == [0, 1]


# --- housekeeping ----------------------------------------------------------------------------


def test_a_set_that_nobody_uses_is_deleted_in_the_end_and_no_other_one(sets, monkeypatch):
    days, now = 200, [1e9]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    looked_at, changed, lost = (sets.create("ada", f"set {n}", 28).id for n in range(3))
    now[0] += 199 * module.DAY
    assert sets.tidy(days) == 0
    assert sets.get(looked_at).count == 0
    sets.add(changed, pictures(1))
    now[0] += 2 * module.DAY
    kept = sets.create("bob", "new", 28).id
    assert sets.tidy(days) == 1
    for each in (kept, looked_at, changed):
        assert sets.get(each).id == each
    with refused("unknown_set", UnknownThing, id=lost):
        sets.get(lost)


def test_a_look_at_a_set_is_noted_once_a_day(sets, database, monkeypatch):
    now = [1e9]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    made = sets.create("ada", "Digits", 28)

    def noted():
        with database.reading() as connection:
            return connection.scalars(select(USER_SETS.c.used)).one()

    now[0] += module.DAY - 1
    assert sets.get(made.id) == made
    assert noted() == 1e9
    now[0] += 1
    assert sets.get(made.id) == made
    assert noted() == now[0]


def test_a_database_that_is_read_only_still_shows_a_set(sets, monkeypatch):
    made = sets.create("ada", "Digits", 28)
    monkeypatch.setattr(module.time, "time", lambda: made.created + 2 * module.DAY)

    def refuse():
        raise StorageError("disk_full")

    monkeypatch.setattr(sets._database, "changing", refuse)
    assert sets.get(made.id) == made
