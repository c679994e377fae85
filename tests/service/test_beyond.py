"""Several servers, one Dask scheduler, one store: what each knows, and what an accident does.

Servers are services here, in a process of their own where they are killed; pages and a proxy are in
``browser/test_two_servers.py``.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
from distributed import Client, wait

from ae_core.errors import Busy
from ae_core.service.messages import attempt_name, task_key
from ae_core.specs import change, preset
from ae_core.storage.files import ROOT
from ae_core.training.sweep import specs_of
from tests.helpers.dask_cluster import pid_of
from tests.helpers.refusals import check

QUICK = change(preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32")
QUICK = change(QUICK, epochs=5)
LONG = change(QUICK, epochs=2000)
PATIENCE = 120


def key_of(snapshot):
    return snapshot.reason and snapshot.reason.key


def ended(snapshot):
    return not snapshot.live


def first_epoch(snapshot):
    return snapshot.epoch >= 1


@pytest.fixture
def servers(cluster, server_on):
    return server_on(cluster.address), server_on(cluster.address)


def stop_all(server, *runs):
    for run in runs:
        server.stop(run)
    for run in runs:
        server.wait_until(run, ended, PATIENCE)


@pytest.mark.thorough
def test_a_run_begun_on_one_server_is_seen_and_led_on_the_other(servers):
    one, other = servers
    run = one.submit(LONG, "ada")
    seen = other.wait_until(run, lambda s: s.epoch >= 3, PATIENCE)
    assert seen.pictures.shape == (2, 8, 8, 8, 1)
    assert other.runs("ada") == [run]
    with pytest.raises(Busy):
        other.submit(QUICK, "ada")
    other.pause(run)
    paused = one.wait_until(run, lambda s: s.status == "paused", PATIENCE)
    other.wait_until(run, lambda s: s.epoch == paused.epoch, PATIENCE)
    one.resume(run)
    other.wait_until(run, lambda s: s.epoch > paused.epoch, PATIENCE)
    other.stop(run)
    ends = [server.wait_until(run, ended, PATIENCE) for server in servers]
    assert [end.status for end in ends] == ["stopped", "stopped"]
    assert ends[0].history == ends[1].history
    assert ends[0].saved
    assert ends[1].saved


@pytest.mark.thorough
def test_who_comes_late_has_heard_everything(cluster, server_on):
    one = server_on(cluster.address)
    run = one.submit(LONG, "ada")
    one.wait_until(run, lambda s: s.epoch >= 20, PATIENCE)
    late = server_on(cluster.address)
    late.wait_until(run, lambda s: s.epoch >= 30, PATIENCE)
    one.pause(run)
    paused = one.wait_until(run, lambda s: s.status == "paused", PATIENCE)
    seen = late.wait_until(run, lambda s: (s.status, s.epoch) == ("paused", paused.epoch), PATIENCE)
    assert seen.history == paused.history
    np.testing.assert_array_equal(seen.pictures, paused.pictures)
    frames = [[m.epoch for m in server.frames(run)] for server in (one, late)]
    assert frames[0] == frames[1]
    stop_all(late, run)


@pytest.mark.thorough
def test_the_queue_is_one_and_the_visitors_take_turns(servers):
    one, other = servers
    first, second = one.submit(LONG, "ada"), other.submit(LONG, "bob")
    for run in (first, second):
        one.wait_until(run, first_epoch, PATIENCE)
    sweep = one.sweep(one.submit_sweep(specs_of(QUICK, (2, 4, 8)), "eve"))
    single = other.submit(QUICK, "max")
    for server in servers:
        server.wait_until(single, lambda s: s.position == 2, PATIENCE)
        assert server.sweep(one.snapshot(sweep[0]).sweep) == sweep
        places = [server.snapshot(run).position for run in (*sweep, single)]
        assert places == [1, 3, 4, 2]  # max comes after eve's first one
    wait = one.wait_until(single, lambda s: s.wait is not None, PATIENCE).wait
    assert wait > 0
    stop_all(other, first, second)
    for server in servers:
        for run in (*sweep, single):
            assert server.wait_until(run, ended, PATIENCE).status == "finished"
    assert all(server.runs("eve") == sweep[::-1] for server in servers)


@pytest.mark.thorough
def test_a_killed_worker_s_run_only_is_begun_again_once_and_then_it_is_said(cluster, servers):
    one, other = servers
    run, beside = one.submit(LONG, "ada"), other.submit(LONG, "bob")
    other.wait_until(run, lambda s: s.epoch >= 2, PATIENCE)
    one.wait_until(beside, first_epoch, PATIENCE)
    cluster.kill_worker(pid_of(one.connection.client(), run))
    for server in servers:
        server.wait_until(run, lambda s: s.lost, PATIENCE)
    before = one.snapshot(beside).epoch
    one.wait_until(beside, lambda s: s.epoch > before, PATIENCE)  # goes on undisturbed
    one.stop(beside)
    stopped = one.wait_until(beside, ended, PATIENCE)
    assert (stopped.status, stopped.lost) == ("stopped", "")
    for server in servers:  # the other train worker, which has room now, takes it
        again = server.wait_until(run, lambda s: s.lost and s.first_epoch, PATIENCE)
        assert (again.lost, again.live) == ("worker", True)
    cluster.kill_worker(pid_of(one.connection.client(), run))
    for server in servers:
        failed = server.wait_until(run, ended, PATIENCE)
        assert failed.status == "failed"
        check(failed.reason, "died")
    waits = other.submit(QUICK, "ada")
    check(one.wait_until(waits, lambda s: s.reason, PATIENCE).reason, "no_worker")
    cluster.restore()
    assert one.wait_until(waits, ended, PATIENCE).status == "finished"


@pytest.mark.thorough
def test_a_scheduler_that_is_gone_is_said_and_found_again_and_nothing_is_lost(cluster, servers):
    one, other = servers
    done = one.submit(QUICK, "ada")
    finished = one.wait_until(done, ended, PATIENCE)
    runs = [one.submit(LONG, "ada"), other.submit(LONG, "bob")]
    for run in runs:
        one.wait_until(run, first_epoch, PATIENCE)
    waits = other.submit(QUICK, "eve")
    cluster.kill_scheduler()
    for server in servers:
        said = server.wait_until(waits, lambda s: key_of(s) == "unreachable", PATIENCE)
        assert said.status == "queued"
        assert server.snapshot(done).history == finished.history
    late = one.submit(QUICK, "max")  # it waits with the others
    cluster.restore()
    for run in runs:
        for server in servers:
            again = server.wait_until(run, lambda s: s.lost and s.first_epoch, PATIENCE)
            assert (again.lost, again.reason) == ("service", None)
    stop_all(one, *runs)
    for run in (waits, late):
        assert other.wait_until(run, ended, PATIENCE).status == "finished"
    assert other.snapshot(done).status == "finished"


@pytest.mark.thorough
@pytest.mark.parametrize(("asked", "status"), [("pause", "paused"), ("stop", "stopped")])
def test_what_is_asked_while_the_scheduler_is_gone_happens_when_it_is_back(
    cluster, servers, asked, status
):
    one, other = servers
    run = one.submit(LONG, "ada")
    for server in servers:
        server.wait_until(run, first_epoch, PATIENCE)
    cluster.kill_scheduler()
    getattr(other, asked)(run)
    cluster.restore()
    for server in servers:
        server.wait_until(run, lambda s: s.status == status, PATIENCE)
    stop_all(other, run)


SERVER = """
import sys, json
from pathlib import Path
from ae_core.workers.connection import Connection
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from ae_core.runs.store import RunStore
service = TrainingService(RunStore(Path(sys.argv[1])), Connection(sys.argv[2]))
quick = change(preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32")
long = change(quick, epochs=2000)
runs = [service.submit(change(quick, epochs=5), "zoe")]
service.wait_until(runs[0], lambda s: not s.live, 120)
for owner in ("ada", "bob"):
    runs.append(service.submit(long, owner))
for run in runs[1:]:
    service.wait_until(run, lambda s: s.epoch > 0, 120)
runs.append(service.submit(change(quick, epochs=5), "eve"))
print(json.dumps(runs), flush=True)
sys.stdin.read()
"""


def runs_of_a_killed_server(script, cluster, tmp_path):
    """Start a server, let it hand out its runs and kill it; return these: zoe's, ada's, …"""
    command = [sys.executable, "-c", script, str(tmp_path / "runs"), cluster.address]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        runs = json.loads(process.stdout.readline())
        process.kill()
    return runs


@pytest.mark.thorough
def test_the_runs_of_a_killed_server_go_on_at_the_other(cluster, server_on, tmp_path):
    done, ada, bob, waits = runs_of_a_killed_server(SERVER, cluster, tmp_path)
    other = server_on(cluster.address)
    before = other.wait_until(ada, first_epoch, PATIENCE)
    assert before.lost == ""  # the same attempt, from its first epoch on
    other.wait_until(ada, lambda s: s.epoch > before.epoch, PATIENCE)
    assert other.snapshot(waits).position == 1
    assert other.snapshot(done).status == "finished"
    assert other.runs("eve") == [waits]
    stop_all(other, ada, bob)
    assert other.wait_until(waits, ended, PATIENCE).status == "finished"


@pytest.mark.thorough
def test_what_finished_while_no_server_was_there_is_kept(cluster, server_on, tmp_path):
    script = SERVER.replace("epochs=2000", "epochs=150")
    _, ada, bob, _ = runs_of_a_killed_server(script, cluster, tmp_path)
    with Client(cluster.address, set_as_default=False) as client:
        tasks = [client.get_dataset(task_key(attempt_name(run, 1))) for run in (ada, bob)]
        with client.as_current():
            wait(tasks, timeout=PATIENCE)
        assert [task.status for task in tasks] == ["finished"] * 2
        for task in tasks:
            task.release()
    server = server_on(cluster.address)
    for run in (ada, bob):
        end = server.wait_until(run, ended, PATIENCE)
        assert (end.status, end.epoch, end.lost) == ("finished", 150, "")
        assert end.pictures.shape == (2, 8, 8, 8, 1)
