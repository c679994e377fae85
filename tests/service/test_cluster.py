"""Processes: a killed server leaves none behind, and an existing Dask cluster serves as well."""

import json
import subprocess
import sys
from contextlib import closing

import psutil
import pytest

from ae_core.errors import ServiceUnavailable
from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from ae_core.storage.files import ROOT
from ae_core.workers import cluster as module
from ae_core.workers.connection import Connection
from tests.helpers.refusals import check, refused

QUICK = change(preset("digits-dense"), image_size=8, epochs=5)
LONG = change(QUICK, epochs=2000)
PATIENCE = 120  # seconds: workers give way to everything else that computes

SERVER = """
import sys, json
from pathlib import Path
from ae_core.workers.connection import Connection
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from ae_core.runs.store import RunStore
service = TrainingService(RunStore(Path(sys.argv[1])), Connection(), runs_per_owner=2)
quick = change(preset("digits-dense"), image_size=8, epochs=3)
done = service.submit(quick, "ada")
service.wait_until(done, lambda s: not s.live, 60)
going = service.submit(change(quick, epochs=2000), "ada")
service.wait_until(going, lambda s: s.epoch > 0, 60)
print(json.dumps([done, going]), flush=True)
sys.stdin.read()
"""


@pytest.mark.thorough
def test_a_killed_server_leaves_no_worker_and_keeps_finished_runs(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with server:
        done, going = json.loads(server.stdout.readline())
        family = psutil.Process(server.pid).children(recursive=True)
        assert len(family) >= 3  # the cluster and two workers
        server.kill()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
    with closing(TrainingService(RunStore(tmp_path), Connection())) as restarted:
        assert restarted.runs("ada") == [going, done]
        assert restarted.snapshot(done).status == "finished"
        assert restarted.snapshot(done).epoch == 3
        again = restarted.wait_until(going, lambda s: s.lost and s.epoch, PATIENCE)
        assert (again.lost, again.live) == ("service", True)


@pytest.mark.thorough
def test_a_server_that_shuts_down_stops_its_runs_and_leaves_the_waiting_ones(tmp_path, capfd):
    before_it = set(psutil.Process().children(recursive=True))
    service = TrainingService(RunStore(tmp_path), Connection(runs_in_turns=1))
    going, waits = service.submit(LONG, "ada"), service.submit(QUICK, "bob")
    before = service.wait_until(going, lambda s: s.epoch > 0, PATIENCE)
    family = set(psutil.Process().children(recursive=True)) - before_it
    assert len(family) >= 3
    service.shut_down()
    assert psutil.wait_procs(family, timeout=30)[1] == []
    said = capfd.readouterr().err
    assert "CommClosedError" not in said  # Dask has nothing to complain about
    assert "Removing worker" not in said
    store = RunStore(tmp_path)
    stopped = store.read(going)
    assert stopped.status == "stopped"
    check(stopped.reason, "stopped_shut_down")
    assert len(stopped.history) >= before.epoch
    assert store.has_weights(going)
    assert store.read(waits).status == "queued"


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are started anew")
def test_workers_are_forked_with_tensorflow_but_not_next_to_a_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "GPU_DEVICES", ())
    assert module.forks()
    with closing(Connection()) as own:
        # The very first question:
        assert own.answer(eval, "'tensorflow' in __import__('sys').modules")
    monkeypatch.setattr(module, "GPU_DEVICES", (str(tmp_path),))
    assert not module.forks()


@pytest.mark.thorough
def test_two_visitors_on_an_existing_scheduler_do_not_disturb_each_other(cluster, server_on):
    service = server_on(cluster.address)
    short = change(QUICK, epochs=120)  # of as many steps as XLA compiles: it rounds differently
    alone = service.submit(short, "ada")
    expected = figures(service.wait_until(alone, lambda s: not s.live, PATIENCE))

    ada, bob = service.submit(LONG, "ada"), service.submit(short, "bob")
    for run in (ada, bob):
        service.wait_until(run, lambda s: s.epoch > 0, PATIENCE)
    assert service.snapshot(ada).live  # both at the same time, each on its own worker
    done = service.wait_until(bob, lambda s: not s.live, PATIENCE)
    assert done.status == "finished"
    assert figures(done) == expected
    service.wait_until(ada, lambda s: s.epoch >= short.epochs, PATIENCE)
    service.stop(ada)
    stopped = service.wait_until(ada, lambda s: not s.live, PATIENCE)
    assert figures(stopped)[: len(expected)] == expected


def figures(snapshot):
    """The history without what a clock decides."""
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in snapshot.history]


def test_an_unreachable_scheduler_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("ae_core.workers.connection.CONNECT_SECONDS", 1)
    connection = Connection("tcp://127.0.0.1:1")
    with refused("unreachable", ServiceUnavailable):
        connection.client()
    service = TrainingService(RunStore(tmp_path), connection)
    run_id = service.submit(QUICK, "ada")
    waits = service.wait_until(run_id, lambda s: s.reason, PATIENCE)
    assert waits.status == "queued"
    check(waits.reason, "unreachable")
    service.stop(run_id)
    stopped = service.wait_until(run_id, lambda s: not s.live, PATIENCE)
    check(stopped.reason, "stopped_waiting")
    service.close()
