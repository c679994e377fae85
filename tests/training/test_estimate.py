"""The estimate against a sum made by hand, and the way it grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.data.catalog import IMAGE_SETS
from ae_core.models.compatibility import image_shape
from ae_core.models.shapes import infer_shapes
from ae_core.specs import PRESETS, TrainingSpec, change, preset
from ae_core.training import estimate
from ae_core.training.estimate import Speed, seconds

LAPTOP = Speed(dense=1e10, conv=5e9)


def estimated(spec, speed=LAPTOP):
    layers = infer_shapes(spec.autoencoder, image_shape(spec))
    return seconds(spec, layers, IMAGE_SETS[spec.image_set], speed)


def training_only(spec, speed=LAPTOP):
    return estimated(spec, speed) - estimate.START_SECONDS


DENSE = change(TrainingSpec(), encoder="", decoder="", latent_dim=10, batch_size=100, epochs=1)


def test_a_dense_epoch_by_hand():
    """1,437 training and 360 held-out digits of 64 pixels, through 10 numbers."""
    macs = 64 * 10 + 10 * 64
    multiplying = (3 * 1437 + 360) * macs / LAPTOP.dense
    overhead = 15 * 3 * estimate.SECONDS_PER_LAYER  # 15 batches, 3 layers
    assert training_only(DENSE) == pytest.approx(multiplying + overhead)


def test_training_on_everything_holds_nothing_out():
    both = change(DENSE, split="none")
    overhead = 18 * 3 * estimate.SECONDS_PER_LAYER
    multiplying = 3 * 1797 * 1280 / LAPTOP.dense
    assert training_only(both) == pytest.approx(multiplying + overhead)


def test_a_convolution_by_hand():
    spec = change(DENSE, encoder="conv4", split="none", steps_per_epoch=2, batch_size=10)
    conv = 64 * 9 * 4 / LAPTOP.conv + 64 * 4 * estimate.SECONDS_PER_VALUE
    dense = (256 * 10 + 10 * 64) / LAPTOP.dense
    overhead = 2 * 4 * estimate.SECONDS_PER_LAYER
    assert training_only(spec) == pytest.approx(3 * 20 * (conv + dense) + overhead)


def test_steps_beyond_the_pictures_train_on_no_more_pictures():
    more = training_only(change(DENSE, steps_per_epoch=1000))
    extra = (1000 - 15) * 3 * estimate.SECONDS_PER_LAYER
    assert more == pytest.approx(training_only(DENSE) + extra)


@given(st.sampled_from(sorted(PRESETS)), st.integers(1, 2000))
def test_twice_the_epochs_twice_the_time(name, epochs):
    spec = preset(name)
    one = training_only(change(spec, epochs=1))
    assert training_only(change(spec, epochs=epochs)) == pytest.approx(epochs * one)


@given(st.sampled_from(sorted(PRESETS)), st.floats(1.1, 100))
def test_a_faster_machine_is_faster_but_not_by_more_than_its_speed(name, factor):
    spec = preset(name)
    slow = training_only(spec)
    fast = training_only(spec, Speed(factor * LAPTOP.dense, factor * LAPTOP.conv))
    assert slow / factor < fast < slow


@given(st.integers(1, 511))
def test_smaller_batches_take_longer(batch_size):
    larger = change(DENSE, batch_size=2 * batch_size)
    assert training_only(change(DENSE, batch_size=batch_size)) > training_only(larger)


def test_the_recipes_are_in_the_order_that_everybody_expects():
    quick, slow = estimated(preset("digits-dense")), estimated(preset("olivetti-conv"))
    assert 1.5 < quick < 60
    assert slow > 10 * quick
