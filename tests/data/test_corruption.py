"""What each corruption does, measured on many pixels against its equation."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from ae_core.data.corruption import apply, corrupt
from ae_core.specs import CHOICES, Corruption
from ae_core.specs.noise import blur_sigma, jpeg_quality

NO_DRAWS = ("none", "blur", "jpeg")
KINDS = st.sampled_from(CHOICES["noise_kind"])
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
def test_the_same_generator_the_same_noise(kind, amount, images, seed):
    once, again = (corrupted(kind, amount, images, seed) for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.parametrize("kind", [kind for kind in CHOICES["noise_kind"] if kind not in NO_DRAWS])
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
        for kind in CHOICES["noise_kind"]
        if kind not in ("block", "blur", "jpeg")
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


@pytest.mark.parametrize("amount", [0.01, 0.1, 0.5, 1.0])
def test_a_block_is_one_square_of_the_share_that_it_says(amount):
    missing = corrupted("block", amount, gray(0.7))[..., 0] == 0
    side = round(64 * np.sqrt(amount))
    for picture in missing:
        rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
        assert len(rows) == len(columns) == np.ptp(rows) + 1 == np.ptp(columns) + 1 == side
        assert picture.sum() == side**2
    assert amount == 1 or len({picture.tobytes() for picture in missing}) == len(missing)


@pytest.mark.parametrize("amount", [0.25, 0.5])
def test_a_blurred_point_is_a_bell_of_the_width_that_it_says(amount):
    point = np.zeros((1, 65, 65, 1), np.float32)
    point[0, 32, 32, 0] = 1
    bell = corrupted("blur", amount, point)[0, :, :, 0]
    away = np.arange(65) - 32
    assert bell.sum() == pytest.approx(1, abs=1e-3)
    for profile in (bell.sum(0), bell.sum(1)):
        assert np.sqrt((profile * away**2).sum()) == pytest.approx(blur_sigma(amount, 65), rel=0.02)


def test_a_blur_leaves_even_surfaces_even():
    assert np.allclose(corrupted("blur", 0.8, gray(0.3)), 0.3, atol=1e-6)


@pytest.mark.parametrize("amount", [0.2, 0.6, 0.95])
def test_jpeg_does_what_a_jpeg_file_does(amount):
    y, x = np.mgrid[:64, :48]
    waves = (
        0.5
        + 0.3 * np.sin(x / 3) * np.cos(y / 5)
        + np.random.default_rng(0).normal(0, 0.05, (64, 48))
    )
    image = np.clip(waves, 0, 1)
    file = io.BytesIO()
    pixels = np.round(image * 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=jpeg_quality(amount))
    wanted = np.asarray(Image.open(file), np.float32)
    ours = 255 * corrupted("jpeg", amount, (pixels / np.float32(255))[np.newaxis, ..., np.newaxis])
    difference = np.abs(ours[0, :, :, 0] - wanted)
    # The file's coder computes with whole numbers: now and then a coefficient rounds the other
    # way and its 64 pixels differ a little. Artefacts are 10 times as large.
    assert np.median(difference) == 0
    assert difference.mean() < np.abs(wanted - pixels).mean() / 10
