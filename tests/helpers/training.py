"""Small trainings on digits, and what of two of them is compared."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.errors import Message
from ae_core.models import autoencoder as ae
from ae_core.models.networks import build
from ae_core.service import preload  # noqa: F401, before the collector is told what stays
from ae_core.specs import (
    AutoencoderSpec,
    TrainingSpec,
    change,
    parse_layers,
)
from ae_core.training import steps
from ae_core.training.control import NoControl
from ae_core.training.loop import fit
from ae_core.training.steps import TrainStep

SMALL = TrainingSpec(
    autoencoder=AutoencoderSpec(parse_layers("dense16"), parse_layers("dense16"), latent_dim=4),
    epochs=2,
    batch_size=32,
)
SIGNS = {"output_mean", "output_spread", "explained"}  # of any network, see `health_metrics`
LINEAR = TrainingSpec(
    autoencoder=AutoencoderSpec((), (), latent_dim=3, output_activation="linear"),
    optimizer="sgd",
    learning_rate=0.1,
    epochs=1,
    batch_size=500,
    seed=3,
)
# Diverges within an epoch: the gradient grows with the square of the pixel scale.
DIVERGING = change(
    SMALL, optimizer="sgd", learning_rate=1.0, pixel_scale=255, output_activation="linear", epochs=5
)


@cache
def some_digits():
    """500 digits to train on, 120 held out."""
    digits = first_train_images(load_images("digits"), 500)
    return replace(digits, test=digits.test[:120], test_labels=digits.test_labels[:120])


def first_train_images(images, count):
    """A set with only the first of its training images."""
    train, labels = images.train[:count], images.train_labels[:count]
    return replace(images, read_train=lambda: train, train_count=count, train_labels=labels)


def train(spec, images, control=None):
    """The outcome and the epochs that were told of."""
    epochs = []
    return fit(spec, images, on_epoch=epochs.append, control=control), epochs


@cache
def trained_one_by_one(spec):
    """The outcome with one step a call, so that even the rounding of the sums repeats."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "SECONDS_PER_CALL", 0)
        return train(spec, some_digits())[0]


def figures(outcome):
    """The history without the clock's part."""
    return [{k: v for k, v in m.items() if k != "seconds"} for m in outcome.history]


def assert_same(one, other):
    assert set(one.weights) == set(other.weights)
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name])
    assert figures(one) == figures(other)


def initial_weights(spec, images):
    networks = build(spec.autoencoder, images.image_shape, seed=spec.seed)
    return ae.weights_of(networks)


def steps_of(spec, images):
    networks = build(
        spec.autoencoder, images.image_shape, seed=spec.seed, corruption=spec.corruption
    )
    return TrainStep(spec, networks, images)


KINDS = {
    "plain": SMALL,
    "noisy": change(SMALL, noise_kind="heteroscedastic", noise_amount=0.2),
    "noise layer": change(SMALL, noise_kind="gaussian", noise_amount=0.2, noise_stage="layer"),
    "variational": change(SMALL, bottleneck="variational", loss="bernoulli-nll", latent_dim=2),
    "conv": change(SMALL, encoder="conv4/2", decoder="dense16, reshape4x4x1, convT4/2"),
}
every_kind = pytest.mark.parametrize("spec", KINDS.values(), ids=KINDS.keys())


class Counting(NoControl):
    """A control that only counts, and stops when asked the `last`-th time."""

    def __init__(self, last=math.inf):
        self.asked, self.last, self.epochs, self.shares = 0, last, [], []

    def wait(self, epoch):
        self.epochs.append(epoch)
        return 0.0

    def stopped(self, epoch):
        self.asked += 1
        return Message.of("stopped", epoch=epoch) if self.asked >= self.last else None

    def progress(self, share):
        self.shares.append(share)
