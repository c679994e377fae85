"""The life of a run, with real workers."""

import errno
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from ae_core.data import gallery as galleries
from ae_core.errors import Busy, Message, ServiceUnavailable, StorageError, UnknownThing
from ae_core.models import weights
from ae_core.runs import checkpoint
from ae_core.runs.record import new_record
from ae_core.runs.store import RunStore
from ae_core.service import messages
from ae_core.service.queue_store import QueueStore
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from tests.helpers.full_disk import no_room
from tests.helpers.refusals import check, refused

QUICK = change(preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32", epochs=5)
LONG = change(QUICK, epochs=2000)
PATIENCE = 120  # seconds: a worker imports TensorFlow and gives way to everything else


def ended(snapshot):
    return not snapshot.live


def figures(snapshot):
    """Its history without the clock's part."""
    return [{k: v for k, v in m.items() if k != "seconds"} for m in snapshot.history]


def first_epoch(snapshot):
    return snapshot.epoch >= 1


def train_worker_pid(service) -> int:
    client = service.connection.client()
    workers = client.scheduler_info(n_workers=-1)["workers"]
    address = next(a for a, w in workers.items() if "train" in w["resources"])
    return client.run(os.getpid, workers=[address])[address]


@pytest.fixture(scope="module")
def finished(connection, tmp_path_factory):
    """A run of ada's that is at its end, its service and all that was seen of it."""
    service = TrainingService(RunStore(tmp_path_factory.mktemp("finished") / "runs"), connection)
    seen = []
    run_id = service.submit(QUICK, "ada", "digits-dense")
    service.wait_until(run_id, lambda s: seen.append(s) or ended(s), PATIENCE)
    return service, run_id, seen


def test_a_run_gives_metrics_an_epoch_and_a_folder(finished):
    service, run_id, seen = finished
    done = service.snapshot(run_id)
    assert done.status == "finished"
    assert done.epoch == QUICK.epochs
    epochs = [s.epoch for s in seen]
    assert epochs == sorted(epochs)
    assert all(len(s.history) == s.epoch for s in seen)
    assert done.pictures.shape == (2, 8, 8, 8, 1)
    assert done.pictures.dtype == np.uint8
    assert done.saved
    files = {path.name for path in service.store.folder(run_id).iterdir()}
    assert files == {"weights.npz", "preview.png", "moments.npz"}


def test_a_later_service_on_the_same_store_knows_the_run(finished):
    service, run_id, _ = finished
    before = service.snapshot(run_id)
    later = TrainingService(service.store, service.connection)
    after = later.snapshot(run_id)
    assert (after.spec, after.history, after.status) == (QUICK, before.history, "finished")
    np.testing.assert_array_equal(after.pictures, before.pictures)
    assert later.runs("ada") == [run_id]


def test_pause_step_resume_stop(service):
    run_id = service.submit(LONG, "ada")
    service.wait_until(run_id, first_epoch, PATIENCE)
    service.pause(run_id)
    paused = service.wait_until(run_id, lambda s: s.status == "paused", PATIENCE)
    service.step(run_id)
    stepped = service.wait_until(
        run_id, lambda s: s.status == "paused" and s.epoch > paused.epoch, PATIENCE
    )
    assert stepped.epoch == paused.epoch + 1
    service.resume(run_id)
    service.wait_until(run_id, lambda s: s.epoch >= stepped.epoch + 3, PATIENCE)
    service.stop(run_id)
    stopped = service.wait_until(run_id, ended, PATIENCE)
    assert stopped.status == "stopped"
    assert stopped.saved
    check(stopped.reason, "stopped", epoch=stopped.epoch + 1)


def test_the_queue_shows_positions_and_one_run_a_visitor(service):
    first = service.submit(LONG, "ada")
    service.wait_until(first, first_epoch, PATIENCE)
    second, third = service.submit(QUICK, "bob"), service.submit(QUICK, "eve")
    assert service.snapshot(second).position == 1
    assert service.snapshot(third).position == 2
    with refused("busy", Busy, most=1):
        service.submit(QUICK, "ada")
    service.stop(second)
    check(service.wait_until(second, ended, PATIENCE).reason, "stopped_waiting")
    assert service.snapshot(third).position == 1
    service.stop(first)
    assert service.wait_until(third, ended, PATIENCE).status == "finished"
    assert service.runs("ada") == [first]


def test_the_weights_of_a_run_are_there_while_it_trains_and_change(service):
    run_id = service.submit(LONG, "ada")
    service.wait_until(run_id, first_epoch, PATIENCE)
    path = service.store.folder(run_id) / "weights.npz"
    service.wait_until(run_id, lambda s: path.is_file(), PATIENCE)
    first = weights.from_bytes(path.read_bytes())
    saved = path.stat().st_mtime_ns
    service.wait_until(run_id, lambda s: path.stat().st_mtime_ns != saved, PATIENCE)
    later = weights.from_bytes(path.read_bytes())
    assert set(later) == set(first)
    assert any((later[name] != first[name]).any() for name in first)
    service.stop(run_id)
    service.wait_until(run_id, ended, PATIENCE)
    assert not list(path.parent.glob(".*"))  # nothing half-written is left


def saved_epochs(service, run_id):
    saved = checkpoint.read(service.store.folder(run_id), service.snapshot(run_id).spec)
    return saved.epoch if saved else 0


@pytest.mark.thorough
def test_a_run_whose_worker_is_killed_goes_on_once_and_then_it_is_said(service):
    run_id = service.submit(LONG, "ada")
    service.wait_until(run_id, lambda s: saved_epochs(service, run_id) >= 5, PATIENCE)
    pid = train_worker_pid(service)
    service.pause(run_id)  # so that nothing is saved between the look and the end
    service.wait_until(run_id, lambda s: s.status == "paused", PATIENCE)
    before, saved = service.snapshot(run_id), saved_epochs(service, run_id)
    os.kill(pid, signal.SIGKILL)
    lost = service.wait_until(run_id, lambda s: s.lost, PATIENCE)
    assert lost.lost_epoch == before.epoch + 1
    again = service.wait_until(run_id, lambda s: s.first_epoch and s.epoch > before.epoch, PATIENCE)
    assert (again.lost, again.live, again.reason) == ("worker", True, None)
    assert again.first_epoch == saved + 1
    assert figures(again)[: before.epoch] == figures(before)  # as if it had not been killed
    assert again.history[:saved] == before.history[:saved]
    frames = [frame.epoch for frame in service.frames(run_id)]
    assert frames[0] == 1
    assert frames == sorted(set(frames))
    os.kill(train_worker_pid(service), signal.SIGKILL)
    failed = service.wait_until(run_id, ended, PATIENCE)
    assert failed.status == "failed"
    check(failed.reason, "died")
    assert failed.epoch >= before.epoch
    assert not (service.store.folder(run_id) / checkpoint.FILE).exists()


@pytest.mark.thorough
def test_a_run_with_a_damaged_checkpoint_begins_anew(service):
    run_id = service.submit(LONG, "ada")
    service.wait_until(run_id, lambda s: saved_epochs(service, run_id), PATIENCE)
    service.pause(run_id)
    service.wait_until(run_id, lambda s: s.status == "paused", PATIENCE)
    (service.store.folder(run_id) / checkpoint.FILE).write_bytes(b"PK")
    os.kill(train_worker_pid(service), signal.SIGKILL)
    again = service.wait_until(run_id, lambda s: s.lost and s.first_epoch, PATIENCE)
    assert again.first_epoch == 1
    service.stop(run_id)
    service.wait_until(run_id, ended, PATIENCE)
    following = service.submit(QUICK, "ada")
    assert service.wait_until(following, ended, PATIENCE).status == "finished"


@pytest.mark.thorough
def test_a_killed_cluster_is_started_again_and_the_run_with_it(service):
    run_id = service.submit(LONG, "ada")
    waits = service.submit(QUICK, "bob")
    service.wait_until(run_id, first_epoch, PATIENCE)
    service.connection._process.kill()
    again = service.wait_until(run_id, lambda s: s.lost and s.first_epoch, PATIENCE)
    assert (again.lost, again.live) == ("service", True)
    assert service.snapshot(waits).position == 1
    service.connection._process.kill()
    failed = service.wait_until(run_id, ended, PATIENCE)
    assert failed.status == "failed"
    check(failed.reason, "lost")
    assert service.wait_until(waits, ended, PATIENCE).status == "finished"


def test_a_loss_that_becomes_nan_stops_the_run_with_good_weights(service):
    wild = change(
        QUICK, output_activation="linear", loss="l2", optimizer="sgd", learning_rate=1.0, epochs=50
    )
    run_id = service.submit(wild, "ada")
    failed = service.wait_until(run_id, ended, PATIENCE)
    assert failed.status == "failed"
    key = "diverged" if failed.epoch else "diverged_at_once"
    check(failed.reason, key, epoch=failed.epoch + 1)
    assert failed.diverged
    kept = service.store.file(run_id, "weights.npz")
    assert failed.epoch == 0 or all(
        np.isfinite(array).all() for array in weights.from_bytes(kept).values()
    )


@pytest.mark.thorough
def test_the_time_limit_ends_a_run_and_keeps_its_weights(service):
    run_id = service.submit(change(LONG, max_seconds=8), "ada")
    stopped = service.wait_until(run_id, ended, PATIENCE)
    assert stopped.status == "stopped"
    check(stopped.reason, "stopped_late", seconds=8)
    assert stopped.saved == (stopped.epoch > 0)  # compiling alone may take as long


def test_a_run_that_needs_too_much_memory_does_not_begin(service, monkeypatch):
    monkeypatch.setenv("AE_MEMORY_A_RUN", "100 MB")
    with refused("memory", most=1e8 / (1 << 30)):
        service.submit(QUICK, "ada")
    assert service.runs("ada") == []


def test_a_full_disk_at_the_start_refuses_the_run(service, monkeypatch):
    no_room(monkeypatch, "mkdir")
    with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
        service.submit(QUICK, "ada")
    assert service.runs("ada") == []


@pytest.mark.thorough
def test_a_full_disk_at_the_end_loses_nothing(service, monkeypatch):
    run_id = service.submit(change(QUICK, epochs=300), "ada")
    service.wait_until(run_id, first_epoch, PATIENCE)
    with monkeypatch.context() as disk:
        disk.setattr(Path, "open", full_disk)
        done = service.wait_until(run_id, ended, PATIENCE)
        assert done.status == "finished"
        assert not done.saved
        check(done.reason, "run_not_saved")
        with pytest.raises(StorageError):
            service.save_again(run_id)
    service.save_again(run_id)
    assert service.snapshot(run_id).saved
    assert service.snapshot(run_id).epoch == 300


def full_disk(path, mode="r", *args, **kwargs):
    if "w" in mode:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    return open(path, mode, *args, **kwargs)  # noqa: PTH123


def test_a_missing_image_set_fails_the_run_with_its_sentence(service, tmp_path):
    empty = tmp_path / "nothing"
    client = service.connection.client()
    old = os.environ.get("AE_DATA_DIR", "")

    def look_in(folder: str) -> None:  # nested, so that Dask sends its code along
        os.environ["AE_DATA_DIR"] = folder

    client.run(look_in, str(empty))
    try:
        run_id = service.submit(preset("mnist-shallow"), "ada")
        failed = service.wait_until(run_id, ended, PATIENCE)
    finally:
        client.run(look_in, old)
    assert failed.status == "failed"
    check(failed.reason, "set_unavailable", file="mnist.npz")


def test_an_answer_comes_while_a_run_trains(service):
    run_id = service.submit(LONG, "ada")
    service.wait_until(run_id, first_epoch, PATIENCE)
    gallery = service.connection.answer(galleries.gallery, QUICK.images, 0, 5)
    assert gallery.images.shape == (5, 8, 8, 1)
    assert service.snapshot(run_id).live
    service.stop(run_id)
    service.wait_until(run_id, ended, PATIENCE)


def test_a_killed_infer_worker_is_a_sentence_and_then_works_again(service):
    with refused("worker_died", ServiceUnavailable):
        service.connection.answer(os.kill, os_getpid_marker(service), signal.SIGKILL)
    gallery = service.connection.answer(galleries.gallery, QUICK.images, 0, 1)
    assert gallery.available == 360


def os_getpid_marker(service) -> int:
    return service.connection.answer(os.getpid)


def test_unknown_runs_are_a_sentence(service):
    for run_id in ("000000000000", "../../etc/passwd", "x" * 100, ""):
        with refused("unknown_run", UnknownThing, id=run_id):
            service.snapshot(run_id)


def test_a_run_left_by_a_dead_server_is_trained_again_and_a_waiting_one_waits(service):
    records = [new_record(QUICK, "", owner) for owner in ("ada", "bob")]
    dead = QueueStore(service.store.database, "dead")
    dead.renew()
    service.store.begin(records, "dead")
    assert dead.start(dead.read().next(), 1)
    seen = [service.snapshot(record.id).status for record in records]
    assert seen == ["running", "queued"]  # as long as the other server may live
    dead.release()
    later = TrainingService(service.store, service.connection)
    ends = [later.wait_until(record.id, ended, PATIENCE) for record in records]
    later.leave()
    assert [end.status for end in ends] == ["finished"] * 2
    assert service.snapshot(records[0].id).history == ends[0].history


def test_events_carry_arrays_whole():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    message = json.loads(json.dumps(messages.packed(array) | {"bytes": ""}))
    message["bytes"] = array.tobytes()
    np.testing.assert_array_equal(messages.unpacked(message), array)
