"""What each corruption does, measured on many pixels against its equation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_core.corruption import apply, corrupt
from ae_core.specs import CHOICES, Corruption

KINDS = st.sampled_from(CHOICES["kind"])
AMOUNTS = st.floats(0, 1)
PICTURES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=4, max_dims=4, max_side=6),
    elements=st.floats(0, 1, width=32),
)
SEEDS = st.integers(0, 99)


def corrupted(kind, amount, images, seed=0):
    return corrupt(Corruption(kind, amount), images, np.random.default_rng(seed))


def gray(level, count=4):
    return np.full((count, 64, 64, 1), level, np.float32)


@given(KINDS, PICTURES, SEEDS)
def test_amount_0_leaves_every_picture_as_it_is(kind, images, seed):
    assert np.array_equal(corrupted(kind, 0.0, images, seed), images)


@given(AMOUNTS, PICTURES)
def test_the_kind_none_leaves_every_picture_as_it_is(amount, images):
    assert np.array_equal(corrupted("none", amount, images), images)


@given(KINDS, AMOUNTS, PICTURES, SEEDS)
@settings(deadline=None)
def test_pictures_stay_pictures_and_the_clean_ones_stay_clean(kind, amount, images, seed):
    before = images.copy()
    images.setflags(write=False)
    result = corrupted(kind, amount, images, seed)
    assert result.shape == images.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert np.array_equal(images, before)


@given(KINDS, AMOUNTS, PICTURES, SEEDS)
@settings(deadline=None)
def test_the_same_generator_the_same_noise(kind, amount, images, seed):
    once, again = (corrupted(kind, amount, images, seed) for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.parametrize("kind", [kind for kind in CHOICES["kind"] if kind != "none"])
def test_another_generator_other_noise(kind):
    assert not np.array_equal(
        corrupted(kind, 0.2, gray(0.5), 1), corrupted(kind, 0.2, gray(0.5), 2)
    )


@pytest.mark.parametrize("amount", [0.02, 0.1])
def test_gaussian_noise_has_the_standard_deviation_that_it_says(amount):
    noise = corrupted("gaussian", amount, gray(0.5)) - 0.5
    assert noise.mean() == pytest.approx(0, abs=0.05 * amount)
    assert noise.std() == pytest.approx(amount, rel=0.05)


def test_speckle_grows_with_the_pixel():
    dark, bright = (corrupted("speckle", 0.1, gray(level)) - level for level in (0.2, 0.6))
    assert dark.std() == pytest.approx(0.1 * 0.2, rel=0.05)
    assert bright.std() == pytest.approx(0.1 * 0.6, rel=0.05)
    assert np.array_equal(corrupted("speckle", 0.9, gray(0.0)), gray(0.0))


def test_heteroscedastic_noise_has_another_sigma_for_every_pixel():
    noise = (corrupted("heteroscedastic", 0.05, gray(0.5, 16)) - 0.5).ravel()
    # σ ~ U(0, 2a): E σ² = 4a²/3, and with E n⁴ = 3 E σ⁴ = 3·16a⁴/5 the tails are heavier than
    # the kurtosis 3 of one σ for all: 3·(16/5)/(4/3)² = 5.4.
    assert noise.std() == pytest.approx(0.05 * np.sqrt(4 / 3), rel=0.05)
    assert (noise**4).mean() / (noise**2).mean() ** 2 == pytest.approx(5.4, rel=0.1)


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.9])
def test_masking_blackens_the_share_that_it_says(amount):
    result = corrupted("masking", amount, gray(0.7))
    assert set(np.unique(result)) == {np.float32(0), np.float32(0.7)}
    assert (result == 0).mean() == pytest.approx(amount, abs=0.02)


def test_masking_everything_leaves_nothing():
    assert corrupted("masking", 1.0, gray(0.7)).max() == 0


@pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
def test_salt_and_pepper_come_in_equal_parts(amount):
    result = corrupted("salt-and-pepper", amount, gray(0.7))
    assert (result == 0).mean() == pytest.approx(amount / 2, abs=0.02)
    assert (result == 1).mean() == pytest.approx(amount / 2, abs=0.02)
    assert ((result == np.float32(0.7)).mean()) == pytest.approx(1 - amount, abs=0.02)


def test_the_caller_draws_the_noise():
    images, normal, uniform = (
        gray(0.5, 1),
        np.full((1, 64, 64, 1), 2.0),
        np.full((1, 64, 64, 1), 0.3),
    )
    levels = {
        kind: float(apply(Corruption(kind, 0.1), images, normal, uniform, np).flat[0])
        for kind in CHOICES["kind"]
    }
    assert levels == pytest.approx(
        {
            "none": 0.5,
            "gaussian": 0.5 + 0.1 * 2,
            "heteroscedastic": 0.5 + 2 * 0.1 * 0.3 * 2,
            "masking": 0.5,
            "salt-and-pepper": 0.5,
            "speckle": 0.5 + 0.1 * 0.5 * 2,
        }
    )
