"""Processes that hang are noticed, said and replaced; those that compute are left alone."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ae_core.errors import ServiceUnavailable
from ae_core.specs import change, preset
from ae_core.workers.watch import HANGING_LOOKS, Watched
from tests.helpers.refusals import refused

LONG = change(preset("digits-dense"), image_size=8, epochs=2000)
PATIENCE = 120
NOTICED_SECONDS = 15


def worker_pid(service, kind):
    client = service.connection.client()
    workers = client.scheduler_info(n_workers=-1)["workers"]
    address = next(a for a, w in workers.items() if kind in w["resources"])
    return client.run(os.getpid, workers=[address])[address]


def stopped_pid(pid):
    os.kill(pid, signal.SIGSTOP)
    return time.monotonic()


@pytest.mark.thorough
def test_a_stopped_train_worker_is_replaced_and_the_run_goes_on(service):
    run_id = service.submit(LONG, "ada")
    weights = service.store.folder(run_id) / "weights.npz"
    service.wait_until(run_id, lambda s: weights.exists(), PATIENCE)
    started = stopped_pid(worker_pid(service, "train"))
    lost = service.wait_until(run_id, lambda s: s.lost, PATIENCE)
    assert time.monotonic() - started < NOTICED_SECONDS
    assert lost.lost == "worker"
    again = service.wait_until(run_id, lambda s: s.first_epoch, PATIENCE)
    assert again.first_epoch > 1
    service.stop(run_id)
    service.wait_until(run_id, lambda s: not s.live, PATIENCE)


def stop_this_process():
    os.kill(os.getpid(), signal.SIGSTOP)


@pytest.mark.thorough
def test_an_infer_worker_that_stops_is_a_sentence_and_is_replaced(service):
    answer = service.connection.answer
    answer(os.getpid)
    started = time.monotonic()
    with refused("worker_died", ServiceUnavailable):
        answer(stop_this_process)
    assert time.monotonic() - started < NOTICED_SECONDS
    assert answer(os.getpid) > 0


@pytest.mark.thorough
def test_a_stopped_cluster_is_replaced_and_the_run_goes_on(service):
    run_id = service.submit(LONG, "ada")
    weights = service.store.folder(run_id) / "weights.npz"
    service.wait_until(run_id, lambda s: weights.exists(), PATIENCE)
    started = stopped_pid(service.connection._process.pid)
    said = service.wait_until(run_id, lambda s: s.lost or s.reason, PATIENCE)
    assert time.monotonic() - started < NOTICED_SECONDS
    assert said.live
    again = service.wait_until(run_id, lambda s: s.lost and s.first_epoch, PATIENCE)
    assert (again.lost, again.first_epoch > 1) == ("service", True)
    service.stop(run_id)
    service.wait_until(run_id, lambda s: not s.live, PATIENCE)


@pytest.fixture
def computing():
    """A process that computes and says nothing."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield process
        process.kill()


def looks_until_it_hangs(watched, most):
    """Look at a process that gives no sign until it hangs, or ``most`` times."""
    for look in range(1, most + 1):
        if watched.hangs("no sign"):
            return look
        computing_until = time.process_time() + 0.05  # on a busy machine the other has its turn
        while time.process_time() < computing_until:
            pass
    return None


def test_a_process_that_computes_does_not_hang_but_one_that_is_stopped_does(computing):
    watched = Watched(computing.pid)
    assert looks_until_it_hangs(watched, 3 * HANGING_LOOKS) is None
    computing.send_signal(signal.SIGSTOP)
    assert looks_until_it_hangs(watched, 3 * HANGING_LOOKS) >= HANGING_LOOKS - 1
    watched.kill("it")
    assert computing.wait(PATIENCE) == -signal.SIGKILL
    assert not watched.hangs("no sign")


def test_a_process_that_gives_signs_does_not_hang():
    with subprocess.Popen(["sleep", "100"]) as process:
        watched = Watched(process.pid)
        assert not any(watched.hangs(sign) for sign in range(3 * HANGING_LOOKS))
        process.kill()
