"""An epoch: which images it takes, in which batches and order, and which are held out."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from ae_core.specs import (
    change,
)
from ae_core.training import steps
from ae_core.training.steps import TrainStep
from tests.helpers.training import LINEAR, SIGNS, SMALL, steps_of, train, trained_one_by_one


def test_about_half_of_the_pictures_are_mirrored_anew_every_time(images, monkeypatch):
    seen = []
    forward = TrainStep._forward

    def watched(self, pictures, number, training):
        tf.numpy_function(lambda array: seen.append(array.copy()), [pictures], [])
        return forward(self, pictures, number, training)

    monkeypatch.setattr(TrainStep, "_forward", watched)
    steps = steps_of(replace(LINEAR, augment="mirror", batch_size=500), images)
    order = np.arange(500)
    list(steps.epoch(order, 1))
    list(steps.epoch(order, 1))
    straight = [[(p == x).all() for p, x in zip(s, images.train, strict=False)] for s in seen]
    mirrored = [
        [(p == x[:, ::-1]).all() for p, x in zip(s, images.train, strict=False)] for s in seen
    ]
    assert np.logical_or(straight, mirrored).all()
    assert 150 < np.sum(straight[0]) < 350
    assert straight[0] != straight[1]


def test_average_loss_per_sample_divides_by_the_set_even_if_pictures_are_left_out(images):
    """R1 trains on 7·50 pictures an epoch and divides by 400."""
    spec = replace(LINEAR, loss="l2", learning_rate=1e-6, batch_size=50, steps_per_epoch=8)
    some, _ = train(spec, images)
    everything, _ = train(replace(spec, steps_per_epoch=0), images)
    ratio = some.history[0]["loss"] / everything.history[0]["loss"]
    assert ratio == pytest.approx(0.8, abs=0.02)  # 8·50 of 500


def seen(spec, images):
    return sum(
        part.images for part in steps_of(spec, images).epoch(np.arange(len(images.train)), 1)
    )


@pytest.mark.parametrize("batch_size", [1, 32, 125, 499, 500, 501, 1024])
def test_an_epoch_takes_every_picture_once_the_last_smaller_batch_included(images, batch_size):
    assert seen(replace(SMALL, batch_size=batch_size), images) == 500


@pytest.mark.parametrize(("steps_per_epoch", "pictures"), [(1, 32), (7, 224), (15, 480)])
def test_steps_per_epoch_limits_the_batches(images, steps_per_epoch, pictures):
    assert seen(replace(SMALL, steps_per_epoch=steps_per_epoch), images) == pictures


@pytest.mark.parametrize("steps_per_epoch", [16, 1000])
def test_more_steps_than_the_pictures_give_are_as_many_as_they_give(images, steps_per_epoch):
    assert seen(replace(SMALL, steps_per_epoch=steps_per_epoch), images) == 500


def test_the_order_changes_from_epoch_to_epoch_but_not_the_set(images, monkeypatch):
    orders = []
    whole = TrainStep.epoch

    def noting(self, order, number):
        orders.append(order.copy())
        return whole(self, order, number)

    monkeypatch.setattr(TrainStep, "epoch", noting)
    train(SMALL, images)
    first, second = orders
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.arange(500))
    np.testing.assert_array_equal(np.sort(second), np.arange(500))


def test_training_on_everything_holds_nothing_out(images):
    outcome, _ = train(replace(SMALL, split="none"), images)
    assert outcome.status == "finished"
    for m in outcome.history:
        assert set(m) == {"loss", "psnr", "code_mean", "near_zero_share", "seconds"} | SIGNS


def test_holding_out_gives_every_figure_twice():
    outcome = trained_one_by_one(SMALL)
    names = {"loss", "psnr", "code_mean", "near_zero_share"}
    for m in outcome.history:
        assert set(m) == names | {f"val_{name}" for name in names} | {"seconds"} | SIGNS


def test_held_out_images_have_no_influence(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    other, _ = train(SMALL, replace(images, test=1 - images.test))
    for name, array in trained_one_by_one(SMALL).weights.items():
        np.testing.assert_array_equal(array, other.weights[name])


def test_the_pictures_are_left_as_they_are(images):
    before = images.train.copy(), images.test.copy()
    train(change(SMALL, noise_kind="speckle", noise_amount=0.5), images)
    np.testing.assert_array_equal(images.train, before[0])
    np.testing.assert_array_equal(images.test, before[1])
