"""Whose turn it is: properties of the order, and of the database in which servers share it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from ae_core.errors import Busy, Message, StorageError
from ae_core.runs.record import RunRecord, new_record
from ae_core.runs.rows import to_row
from ae_core.runs.store import RunStore
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.queue import STARVATION_BOUND, Entry, TrainingQueue
from ae_core.service.queue_store import LEASE_SECONDS, QueueStore
from ae_core.service.slots import Slots
from ae_core.specs import preset
from ae_core.storage.database import Database, database_in
from ae_core.storage.tables import CLASSES, RUNS, STUDENTS
from tests.helpers.refusals import check, refused

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
    served = {**(queue.last_served or {}), entry.owner: now, entry.party: now}
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


def unknown(number, owner, address, entered):
    return Entry(f"{number:012x}", owner, "", entered, address=address, known=False)


def starts(queue, count):
    """The first runs that start, one after the other."""
    now, started = 1e6, []
    while len(started) < count and (entry := queue.next()) is not None:
        started.append(entry)
        queue = replace(with_started(queue, entry, now), training=())
        now += 1
    return started


def test_forged_names_do_not_keep_anybody_waiting_but_those_at_their_own_address():
    forged = tuple(unknown(i, f"forged {i}", "10.0.0.1", float(i)) for i in range(800))
    known = Entry("a" * 12, "student", "", 2000.0)
    stranger = unknown(0xB00, "stranger", "10.0.0.2", 2001.0)
    beside = unknown(0xC00, "neighbour", "10.0.0.1", 2002.0)
    queue = TrainingQueue((*forged, known, stranger, beside), (), {"@10.0.0.1": 1e6})
    first, second, third = starts(queue, 3)
    assert (first, second, third) == (known, stranger, forged[0])
    foreseen = queue.forecast(1, {}, 1e6)
    assert [foreseen[run.id].neighbours for run in (known, stranger, forged[0])] == [0, 0, 0]
    assert foreseen[beside.id].neighbours == 800
    assert starts(queue, 803)[-1] == beside


def test_ones_own_runs_are_no_neighbours_and_who_is_known_has_none():
    mine = [unknown(number, "ada", "10.0.0.1", float(number)) for number in range(3)]
    other = unknown(9, "bob", "10.0.0.1", 9.0)
    foreseen = TrainingQueue((*mine, other)).forecast(1, {}, 10.0)
    order = sorted(foreseen.values(), key=lambda each: each.place)
    assert [(each.place, each.neighbours) for each in order] == [(1, 0), (2, 1), (3, 1), (4, 1)]
    known = tuple(replace(each, known=True) for each in (*mine, other))
    foreseen = TrainingQueue(known).forecast(1, {}, 10.0)
    assert {each.neighbours for each in foreseen.values()} == {0}


def test_a_run_of_a_paused_class_waits_and_keeps_its_place():
    held, free = Entry("a" * 12, "ada", "", 1.0, held=True), Entry("b" * 12, "bob", "", 2.0)
    queue = TrainingQueue((held, free))
    assert queue.next() is free
    assert TrainingQueue((held,)).next() is None
    assert queue.forecast(1, {}, 3.0)[held.id].place == 1


@given(runs())
def test_the_last_run_of_whoever_has_most_leaves_a_full_queue(waiting):
    leaves = TrainingQueue(waiting).last_of_the_largest_party()
    counts = Counter(entry.party for entry in waiting)
    assert counts[leaves.party] == max(counts.values())
    mine = [entry for entry in waiting if entry.party == leaves.party]
    assert leaves == max(mine, key=lambda entry: (entry.entered, entry.number))
    assert TrainingQueue().last_of_the_largest_party() is None


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


# --- in the database --------------------------------------------------------------------------


def entered(database, count, scheduler="here", status="queued"):
    """Runs that wait for a scheduler, and their store."""
    store = QueueStore(database, scheduler)
    store.renew()
    spec = preset("digits-dense")
    records = [
        RunRecord(f"{i:012x}", spec, "", OWNERS[i % 4], float(i), status) for i in range(count)
    ]
    with database.changing() as connection:
        connection.execute(RUNS.insert(), [to_row(each, scheduler) for each in records])
    strangers = [Entry(each.id, each.owner, "", each.created, known=False) for each in records]
    return store, strangers


def status_of(database, entry):
    with database.reading() as connection:
        found = connection.execute(select(RUNS).where(RUNS.c.id == entry.id)).one()
    return found.status, found.scheduler


def test_two_servers_read_the_same_queue(database):
    one, (first, second, third) = entered(database, 3)
    other = QueueStore(database, "here")
    assert set(other.read().waiting) == {first, second, third}
    assert other.start(first, 1)
    queue = one.read()
    assert set(queue.waiting) == {second, third}
    (begun,) = queue.training
    assert (begun.id, begun.attempt) == (first.id, 1)
    assert begun.begun == begun.attempted > 0
    assert one.retry(begun, "worker", 5)
    assert not other.retry(begun, "worker", 5)
    (again,) = other.read().training
    assert again == replace(
        begun, attempt=2, attempted=again.attempted, lost="worker", lost_epoch=5
    )
    assert one.remove(second.id)
    assert not other.remove(second.id)
    assert one.read().waiting == (third,)
    assert not other.start(second, 2)  # it left meanwhile


def test_a_visitor_s_turn_is_remembered_while_another_run_of_theirs_waits(database):
    store, entries = entered(database, 5)
    assert store.start(entries[0], 1)
    (begun,) = store.read().training
    assert store.read().last_served == {"ada": begun.begun, "@": begun.begun}
    assert store.read().next() == entries[1]


def test_who_has_trained_before_or_joined_a_class_is_known_and_a_paused_class_holds_its_runs(
    database,
):
    store, _ = entered(database, 3)
    trained = RunRecord("f" * 12, preset("digits-dense"), "", "ada", 1.0, "finished")
    classroom = {"code": "ABCDE", "key": "", "paused": False}
    with database.changing() as connection:
        connection.execute(RUNS.insert(), {**to_row(trained), "begun": 1.0})
        connection.execute(CLASSES.insert(), filled(CLASSES, classroom))
        student = {"code": "ABCDE", "visitor": "bob", "nickname": "Bob", "left": False}
        connection.execute(STUDENTS.insert(), filled(STUDENTS, student))
    assert [(e.owner, e.known, e.held) for e in waiting(store)] == [
        ("ada", True, False),
        ("bob", True, False),
        ("eve", False, False),
    ]
    with database.changing() as connection:
        connection.execute(update(CLASSES).values(paused=True))
    assert [e.held for e in waiting(store)] == [False, True, False]
    with database.changing() as connection:
        connection.execute(update(STUDENTS).values(left=True))
    assert [(e.known, e.held) for e in waiting(store)][1] == (True, False)


def waiting(store):
    return sorted(store.read().waiting, key=lambda entry: entry.id)


def filled(table, values):
    """Values for all columns of a table."""
    return {column.name: column.type.python_type() for column in table.c} | values


def test_a_scheduler_sees_its_own_runs_only(database):
    store, _ = entered(database, 2)
    assert QueueStore(database, "elsewhere").read() == TrainingQueue((), (), {})
    assert store.holds(f"{0:012x}")
    assert not QueueStore(database, "elsewhere").holds(f"{0:012x}")


def at_once(call, *arguments):
    """Call a function in a thread for each of the arguments, and return the results."""
    with ThreadPoolExecutor(len(arguments)) as pool:
        return [*pool.map(call, arguments)]


def test_a_run_leaves_the_queue_once_however_many_ask(database):
    _, entries = entered(database, 50)
    stores = [QueueStore(database, "here") for _ in range(4)]
    left = at_once(lambda store: [e.id for e in entries if store.remove(e.id)], *stores)
    assert sorted(run for some in left for run in some) == [entry.id for entry in entries]


def test_no_more_runs_start_than_there_are_slots_however_many_servers_start_them(database):
    _, entries = entered(database, 40)
    stores = [QueueStore(database, "here") for _ in range(4)]
    started = at_once(lambda store: sum(store.start(e, 3) for e in entries), *stores)
    assert sum(started) == 3
    queue = stores[0].read()
    assert (len(queue.training), len(queue.waiting)) == (3, 37)


def test_nobody_has_more_runs_than_allowed_however_many_servers_are_asked(database, tmp_path):
    made = [Database(database.address, tmp_path) for _ in range(4)]  # of servers of their own

    def ask(number):
        store = RunStore(tmp_path)
        store.database = made[number % 4]
        active = ActiveRuns(store, QueueStore(store.database, "here"))
        try:
            active.enqueue([new_record(preset("digits-dense"), "", "ada", "")], most=3)
        except Busy as busy:
            check(busy.message, "busy", most=3)
            return 0
        return 1

    assert sum(at_once(ask, *range(12))) == 3
    assert len(QueueStore(database, "here").read().waiting) == 3
    for each in made:
        each.close()


def test_an_ended_run_that_could_not_be_stored_is_none_in_progress(database):
    store, (first, *_) = entered(database, 1)
    with database.changing() as connection:
        store.admit(connection, first.owner, 1, [first.id])
        with refused("busy", Busy, most=1):
            store.admit(connection, first.owner, 1)


def test_an_ended_run_that_could_not_be_stored_takes_no_slot(database):
    store, (first, second, _) = entered(database, 3)
    assert store.start(first, 1)
    assert not store.start(second, 1)
    assert store.start(second, 1, [first.id])


def test_runs_go_to_another_scheduler_when_the_lease_is_over_and_not_before(database):
    dead, (first, second, third) = entered(database, 3, "dead")
    dead.start(first, 1)
    assert dead.remove(third.id)
    other = QueueStore(database, "other")
    assert not other.take_over()
    dead.release()
    assert other.take_over()
    assert not QueueStore(database, "a third").take_over()  # as soon as one has taken over
    queue = other.read()
    assert queue.waiting == (replace(second, lost="queue"),)
    assert [(entry.id, entry.lost) for entry in queue.training] == [(first.id, "")]
    assert status_of(database, third) == ("stopped", "")
    assert dead.read() == TrainingQueue((), (), {})


def test_a_run_that_waits_at_another_scheduler_now_says_so_until_it_starts(database, tmp_path):
    dead, (entry,) = entered(database, 1, "dead")
    dead.release()
    other = QueueStore(database, "other")
    other.take_over()
    active = ActiveRuns(RunStore(tmp_path / "runs"), other)
    active.sync()
    waiting = active.snapshot(entry.id)
    assert (waiting.status, waiting.lost, waiting.position) == ("queued", "queue", 1)
    active.start_next(Slots(1, 1))
    assert active.snapshot(entry.id).lost == ""


def test_a_lease_ends_by_itself(database, monkeypatch):
    entered(database, 1, "dead")
    other = QueueStore(database, "other")
    later = time.time() + LEASE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert other.take_over()


def test_a_run_that_cannot_be_trained_fails_with_the_reason(database):
    store, (entry,) = entered(database, 1)
    store.fail(entry.id, Message.of("run_damaged", id=entry.id))
    assert store.read().waiting == ()
    assert status_of(database, entry) == ("failed", "")


def test_a_database_that_cannot_be_opened_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("a file where a folder is to be")
    with refused("database_refused", StorageError):
        QueueStore(database_in(tmp_path / "file"), "here").read()
