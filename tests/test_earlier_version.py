"""What 30b02cd wrote is taken over: runs, image sets, a class, match results, the queue, links."""

import json
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from ae_core.classroom.service import ClassroomService
from ae_core.classroom.wall import Wall
from ae_core.data.loading import load_images
from ae_core.errors import UserError
from ae_core.latent.match_results import MatchResultStore
from ae_core.models.compatibility import network_shapes
from ae_core.models.inference import ModelFile, reconstruct_test
from ae_core.runs.replay import pack_frames
from ae_core.runs.store import RunStore
from ae_core.service.queue_store import QueueStore
from ae_core.service.service import TrainingService
from ae_core.specs import TrainingSpec, change, from_query
from ae_core.storage.files import ROOT
from ae_core.takeover.store import open_store
from pages.ui.state.query_params import NOT_SETTINGS
from tests.helpers.refusals import check

FIXTURES = ROOT / "tests" / "fixtures"
OWNER, ADA = "fd79b58188563bca", "53cdea56a8bd9ee7"
SET_ID, CLASS, SWEEP = "28-332853aa9331", "YTC6N", "89874624702f"
LINKS = json.loads((FIXTURES / "links.json").read_text(encoding="utf-8"))
# By id: status, complete epochs, the last validation PSNR and the key of the reason.
RUNS = {
    "030c3f33aa75": ("stopped", 36, 15.4793, "stopped"),
    "032d4dc78a71": ("failed", 0, None, "diverged_at_once"),
    "369ac0683694": ("finished", 2, 16.4527, None),
    "42ee999ae340": ("finished", 2, 10.7106, None),
    "6ed20063b422": ("finished", 1, 6.33843, None),
    "8519f22f40f0": ("finished", 3, 11.9924, None),
    "8715d08858e2": ("finished", 5, 12.1706, None),
    "affeb0422b32": ("finished", 1, 9.02456, None),
    "ea797a0c612a": ("finished", 1, 8.52744, None),
}


@pytest.fixture
def store(database, tmp_path, monkeypatch) -> RunStore:
    """What that version left, in a folder that may be written to; this version has opened it."""
    root = tmp_path / "runs"
    shutil.copytree(FIXTURES / "store", root)
    monkeypatch.setenv("AE_RUNS_DIR", str(root))
    return open_store(root)


@pytest.fixture
def service(store, connection) -> Iterator[TrainingService]:
    made = TrainingService(store, connection)
    yield made
    made.leave()  # before its database goes


@pytest.mark.parametrize("run_id", RUNS)
def test_a_run_is_shown_as_it_ended(service, run_id):
    status, epochs, psnr, reason = RUNS[run_id]
    snapshot = service.snapshot(run_id)
    assert (snapshot.status, snapshot.epoch) == (status, epochs)
    assert snapshot.live is False
    if psnr is not None:
        assert snapshot.history[-1]["val_psnr"] == pytest.approx(psnr, rel=1e-4)
    if reason is None:
        assert snapshot.reason is None
    else:
        check(snapshot.reason, reason)
    assert network_shapes(snapshot.spec)
    assert snapshot.pictures is not None


@pytest.mark.samples(4)
@pytest.mark.parametrize("run_id", [run for run, (_, epochs, *_) in RUNS.items() if epochs])
def test_a_run_is_replayed_and_its_weights_reconstruct(service, store, run_id):
    frames = service.frames(run_id)
    assert len(frames) == RUNS[run_id][1]
    assert pack_frames(frames).epochs[-1] == RUNS[run_id][1]
    spec = service.snapshot(run_id).spec
    model = ModelFile(spec, str(store.folder(run_id) / "weights.npz"), 1)
    image, ours = reconstruct_test(model, 0)
    assert ours.image.shape == image.shape
    assert np.isfinite(ours.psnr)


def test_a_sweep_and_the_visitor_s_runs_are_found(service):
    assert service.sweep(SWEEP) == ["ea797a0c612a", "affeb0422b32"]
    assert set(service.runs(OWNER)) == set(RUNS) - {"8715d08858e2"}
    assert service.runs(ADA) == ["8715d08858e2"]


def test_a_set_of_a_visitor_s_images_is_loaded(store):
    images = load_images(f"own-{SET_ID}")
    assert len(images.train) + len(images.test) == 12
    assert images.train.shape[1:] == (28, 28, 1)


def test_a_class_opens_with_its_limits_challenge_and_wall(service, store):
    classes = ClassroomService(store.database, now=lambda: 1795844700.0)
    classroom = classes.find(CLASS)
    assert (classroom.limits.epochs, classroom.limits.runs) == (5, 3)
    assert classroom.limits.image_sets == ("digits",)
    assert (classroom.challenge.latent_dim, classroom.challenge.image_size) == (8, 8)
    students = classes.students(CLASS)
    assert [student.nickname for student in students] == ["Ada", "Ben"]
    wall = Wall(service)
    assert len(wall.runs(classroom, students[0])) == 1
    assert len(wall.runs(classroom, students[1])) == 0


def test_match_results_are_read(store):
    (best,) = MatchResultStore(store.database).of("toy-faces-64-1")
    assert (best.owner, best.moves) == (OWNER, 3)


def test_the_queue_goes_on(database, tmp_path):
    shutil.copytree(FIXTURES / "store-queue", tmp_path / "runs")
    open_store(tmp_path / "runs")
    queue = QueueStore(database, "a scheduler")
    assert queue.take_over()
    waiting = {entry.id: entry.attempt for entry in queue.read().waiting}
    trained = {"5acf70017696": 0}
    assert waiting == {"7d0d253919b9": 0, "d6c9c8a15fe0": 0, "c80ee64fdf11": 0} | trained


# Presets that have become what their source says: a link with one means its recipe, as it did.
CORRECTED = {
    "mnist-deep-overcomplete": {"encoder": "dense896", "decoder": "dense896", "epochs": 20},
    "mnist-sparse": {"output_activation": "linear", "loss": "mse"},
}


@pytest.mark.parametrize("link", LINKS, ids=range(len(LINKS)))
def test_a_link_means_the_settings_that_it_meant(link):
    query = {name: value for name, value in link["query"].items() if name not in NOT_SETTINGS}
    corrected = CORRECTED.get(query.get("preset", ""), {})
    assert from_query(query) == change(change(TrainingSpec(), **link["spec"]), **corrected)


def test_the_links_name_every_setting_that_has_another_name_today():
    named = {name for link in LINKS for name in link["query"]}
    assert {"kind", "amount", "where", "code", "components"} <= named
    assert any(link["query"].get("split") == "everything" for link in LINKS)
    with pytest.raises(UserError):
        from_query({"kind": "no such noise"})
