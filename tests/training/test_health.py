"""What is told of a network by a look at some pictures: against cases that are known by heart."""

import numpy as np
import pytest

from ae_core.latent import statistics
from ae_core.specs import AutoencoderSpec
from ae_core.training.health import (
    IMAGES_PER_SAMPLE,
    MAX_SAMPLE,
    MIN_SAMPLE,
    health_metrics,
    subsample,
)

PLAIN = AutoencoderSpec(latent_dim=4)
CODES = np.zeros((50, 4), np.float32)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((50, 6, 6, 1), np.float32)


def test_a_perfect_copy_explains_everything(images):
    signs = health_metrics(PLAIN, images, CODES, images.copy())
    assert signs["explained"] == 1
    assert signs["output_spread"] == 1
    assert signs["output_mean"] == pytest.approx(images.mean(), rel=1e-6)


def test_the_mean_picture_explains_nothing_and_does_not_differ(images):
    mean = np.broadcast_to(images.mean(axis=0, dtype=np.float64), images.shape)
    signs = health_metrics(PLAIN, images, CODES, mean)
    assert signs["explained"] == pytest.approx(0, abs=1e-9)
    assert signs["output_spread"] == pytest.approx(0, abs=1e-9)


def test_black_is_worse_than_the_mean_picture(images):
    signs = health_metrics(PLAIN, images, CODES, np.zeros_like(images))
    assert signs["explained"] < 0
    assert signs["output_mean"] == signs["output_spread"] == 0


def test_half_the_contrast_is_half_the_spread(images):
    mean = images.mean(axis=0)
    signs = health_metrics(PLAIN, images, CODES, mean + (images - mean) / 2)
    assert signs["output_spread"] == pytest.approx(0.5, rel=1e-5)
    assert signs["explained"] == pytest.approx(0.75, rel=1e-5)


def test_where_all_pictures_are_one_there_is_nothing_to_explain(images):
    same = np.repeat(images[:1], 50, axis=0)
    assert set(health_metrics(PLAIN, same, CODES, same)) == {"output_mean"}


def test_dimensions_are_counted_as_on_the_page_of_the_posterior(images):
    spec = AutoencoderSpec(latent_dim=4, bottleneck="variational")
    spreads = np.array([0, 0.05, 0.2, 1], np.float32)
    codes = np.random.default_rng(1).standard_normal((50, 4), np.float32) * spreads
    signs = health_metrics(spec, images, codes, images)
    assert signs["used_dimensions"] == 2 == statistics.active_units(codes).sum()
    assert "used_dimensions" not in health_metrics(PLAIN, images, codes, images)


@pytest.mark.parametrize(
    ("activation", "ends", "middle"),
    [("sigmoid", (0.0, 1.0, 0.005, 0.995), (0.02, 0.5)), ("tanh", (-1.0, 0.99), (0.0, -0.9))],
)
def test_saturated_units_are_those_whose_slope_is_gone(images, activation, ends, middle):
    spec = AutoencoderSpec(latent_dim=1, code_activation=activation)
    values = np.array(ends + middle, np.float32)[:, np.newaxis]
    share = health_metrics(spec, images[: len(values)], values, images[: len(values)])
    assert share["saturated_share"] == pytest.approx(len(ends) / len(values))


def test_only_what_flattens_can_saturate(images):
    for activation in ("linear", "relu"):
        spec = AutoencoderSpec(latent_dim=4, code_activation=activation)
        assert "saturated_share" not in health_metrics(spec, images, CODES, images)
    of_layers = AutoencoderSpec(latent_dim=4, code_type="feature_map", activation="tanh")
    assert health_metrics(of_layers, images, CODES, images)["saturated_share"] == 0


@pytest.mark.parametrize("trained", [1, 350, 1437, 60_000])
@pytest.mark.parametrize("count", [1, 16, 50, 99, 360, 10_000])
def test_pictures_are_chosen_from_all_over_the_set(count, trained):
    numbers = subsample(np.arange(count), trained)
    wanted = min(max(trained // IMAGES_PER_SAMPLE, MIN_SAMPLE), MAX_SAMPLE)
    assert min(count, wanted / 2) <= len(numbers) <= wanted
    assert numbers[0] == 0
    assert numbers[-1] >= count - 1 - count / len(numbers)
