"""The classical filters against their oracles, and the noise that they are told of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from ae_core.data.loading import load_images
from ae_core.denoising import filters
from ae_core.denoising.filters import FILTERS, estimate_noise, filtered
from ae_core.metrics import psnr

SEEDS = st.integers(0, 99)
NAMES = st.sampled_from(list(FILTERS))


def smooth(channels=1, side=96):
    y, x = np.mgrid[:side, :side]
    wave = 0.5 + 0.15 * np.sin(x / 12) * np.cos(y / 15)
    return np.repeat(wave[..., np.newaxis], channels, axis=-1).astype(np.float32)


def noisy(image, sigma, seed=0):
    noise = np.random.default_rng(seed).standard_normal(image.shape, np.float32)
    return np.clip(image + np.float32(sigma) * noise, 0, 1)


@pytest.fixture(scope="module")
def faces():
    return load_images("toy-faces").test[:16]


# --- the noise level --------------------------------------------------------------------------


@given(st.floats(0.02, 0.15), st.sampled_from([1, 3]), SEEDS)
def test_the_noise_of_a_smooth_picture_is_measured(sigma, channels, seed):
    assert estimate_noise(noisy(smooth(channels), sigma, seed)) == pytest.approx(sigma, rel=0.12)


@given(st.floats(0, 1, width=32), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]))
def test_a_flat_picture_has_no_noise(level, height, width, channels):
    assert estimate_noise(np.full((height, width, channels), level, np.float32)) == 0


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 50, 3), (50, 1, 1), (3, 3, 3), (3, 40, 1)])
def test_a_tiny_picture_has_no_noise(shape):
    assert estimate_noise(noisy(np.full(shape, 0.5), 0.2)) == 0


# --- every filter -----------------------------------------------------------------------------


# Measured, at σ = 0.1 and 0.2, in dB: Gaussian 1.3 and 4.1, median 0.9 and 3.4, total variation
# 4.4 and 5.8, non-local means 6.7 and 7.0, wavelet 3.5 and 4.6.
@pytest.mark.parametrize("sigma", [0.1, 0.2])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_brings_noisy_faces_nearer_to_the_clean_ones(faces, name, channels, sigma):
    clean = [np.repeat(face, channels, axis=-1) for face in faces]
    before = [noisy(face, sigma, seed) for seed, face in enumerate(clean)]
    gains = [psnr(filtered(name, b), c) - psnr(b, c) for b, c in zip(before, clean, strict=True)]
    assert np.mean(gains) > (0.5 if sigma == 0.1 else 3)


@given(
    NAMES,
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3])),
        elements=st.floats(0, 1, width=32),
        fill=st.nothing(),
    ),
)
def test_pictures_stay_pictures_whatever_their_size(name, image):
    image.setflags(write=False)
    output = filtered(name, image)
    assert output.shape == image.shape
    assert output.dtype == np.float32
    assert output.min() >= 0
    assert output.max() <= 1
    assert np.array_equal(filtered(name, image), output)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_clean_flat_picture_stays_as_it_is(name, channels):
    flat = np.full((20, 30, channels), 0.3, np.float32)
    assert np.array_equal(filtered(name, flat), flat)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 3, 3), (4, 4, 1), (7, 7, 1), (7, 50, 3), (50, 4, 1), (5, 4, 3)]
)
def test_a_picture_below_8_pixels_stays_as_it_is(name, shape):
    image = noisy(np.full(shape, 0.5), 0.2)
    assert np.array_equal(filtered(name, image), image)


# The wavelet filter takes the noise of red, green and blue for independent and is left out.
@pytest.mark.parametrize("name", [name for name in FILTERS if name != "Wavelet"])
def test_gray_is_filtered_as_each_of_three_equal_channels(faces, name):
    gray = noisy(faces[0], 0.1)
    assert filtered(name, np.repeat(gray, 3, axis=-1)) == pytest.approx(
        np.repeat(filtered(name, gray), 3, axis=-1), abs=1e-5
    )


def test_three_equal_channels_stay_equal_after_wavelets(faces):
    output = filtered("Wavelet", np.repeat(noisy(faces[0], 0.1), 3, axis=-1))
    assert np.ptp(output, axis=-1).max() < 1e-5


# --- single filters ---------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_the_gaussian_filter_is_scipys(faces, noise):
    image = noisy(faces[0], noise)[..., 0]
    sigma = 3.5 * np.sqrt(noise)
    wanted = ndimage.gaussian_filter(image, sigma, mode="nearest")
    assert filters.gaussian(image, noise) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(("noise", "side"), [(0.05, 3), (0.1, 5), (0.2, 7)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_median_is_that_of_a_window(noise, side, channels):
    image = noisy(smooth(channels, 24), noise)
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    inner = slice(side // 2, -(side // 2))
    ours = filters.median(image[..., 0] if channels == 1 else image, noise)
    wanted = np.median(windows, axis=(-2, -1))
    assert np.array_equal(ours.reshape(image.shape)[inner, inner], wanted)


def test_the_stronger_the_total_variation_filter_the_shorter_the_contours():
    image = noisy(smooth(), 0.1)[..., 0]
    outputs = [filters.total_variation(image, noise) for noise in (0.01, 0.05, 0.1, 0.2)]
    lengths = [np.hypot(*np.gradient(output)).sum() for output in outputs]
    assert lengths == sorted(lengths, reverse=True)
