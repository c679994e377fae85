"""Several code sizes as one queued job, with real workers; what is typed, and the chart."""

import errno
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from ae_core import metrics
from ae_core.data import loading
from ae_core.errors import Busy, ServiceUnavailable, StorageError, UnknownThing
from ae_core.evaluation import baselines
from ae_core.runs.record import RunOutcome, new_record
from ae_core.runs.store import RunStore
from ae_core.service import active_runs
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.queue_store import QueueStore
from ae_core.service.service import TrainingService
from ae_core.service.slots import Slots
from ae_core.specs import LIMITS, ImageChoice, change, flatten, preset
from ae_core.training.sweep import MAX_SIZES, MIN_SIZES, parse_sizes, specs_of
from ae_core.workers.connection import Connection
from pages.ui.charts.sweep import LOSSLESS, SizePoint, SweepWords, psnr_by_size
from tests.helpers.refusals import check, refused

QUICK = change(preset("digits-dense"), image_size=8, encoder="dense32", decoder="dense32")
QUICK = change(QUICK, epochs=1)
LONG = change(QUICK, epochs=2000)
PATIENCE = 60  # seconds, the first time includes importing TensorFlow

# --- what is typed ----------------------------------------------------------------------------

sizes_sets = st.sets(
    st.integers(1, int(LIMITS["latent_dim"].high)), min_size=MIN_SIZES, max_size=MAX_SIZES
)


@given(sizes_sets, st.sampled_from([", ", ",", " ", "; ", "  ,"]), st.randoms())
def test_sizes_come_sorted_however_they_are_typed(sizes, between, random):
    typed = [str(size) for size in sizes]
    random.shuffle(typed)
    assert parse_sizes(between.join([*typed, typed[0]])) == tuple(sorted(sizes))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("2, x", "sizes", "x"),
        ("2, -4", "sizes", "-4"),
        ("2, 4.5", "sizes", "4.5"),
        ("2, ²", "sizes", "²"),
        ("0, 4", "whole", 0),
        ("4, 99999999999999", "whole", 999999999),
        ("", "how_many_sizes", ""),
        ("7, 7", "how_many_sizes", "7, 7"),
        ("1 2 3 4 5 6 7", "how_many_sizes", "1 2 3 4 5 6 7"),
    ],
)
def test_what_is_no_list_of_sizes_is_refused(text, key, value):
    with refused(key, value=value):
        parse_sizes(text)


def test_the_specs_differ_in_the_size_alone():
    specs = specs_of(QUICK, (2, 5))
    assert [spec.autoencoder.latent_dim for spec in specs] == [2, 5]
    first, second = map(flatten, specs)
    assert {name for name in first if first[name] != second[name]} == {"latent_dim"}


def test_a_feature_map_has_no_size_to_choose():
    with refused("sizes_of_map"):
        specs_of(preset("mnist-conv"), (2, 4))


# --- in the queue -----------------------------------------------------------------------------


def ended(snapshot):
    return not snapshot.live


@pytest.mark.thorough
def test_a_sweep_trains_one_after_the_other_and_is_known_later(service):
    order, lock = [], threading.Lock()
    sweep = service.submit_sweep(specs_of(QUICK, (2, 16)), "ada", "digits-dense")
    ids = service.sweep(sweep)

    def begun(snapshot):
        with lock:
            live = [i for i in ids if service.snapshot(i).status in ("starting", "running")]
            order.extend(i for i in live if i not in order)
            assert len(live) <= 1
        return ended(snapshot)

    done = service.wait_until(ids[1], begun, PATIENCE)
    assert order == ids
    assert done.status == "finished"
    runs = [service.snapshot(run) for run in ids]
    assert [run.spec.autoencoder.latent_dim for run in runs] == [2, 16]
    assert {(run.status, run.sweep, run.owner) for run in runs} == {("finished", sweep, "ada")}
    later = TrainingService(service.store, service.connection)
    assert later.sweep(sweep) == ids
    assert [later.snapshot(run).sweep for run in ids] == [sweep, sweep]
    assert later.runs("ada") == ids[::-1]


def test_a_sweep_counts_as_one_and_is_stopped_as_one(service):
    sweep = service.submit_sweep(specs_of(LONG, (2, 4, 8)), "ada")
    ids = service.sweep(sweep)
    with refused("busy", Busy, most=1):
        service.submit(QUICK, "ada")
    with pytest.raises(Busy):
        service.submit_sweep(specs_of(QUICK, (2, 4)), "ada")
    other = service.submit(QUICK, "bob")
    service.wait_until(ids[0], lambda s: s.epoch >= 1, PATIENCE)
    # The visitors take turns.
    assert [service.snapshot(run).position for run in (*ids, other)] == [0, 2, 3, 1]
    service.stop(ids[1])  # one of them alone
    check(service.wait_until(ids[1], ended, 10).reason, "stopped_waiting")
    assert service.snapshot(ids[2]).position == 2
    service.stop_sweep(sweep)
    reasons = [service.wait_until(run, ended, 10).reason for run in ids]
    assert [reason.key for reason in reasons] == ["stopped", *["stopped_waiting"] * 2]
    assert service.wait_until(other, ended, PATIENCE).status == "finished"
    assert service.runs("ada") == ids[::-1]


class NoWorkers(Connection):
    def client(self):
        raise ServiceUnavailable("unreachable")


@pytest.fixture
def service_without_workers(tmp_path):
    service = TrainingService(RunStore(tmp_path), NoWorkers(), runs_per_owner=2)
    yield service
    service.close()


def test_a_visitor_with_room_for_two_may_have_a_sweep_and_a_run(service_without_workers):
    service = service_without_workers
    service.submit_sweep(specs_of(QUICK, (2, 4, 8)), "ada")
    service.submit(QUICK, "ada")
    with pytest.raises(Busy):
        service.submit(QUICK, "ada")


def test_of_a_full_queue_the_last_run_of_whoever_has_most_leaves(
    service_without_workers, monkeypatch
):
    service = service_without_workers
    monkeypatch.setattr(active_runs, "MAX_WAITING", 3)
    forged = [service.submit(QUICK, f"name {i}", address="10.0.0.1") for i in range(3)]
    honest = service.submit(QUICK, "ada", address="10.0.0.2")
    late = service.submit(QUICK, "name 4", address="10.0.0.1")
    assert service.load().waiting == 3
    seen = [service.snapshot(run).status for run in (*forged, honest, late)]
    assert seen == ["queued", "queued", "failed", "queued", "failed"]
    check(service.snapshot(late).reason, "queue_full")


def test_free_slots_are_for_others_while_a_sweep_trains(tmp_path):
    store = RunStore(tmp_path)
    runs = ActiveRuns(store, QueueStore(store.database, "here"))
    sweep = [new_record(spec, "", "ada", "a" * 12) for spec in specs_of(QUICK, (2, 4))]
    alone = new_record(QUICK, "", "bob")
    runs.enqueue(sweep)
    runs.enqueue([alone])
    ids, other = [record.id for record in sweep], alone.id
    started = [runs.start_next(Slots(6, 6)), runs.start_next(Slots(6, 6))]
    assert [entry.id for entry in started if entry] == [ids[0], other]
    assert runs.start_next(Slots(6, 6)) is None
    store.finish(sweep[0].ended(RunOutcome("finished")), {})
    runs.drop(ids[0])
    assert runs.start_next(Slots(6, 6)).id == ids[1]


def test_a_sweep_that_cannot_be_written_is_refused_whole(service_without_workers, monkeypatch):
    service = service_without_workers
    make, made = Path.mkdir, []

    def full_disk(path, *args, **kwargs):
        if made:
            raise OSError(errno.ENOSPC, "No space left on device")
        made.append(path)
        make(path, *args, **kwargs)

    service.load()
    with monkeypatch.context() as disk:
        disk.setattr(Path, "mkdir", full_disk)
        with refused("run_not_saved", StorageError):
            service.submit_sweep(specs_of(QUICK, (2, 4)), "ada")
    assert service.runs("ada") == []
    assert not made[0].exists()
    assert service.load().waiting == 0
    with pytest.raises(UnknownThing):
        service.sweep("a" * 12)


def test_specs_that_cannot_be_built_leave_nothing_behind(service):
    bad = replace(QUICK, image_size=7)
    with refused("one_of_for", name="image_size", value=7):
        service.submit_sweep((QUICK, bad), "ada")
    assert service.runs("ada") == []


@pytest.mark.parametrize("sweep", ["", "0" * 12, "../../etc", "x" * 99])
def test_an_unknown_sweep_is_a_sentence(service, sweep):
    with refused("unknown_sweep", id=sweep):
        service.sweep(sweep)


def test_a_folder_of_before_sweeps_reads(service):
    run = service.submit(QUICK, "ada")
    service.wait_until(run, ended, PATIENCE)
    assert service.store.read(run).sweep == ""


# --- PCA --------------------------------------------------------------------------------------


def test_the_line_of_pca_is_scikit_learn_s_pca():
    sizes = (1, 2, 7, 16)
    ours = baselines.pca_by_size(ImageChoice("digits", 8), sizes, 8)
    images = loading.load_images("digits", 8, "held-out")
    train, test = (pixels.reshape(len(pixels), -1) for pixels in (images.train, images.test))
    for place, size in enumerate(sizes):
        model = PCA(size, svd_solver="full").fit(train.astype(np.float64))
        back = np.clip(model.inverse_transform(model.transform(test.astype(np.float64))), 0, 1)
        error = np.mean((back - test) ** 2)
        assert 10 ** (-ours.psnr[place] / 10) == pytest.approx(error, abs=1e-6)
        assert ours.psnr[place] == pytest.approx(metrics.psnr_of_mse(float(error)), abs=1e-4)
        shown = back[:8].reshape(8, 8, 8, 1) * 255
        assert np.abs(ours.images[place] - shown).max() <= 0.51
    assert list(ours.psnr) == sorted(ours.psnr)


def test_more_numbers_than_pixels_lose_nothing_and_more_pictures_than_asked_do_not_come():
    perfect = baselines.pca_by_size(ImageChoice("digits", 8), (64, 100), 3)
    assert min(perfect.psnr) > LOSSLESS
    assert perfect.images.shape == (2, 3, 8, 8, 1)


# --- the chart --------------------------------------------------------------------------------

WORDS = SweepWords("numbers", "PSNR", "autoencoder", "PCA")


def test_the_chart_has_a_point_a_network_and_pca_s_line():
    points = (SizePoint(2, 14.0, True), SizePoint(4, 16.5, False))
    pca = {2: 13.0, 4: 15.0, 64: 130.0}
    figure = psnr_by_size(points, pca, (2, 4, 64), 4, WORDS)
    go.Figure(figure)
    json.dumps(figure)
    line, networks = figure["data"]
    assert (line["name"], line["x"], line["y"]) == ("PCA", [2, 4], [13.0, 15.0])
    assert (networks["x"], networks["y"]) == ([2, 4], [14.0, 16.5])
    small, large = networks["marker"]["size"]
    assert small < large  # the chosen one
    assert networks["marker"]["symbol"] == ["circle", "circle-open"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert 10**low < 2
    assert 10**high > 64


def test_the_chart_before_the_first_epoch():
    go.Figure(psnr_by_size((), {}, (2, 4), 2, WORDS))
