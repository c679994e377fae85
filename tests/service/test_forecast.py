"""What is foreseen for runs that wait: made anew for another queue, else remembered a while."""

import pytest

from ae_core.runs.record import new_record
from ae_core.service import forecast
from ae_core.service.forecast import QueueForecast
from ae_core.service.live_run import LiveRun
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.specs import change, preset

SPEC = change(preset("digits-dense"), image_size=8, epochs=10)


def entered(number):
    """A run of a visitor of its own, and its entry."""
    run = LiveRun.queued(new_record(SPEC, "", f"visitor {number}"))
    return run, Entry(run.record.id, run.record.owner, "", float(number))


@pytest.fixture
def queue():
    """One run trains, two wait; and all three as they are known here."""
    (first, trains), (second, next_one), (third, last) = map(entered, range(3))
    live = {run.record.id: run for run in (first, second, third)}
    return TrainingQueue((next_one, last), (trains,)), live


def positions(made, queue, live, slots=1):
    return made.positions(queue, {run_id: run.snapshot for run_id, run in live.items()}, slots)


def after_epochs(run, count):
    history = tuple({"loss": 1.0, "seconds": 2.0} for _ in range(count))
    run.update(status="running", history=history)


def test_places_are_known_at_once_and_seconds_after_two_epochs(queue):
    queued, live = queue
    (trains,), (second, third) = queued.training, queued.waiting
    before = positions(QueueForecast(), queued, live)
    assert {run: wait.place for run, wait in before.items()} == {second.id: 1, third.id: 2}
    assert [wait.seconds for wait in before.values()] == [None, None]
    after_epochs(live[trains.id], 4)
    waits = positions(QueueForecast(), queued, live)
    assert waits[second.id].seconds == pytest.approx(6 * 2.0)  # the rest of the first one
    assert waits[third.id].seconds > waits[second.id].seconds


def test_two_slots_halve_the_line(queue):
    queued, live = queue
    after_epochs(live[queued.training[0].id], 4)
    found = positions(QueueForecast(), queued, live, slots=2)
    assert found[queued.waiting[0].id].seconds == 0


def test_a_forecast_holds_for_the_queue_it_was_made_for_and_not_for_long(queue, monkeypatch):
    queued, live = queue
    foreseen = QueueForecast()
    first = positions(foreseen, queued, live)
    after_epochs(live[queued.training[0].id], 4)
    assert positions(foreseen, queued, live) is first
    same_but_read_anew = TrainingQueue(queued.waiting, queued.training)
    second = positions(foreseen, same_but_read_anew, live)
    assert second != first
    assert positions(foreseen, TrainingQueue((), queued.training), live) == {}
    monkeypatch.setattr(forecast, "VALID_SECONDS", -1.0)
    after_epochs(live[queued.training[0].id], 5)
    assert positions(foreseen, same_but_read_anew, live) != second
