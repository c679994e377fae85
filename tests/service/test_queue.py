"""Whose turn it is: properties of the order, and of the files in which all servers share it."""

import json
import threading
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import StorageError
from ae_core.service.queue import STARVATION_BOUND, Entry, TrainingQueue
from ae_core.service.queue_store import QueueStore
from tests.helpers.refusals import refused

OWNERS = ("ada", "bob", "eve", "max")


@st.composite
def runs(draw):
    """Runs of four visitors, some of them in sweeps, that came in any order."""
    entries = []
    for number in range(draw(st.integers(1, 14))):
        owner = draw(st.sampled_from(OWNERS))
        sweep = draw(st.sampled_from(["", "", f"{owner}-1", f"{owner}-2"]))
        entered = float(draw(st.integers(0, 3000)))
        entries.append(Entry(f"{number:012x}", owner, sweep, entered, number))
    return tuple(entries)


turns = st.dictionaries(st.sampled_from(OWNERS), st.floats(0, 3000), max_size=4)


def with_started(queue, entry, now):
    """The queue in which a waiting run trains since ``now``."""
    left = tuple(other for other in queue.waiting if other is not entry)
    started = replace(entry, attempt=1)
    served = {**(queue.last_served or {}), entry.owner: now}
    return TrainingQueue(left, (*queue.training, started), served)


def ready(queue, entry):
    """Whether a waiting run is not held back by its own sweep."""
    return not entry.sweep or entry.sweep not in {other.sweep for other in queue.training}


@given(runs(), turns, st.integers(1, 4), st.randoms())
def test_everybody_is_served_and_nobody_twice_while_another_waits(waiting, served, slots, random):
    queue, now, started = TrainingQueue(waiting, (), served), 4000.0, []
    since: dict[str, list[str]] = {}  # who was served since a visitor began to wait for a turn
    while queue.waiting or queue.training:
        if len(queue.training) < slots and (entry := queue.next()) is not None:
            queue = with_started(queue, entry, now)
            started.append(entry.id)
            since.pop(entry.owner, None)
            kept_waiting = {e.owner for e in queue.waiting if ready(queue, e)} - {entry.owner}
            for owner in {e.owner for e in queue.waiting} - {entry.owner}:
                if owner in kept_waiting:
                    since.setdefault(owner, []).append(entry.owner)
                else:
                    since.pop(owner, None)
            for others in since.values():
                assert max(Counter(others).values()) == 1
            now += 1
        else:
            assert queue.training, "nothing trains and nothing starts"
            done = random.choice(queue.training)
            left = tuple(e for e in queue.training if e is not done)
            queue = replace(queue, training=left)
    assert sorted(started) == sorted(entry.id for entry in waiting)


@given(runs(), turns)
def test_the_place_is_the_place_in_which_a_run_really_starts(waiting, served):
    queue, now, started = TrainingQueue(waiting, (), served), 4000.0, []
    foreseen = queue.forecast(1, {entry.id: 1.0 for entry in waiting}, now)
    while (entry := queue.next()) is not None:
        started.append(entry.id)
        queue = replace(with_started(queue, entry, now), training=())
        now += 1
    assert sorted(foreseen, key=lambda run: foreseen[run].place) == started
    assert [foreseen[run].place for run in started] == list(range(1, len(started) + 1))
    assert [foreseen[run].seconds for run in started] == [float(i) for i in range(len(started))]


@given(runs(), st.integers(1, 3))
def test_of_one_visitor_the_first_run_comes_first(waiting, slots):
    mine = tuple(replace(entry, owner="ada", sweep="") for entry in waiting)
    places = TrainingQueue(mine).forecast(slots, {}, 0.0)
    order = sorted(mine, key=lambda entry: (entry.entered, entry.number))
    assert [places[entry.id].place for entry in order] == list(range(1, len(mine) + 1))


def test_who_had_a_turn_goes_after_who_had_none_although_he_came_first():
    early, late = Entry("a" * 12, "ada", "", 1000.0), Entry("b" * 12, "bob", "", 1200.0)
    assert TrainingQueue((early, late)).next() is early
    assert TrainingQueue((early, late), (), {"ada": 900.0}).next() is late
    # But a row of new visitors does not keep her waiting for ever.
    much_later = replace(late, entered=900.0 + STARVATION_BOUND + 1)
    assert TrainingQueue((early, much_later), (), {"ada": 900.0}).next() is early


def test_the_waiting_time_is_that_of_the_runs_ahead_and_unknown_with_one_of_theirs():
    first, second, third = (
        Entry(owner[0] * 12, owner, "", float(number)) for number, owner in enumerate(OWNERS[:3])
    )
    queue = TrainingQueue((second, third), (replace(first, attempt=1),))
    seconds = {first.id: 30.0, second.id: 100.0, third.id: 5.0}
    waits = queue.forecast(1, seconds, 0.0)
    assert [(waits[e.id].place, waits[e.id].seconds) for e in (second, third)] == [
        (1, 30.0),
        (2, 130.0),
    ]
    waits = queue.forecast(2, seconds, 0.0)
    assert [waits[e.id].seconds for e in (second, third)] == [0.0, 30.0]
    waits = queue.forecast(1, {**seconds, second.id: None}, 0.0)
    assert [waits[e.id].seconds for e in (second, third)] == [30.0, None]


# --- as files ---------------------------------------------------------------------------------


def entered(store, count):
    entries = [Entry(f"{i:012x}", OWNERS[i % 4], "", float(i), i) for i in range(count)]
    store.enqueue(entries)
    return entries


def test_two_servers_read_the_same_queue(tmp_path):
    one, other = QueueStore(tmp_path), QueueStore(tmp_path)
    first, second, third = entered(one, 3)
    assert set(other.read().waiting) == {first, second, third}
    begun = other.start(first, 7.0)
    queue = one.read()
    assert set(queue.waiting) == {second, third}
    assert queue.training == (begun,)
    assert (begun.attempt, begun.begun) == (1, 7.0)
    assert queue.last_served == {"ada": 7.0}
    again = one.retry(begun, "worker", 5)
    assert again == replace(first, attempt=2, begun=7.0, lost="worker", lost_epoch=5)
    assert other.read().training == (again,)
    other.finish(first.id)
    assert one.remove(second.id)
    assert not other.remove(second.id)
    assert one.read().waiting == (third,)
    assert one.read().training == ()
    assert other.start(second, 8.0) is None  # it left meanwhile
    assert one.read().training == ()


def test_a_run_leaves_the_queue_once_however_many_ask(tmp_path):
    stores = [QueueStore(tmp_path) for _ in range(4)]
    ids = [entry.id for entry in entered(stores[0], 50)]
    left: list[str] = []

    def take_all(store):
        left.extend(run_id for run_id in ids if store.remove(run_id))

    threads = [threading.Thread(target=take_all, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(left) == ids


def test_one_at_a_time_is_alone(tmp_path):
    inside, most = [], []

    def enter(store):
        for _ in range(20):
            with store.exclusive():
                inside.append(store)
                most.append(len(inside))
                inside.remove(store)

    threads = [threading.Thread(target=enter, args=(QueueStore(tmp_path),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80


@pytest.mark.parametrize("content", ["", "{", "[]", "null", json.dumps({"id": "x"})])
def test_a_file_that_does_not_read_is_no_run(tmp_path, content):
    store = QueueStore(tmp_path)
    (entry,) = entered(store, 1)
    for name in ("waiting/ffffffffffff.json", "training/eeeeeeeeeeee.json", "served.json"):
        (tmp_path / name).write_text(content)
    assert QueueStore(tmp_path).read() == TrainingQueue((entry,), (), {})


def test_a_queue_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "queue").write_text("a file where a folder is to be")
    with refused("run_not_queued", StorageError):
        entered(QueueStore(tmp_path / "queue"), 1)
