"""Metrics against closed forms and scikit-image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from ae_core.metrics import mse, psnr, psnr_of_mse, ssim


def picture(side=16, channels=1, seed=0):
    return np.random.default_rng(seed).random((side, side, channels), dtype=np.float32)


@given(st.floats(1e-3, 0.5))
def test_psnr_of_a_known_shift(shift):
    a = 0.5 * picture()
    assert mse(a, a + np.float32(shift)) == pytest.approx(shift**2, rel=1e-3)
    assert psnr(a, a + np.float32(shift)) == pytest.approx(-20 * math.log10(shift), abs=0.01)


def test_psnr_is_scikit_image_s():
    a, b = picture(seed=1), picture(seed=2)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=1.0))


def test_a_mean_squared_error_of_a_hundredth_is_20_db():
    assert psnr_of_mse(0.01) == pytest.approx(20)
    assert psnr_of_mse(1) == 0


def test_equal_pictures():
    a = picture()
    assert mse(a, a) == 0
    assert psnr(a, a) == math.inf
    assert ssim(a, a) == pytest.approx(1)


def test_many_small_errors_do_not_vanish_in_float32():
    a = np.zeros((4000, 4000), np.float32)
    assert mse(a, a + np.float32(1e-4)) == pytest.approx(1e-8, rel=1e-5)


@given(st.integers(3, 12), st.sampled_from([1, 3]))
def test_ssim_works_at_every_size_and_is_symmetric(side, channels):
    a, b = picture(side, channels, 1), picture(side, channels, 2)
    assert ssim(a, a) == pytest.approx(1)
    assert ssim(a, b) == pytest.approx(ssim(b, a), abs=1e-6)
    assert -1 <= ssim(a, b) < 1


def test_more_noise_is_less_similar():
    a = np.tile(np.linspace(0.3, 0.7, 32, dtype=np.float32)[:, None, None], (1, 32, 1))
    noise = np.random.default_rng(0).standard_normal(a.shape, dtype=np.float32)
    values = [ssim(a, a + np.float32(sigma) * noise) for sigma in (0, 0.01, 0.05, 0.2)]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > 0.5
