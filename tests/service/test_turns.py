"""Runs that take turns in one worker: each is followed, led and saved as one that is alone."""

import os
import signal
import time
from contextlib import closing

import pytest

from ae_core.runs import checkpoint
from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.service.worker import COMPUTE_AT_ONCE
from ae_core.specs import change, preset
from ae_core.workers.connection import Connection
from tests.helpers.refusals import check

QUICK = change(preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32", epochs=5)
LONG = change(QUICK, epochs=2000)
STUDENTS = ("ada", "bob", "eve")
PATIENCE = 240


@pytest.fixture(scope="module")
def connection(runs_folder):
    """An embedded cluster whose only training worker has six slots, three of them for strangers."""
    with closing(Connection(runs_in_turns=6)) as made:
        yield made


@pytest.fixture
def service(connection, tmp_path):
    made = TrainingService(RunStore(tmp_path / "runs"), connection)
    yield made
    made.leave()


def ended(snapshot):
    return not snapshot.live


def figures(snapshot):
    """Its history without the clock's part."""
    return [{k: v for k, v in m.items() if k != "seconds"} for m in snapshot.history]


def stop_all(service, runs):
    for run in runs:
        service.stop(run)
    return [service.wait_until(run, ended, PATIENCE) for run in runs]


def train_worker_pid(service):
    client = service.connection.client()
    workers = client.scheduler_info(n_workers=-1)["workers"]
    address = next(a for a, w in workers.items() if "train" in w["resources"])
    return client.run(os.getpid, workers=[address])[address]


@pytest.mark.thorough
def test_all_learn_at_the_same_time_and_only_who_finds_no_slot_waits(service):
    began = time.monotonic()
    runs = [service.submit(LONG, name) for name in STUDENTS]
    late = service.submit(QUICK, "max")
    for run in runs:
        service.wait_until(run, lambda s: s.epoch >= 3 and s.others == 2, PATIENCE)
    seen = [service.snapshot(run) for run in runs]
    assert all(s.status == "running" and 0 < s.turn < 1 for s in seen)
    assert all(s.wait_left > s.seconds_left for s in seen)
    assert service.snapshot(late).position == 1

    service.pause(runs[0])
    paused = service.wait_until(runs[0], lambda s: s.status == "paused", PATIENCE)
    service.wait_until(runs[1], lambda s: s.others == 1, PATIENCE)  # it takes no turns meanwhile
    assert service.snapshot(runs[0]).epoch == paused.epoch
    service.resume(runs[0])
    service.wait_until(runs[0], lambda s: s.epoch > paused.epoch, PATIENCE)

    stopped = stop_all(service, runs)
    elapsed = time.monotonic() - began
    assert {s.status for s in stopped} == {"stopped"}
    trained = sum(epoch["seconds"] for s in stopped for epoch in s.history)
    assert trained <= COMPUTE_AT_ONCE * elapsed  # waiting for a turn is no training
    shortest = min(s.epoch for s in stopped)
    assert shortest > 3
    for s in stopped:  # the same seed, whoever else trained and for how long
        assert figures(s)[:shortest] == figures(stopped[0])[:shortest]
    assert service.wait_until(late, ended, PATIENCE).status == "finished"


@pytest.mark.thorough
def test_a_killed_worker_s_runs_all_go_on_and_then_each_alone(service):
    runs = [service.submit(LONG, name) for name in STUDENTS[:2]]

    def saved(run):
        found = checkpoint.read(service.store.folder(run), LONG)
        return found.epoch if found else 0

    def attempt(run):
        return service._active.live(run).attempt

    for lost in (1, 2):
        for run in runs:
            service.wait_until(
                run, lambda s: s.others == 1 and s.first_epoch and saved(s.id), PATIENCE
            )
        os.kill(train_worker_pid(service), signal.SIGKILL)
        for run in runs:
            again = service.wait_until(run, lambda s: attempt(s.id) == lost + 1, PATIENCE)  # noqa: B023
            assert (again.lost, again.live, again.epoch > 0) == ("worker", True, True)
    # Nobody knows whose fault it was: from now on one of them trains at a time.
    with service._active.changed:
        begun = service._active.changed.wait_for(
            lambda: [run for run in runs if service.snapshot(run).first_epoch], PATIENCE
        )
    (first,) = begun
    (second,) = {*runs} - {first}
    assert service.wait_until(first, lambda s: s.first_epoch > 1, PATIENCE).others == 0
    assert service.snapshot(second).first_epoch == 0
    os.kill(train_worker_pid(service), signal.SIGKILL)
    failed = service.wait_until(first, ended, PATIENCE)
    assert failed.status == "failed"
    check(failed.reason, "died")
    goes_on = service.wait_until(second, lambda s: s.first_epoch > 1, PATIENCE)
    assert goes_on.live
    stop_all(service, [second])


def test_runs_that_are_shut_down_in_turns_keep_what_they_learned(connection, tmp_path):
    service = TrainingService(RunStore(tmp_path / "runs"), connection)
    runs = [service.submit(LONG, name) for name in STUDENTS]
    for run in runs:
        service.wait_until(run, lambda s: s.epoch >= 1, PATIENCE)
    assert service._stop_training()
    for run in runs:
        stopped = service.wait_until(run, ended, PATIENCE)
        check(stopped.reason, "stopped_shut_down")
        assert stopped.saved
    service.leave()
