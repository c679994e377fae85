"""Own pictures as an image set: what is held out, and that runs see them as they are now."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ae_core.data import gallery, user_image_sets
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import card, load_images
from ae_core.data.toy_faces import draw_faces, sample_factors
from ae_core.data.user_image_sets import (
    MIN_IMAGES,
    suggested_spec,
    user_sets,
)
from ae_core.data.user_sets import SIDES
from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable, UnknownThing
from ae_core.evaluation import baselines
from ae_core.models import inference
from ae_core.models.compatibility import apply_setting, image_shape, network_shapes
from ae_core.models.inference import ModelFile
from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.specs import PRESETS, change, from_query, to_query
from ae_core.storage.database import database_in
from ae_core.storage.files import runs_dir
from ae_core.storage.tables import USER_SETS
from tests.helpers.refusals import check, refused

PATIENCE = 180  # seconds, TensorFlow's start included


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path / "runs"))


def drawings(count, side=28, seed=0, channels=1):
    """Pictures with something to learn: faces (N, side, side, C) uint8."""
    factors = sample_factors(count, np.random.default_rng(seed))
    return np.uint8(draw_faces(factors, side, channels) * 255)


def made(count=20, side=28, name="Class 7b", owner="ada", channels=1):
    own = user_sets().create(owner, name, side)
    return user_sets().add(own.id, drawings(count, side, channels=channels)) if count else own


# --- names and cards --------------------------------------------------------------------------


def test_an_own_set_has_a_name_a_card_and_a_shape():
    own = made(25)
    name = own.image_set
    known = card(name)
    assert known.available
    assert known.user_made
    assert (known.title, known.kind, known.native_size) == ("Class 7b", "user", 28)
    images = load_images(name)
    assert (known.train_count, known.test_count) == (len(images.train), len(images.test)) == (20, 5)
    spec = suggested_spec(card(own.image_set))
    assert image_shape(spec) == images.image_shape == (28, 28, 1)
    assert from_query(to_query(spec, user_image_sets.PRESET)) == spec


@pytest.mark.parametrize("name", ["own-", "own-x", "own-28-../../etc", "28-0123456789ab", "cats"])
def test_other_names_are_unknown_and_a_sentence(name):
    with refused("one_of", name="image_set", value=name):
        card(name)


def test_a_card_changes_with_its_set():
    own = made(10)
    user_sets().rename(own.id, "Other", "ada")
    user_sets().add(own.id, drawings(10, seed=1))
    known = card(own.image_set)
    assert (known.title, known.train_count + known.test_count) == ("Other", 20)


# --- what is held out -------------------------------------------------------------------------


@given(numbers=st.sets(st.integers(0, 3000), min_size=MIN_IMAGES, max_size=500))
@settings(max_examples=50)
def test_something_is_held_out_and_something_is_left(numbers):
    tests = user_image_sets._held_out(np.array(sorted(numbers)))
    assert tests.sum() >= 2
    assert (~tests).sum() >= 2


@given(count=st.integers(2, 100))
def test_one_of_five_is_held_out(count):
    assert user_image_sets._held_out(np.arange(5 * count)).sum() == count


@given(
    numbers=st.sets(st.integers(0, 500), min_size=60, max_size=200),
    others=st.sets(st.integers(0, 3000), min_size=60, max_size=200),
)
@settings(max_examples=25)
def test_a_picture_stays_on_its_side_while_others_come_and_go(numbers, others):
    def sides(kept):
        kept = np.array(sorted(kept))
        return dict(zip(kept.tolist(), user_image_sets._held_out(kept).tolist(), strict=True))

    before, after = sides(numbers), sides(numbers | others)
    if sum(before.values()) >= 2:
        assert {number: after[number] for number in before} == before


# --- loading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "size"), [(28, 0), (28, 28), (28, 32), (32, 32), (64, 64), (64, 32)]
)
def test_pictures_load_at_every_size_of_the_card(side, size):
    own = made(15, side)
    images = load_images(own.image_set, size)
    assert images.image_shape == ((size or side,) * 2 + (1,))
    assert (len(images.train), len(images.test)) == (12, 3)
    for part in (images.train, images.test):
        assert part.dtype == np.float32
        assert not part.flags.writeable
        assert 0 <= part.min() < part.max() <= 1
    if size in (0, side):
        both = {p.tobytes() for part in (images.train, images.test) for p in part}
        kept = drawings(15, side).astype(np.float32) / np.float32(255)
        assert both == {picture.tobytes() for picture in kept}
    everything = load_images(own.image_set, size, "none")
    assert len(everything.train) == 15


@pytest.mark.parametrize(("side", "size"), [(28, 28), (28, 32), (64, 32)])
def test_pictures_in_colour_load_in_colour_and_in_gray(side, size):
    own = made(15, side, channels=3)
    known = card(own.image_set)
    assert known.channels == (1, 3)
    gray, colour = (load_images(own.image_set, size, "none", c).train for c in (1, 3))
    assert gray.shape == (15, size, size, 1)
    assert colour.shape == (15, size, size, 3)
    # Luma is a mean of the three channels (ITU-R BT.601), and every size is linear in the pixels.
    assert np.abs(colour @ np.float32([0.299, 0.587, 0.114]) - gray[..., 0]).max() < 0.02
    spec = suggested_spec(known)
    assert image_shape(spec) == (side, side, 3)
    assert from_query(to_query(spec, user_image_sets.PRESET)) == spec


def test_a_run_in_colour_can_be_looked_at_after_its_set_was_deleted():
    own = made(15, channels=3)
    spec = suggested_spec(card(own.image_set))
    user_sets().delete(own.id, "ada")
    assert image_shape(spec) == (28, 28, 3)
    assert image_shape(change(spec, channels=1)) == (28, 28, 1)


def test_another_size_is_a_sentence():
    name = made(10, 32).image_set
    with refused("one_of_for", name="image_size", value=28, choices=(32,), image_set=name):
        load_images(name, 28)


def test_what_is_added_taken_out_or_deleted_shows_at_once():
    own = made(10)
    name = own.image_set
    assert len(load_images(name, 0, "none").train) == 10
    user_sets().add(own.id, drawings(5, seed=1))
    assert len(load_images(name, 0, "none").train) == 15
    user_sets().remove(own.id, 3, "ada")
    assert len(load_images(name, 0, "none").train) == 14
    revision = card(name).revision
    user_sets().delete(own.id, "ada")
    with refused("unknown_set", ImageSetUnavailable, id=own.id):
        load_images(name)
    assert card(name).gone
    assert not card(name).available
    assert card(name).revision != revision


def test_a_deleted_set_still_has_a_shape_and_says_that_it_is_gone():
    own = made(10, 64)
    spec = suggested_spec(card(own.image_set))
    user_sets().delete(own.id, "ada")
    assert image_shape(spec) == image_shape(change(spec, image_size=0)) == (64, 64, 1)
    known = card(own.image_set)
    assert (known.title, known.train_count, known.test_count) == ("", 0, 0)
    with pytest.raises(UnknownThing):
        known.check_trainable()


def test_too_few_pictures_are_a_sentence():
    name = made(9).image_set
    for refuse in (lambda: load_images(name), card(name).check_trainable):
        with refused("set_small", name="Class 7b", count=9, least=10):
            refuse()


def test_a_damaged_set_is_a_sentence():
    own = made(10)
    with database_in(runs_dir()).changing() as connection:
        there = USER_SETS.c.id == own.id
        connection.execute(update(USER_SETS).where(there).values(pixels=b"hello"))
    with pytest.raises(ImageSetCorrupt) as caught:
        load_images(own.image_set)
    known = card(own.image_set)
    assert (known.gone, known.train_count) == (False, 0)
    check(known.problem, "set_damaged")
    again = pickle.loads(pickle.dumps(caught.value))  # the way from a worker to the page
    check(again, "set_damaged")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("count", [10, 60, 500])
def test_what_is_suggested_fits_and_takes_a_bounded_time(side, count):
    spec = suggested_spec(card(made(count, side).image_set))
    assert network_shapes(spec)
    assert spec.image_size == side
    assert 40 <= spec.epochs <= user_image_sets.MAX_EPOCHS


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_takes_an_own_set_at_a_size_of_its_card(name, side):
    own = made(10, side).image_set
    if name == "mnist-conv-lecture" and side != 28:  # its convolution without padding wants 28
        with refused("decoder_end"):
            apply_setting(PRESETS[name], "image_set", own)
        return
    spec = apply_setting(PRESETS[name], "image_set", own)
    assert spec.image_set == own
    assert image_shape(spec)[0] in card(own).sizes


def test_the_sets_of_the_app_are_none_of_a_visitors():
    assert not any(user_image_sets.is_user_set(name) for name in IMAGE_SETS)
    assert {card(name).revision for name in IMAGE_SETS} == {0}
    assert not any(card(name).gone or card(name).problem for name in IMAGE_SETS)


# --- training ---------------------------------------------------------------------------------


def test_a_network_learns_an_own_set():
    from ae_core.training.loop import fit

    own = made(60)
    spec = change(suggested_spec(card(own.image_set)), epochs=25)
    outcome = fit(spec, load_images(spec.image_set, spec.image_size), on_epoch=lambda epoch: None)
    assert outcome.status == "finished"
    first, last = outcome.history[0], outcome.history[-1]
    assert last["val_psnr"] > first["val_psnr"] + 3


@pytest.fixture
def service(runs_folder, connection, monkeypatch):
    """The workers of all tests, in the folder where they look for own sets."""
    monkeypatch.setenv("AE_RUNS_DIR", str(runs_folder))
    return TrainingService(RunStore(runs_dir()), connection)


def test_the_life_of_an_own_set_with_real_workers(service):
    own = made(10)
    name = own.image_set
    spec = change(suggested_spec(card(own.image_set)), epochs=2)
    run_id = service.submit(spec, "bob", user_image_sets.PRESET)
    done = service.wait_until(run_id, lambda s: not s.live, PATIENCE)
    assert (done.status, done.epoch) == ("finished", 2)
    assert done.pictures.shape == (2, 2, 28, 28, 1)  # two pictures are held out
    assert service.snapshot(run_id).pictures is not None  # from now on it is remembered
    assert service.store.file(run_id, "preview.png") is not None

    weights = service.store.folder(run_id) / "weights.npz"
    model = ModelFile(spec, str(weights.resolve()), 1)
    answer = service.connection.answer
    shown = answer(gallery.gallery, spec.images, 0, 24)
    assert shown.available == 2
    image, ours = answer(inference.reconstruct_test, model, 1)
    np.testing.assert_array_equal(image, load_images(name).test[1])
    assert np.isfinite(ours.psnr)
    assert len(answer(baselines.baselines_of_test, model, 1)[0]) == 2
    user_sets().add(own.id, drawings(10, seed=2))  # the workers see it at once
    assert answer(gallery.gallery, spec.images, 0, 24).available == 4

    long = service.submit(change(spec, epochs=2000), "bob")
    service.wait_until(long, lambda s: s.epoch >= 1, PATIENCE)
    user_sets().delete(own.id, "ada")
    service.forget_pictures(name)
    assert service.snapshot(long).pictures is None  # nobody sees them any more
    service.stop(long)
    assert service.wait_until(long, lambda s: not s.live, PATIENCE).status == "stopped"
    for each in (run_id, long):
        kept = {path.name for path in service.store.folder(each).iterdir()}
        assert kept == {"weights.npz"}
        looked_at = service.snapshot(each)
        assert looked_at.pictures is None
        assert looked_at.history
    with refused("unknown_set", ImageSetUnavailable, id=own.id):
        answer(gallery.gallery, spec.images, 0, 24)
    with pytest.raises(ImageSetUnavailable):
        answer(inference.reconstruct_test, model, 0)
    others, missing = answer(baselines.baselines_of, model, image)
    assert [rival.name for rival in others] == ["JPEG"]
    check(missing, "unknown_set", id=own.id)
    assert answer(inference.reconstruct, model, image).psnr == pytest.approx(ours.psnr)
    with refused("unknown_set", id=own.id):
        service.submit(spec, "bob")
