"""Noise results: the same noise for every method, and its PSNR as the noise's equation says."""

import json
import math

import numpy as np
import pytest

from ae_core.data.corruption import corrupt
from ae_core.metrics import psnr
from ae_core.pretrain.noise_benchmark import KINDS, MAX_DB, SAMPLE, SEED, benchmark
from ae_core.specs import Corruption


def gray(level=0.5, count=8, side=32):
    return np.full((count, side, side, 1), level, np.float32)


def waves(count=6):
    y, x = np.mgrid[:16, :16]
    phases = np.arange(count)[:, np.newaxis, np.newaxis]
    return (0.5 + 0.4 * np.sin((x + phases) / 3) * np.cos(y / 4))[..., np.newaxis].astype(
        np.float32
    )


def test_a_method_that_does_nothing_gains_nothing():
    results = benchmark(lambda noisy: noisy, "waves", waves())
    assert [Corruption(t.kind, t.amount) for t in results] == list(KINDS)
    assert {t.image_set for t in results} == {"waves"}
    assert all(t.denoised == t.noisy for t in results)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
def test_gaussian_noise_on_gray_has_the_psnr_of_its_sigma(sigma):
    (result,) = benchmark(lambda noisy: noisy, "gray", gray(), [Corruption("gaussian", sigma)])
    assert result.noisy == pytest.approx(-20 * math.log10(sigma), abs=0.1)


def test_the_psnr_is_of_the_mean_error_over_all_pictures():
    clean = waves()
    output = clean.copy()
    output[0] += 0.1
    (result,) = benchmark(lambda _: output, "waves", clean, KINDS[:1])
    assert result.denoised == pytest.approx(psnr(output, clean), abs=0.006)
    assert result.denoised == pytest.approx(20 + 10 * math.log10(len(clean)), abs=0.006)


def test_the_clean_pictures_themselves_are_as_near_as_json_can_say():
    clean = waves()
    (result,) = benchmark(lambda _: clean, "waves", clean, KINDS[:1])
    assert result.denoised == MAX_DB
    assert json.loads(json.dumps(vars(result))) == vars(result)


def test_every_method_gets_the_same_noise_whatever_it_does_and_whatever_came_before():
    clean, got = waves(), []

    def keeps(noisy):
        got.append(noisy.copy())
        return noisy

    def spoils(noisy):
        got.append(noisy.copy())
        noisy[:] = 0
        np.random.default_rng(SEED).random(100)
        return noisy

    first = benchmark(keeps, "waves", clean)
    second = benchmark(spoils, "waves", clean)
    assert [t.noisy for t in first] == [t.noisy for t in second]
    alone = [benchmark(keeps, "waves", clean, [kind])[0].noisy for kind in KINDS]
    assert alone == [t.noisy for t in first]
    for n, kind in enumerate(KINDS):
        wanted = corrupt(kind, clean, np.random.default_rng(SEED))
        assert all(np.array_equal(pictures, wanted) for pictures in got[n :: len(KINDS)])
    assert np.array_equal(clean, waves())


@pytest.mark.parametrize("count", [1, SAMPLE, SAMPLE + 20])
def test_the_first_500_pictures_at_most_are_used(count):
    clean = np.random.default_rng(0).random((count, 4, 4, 1), np.float32)
    got = []
    benchmark(lambda noisy: got.append(noisy) or noisy, "any", clean, [Corruption("none", 0.0)])
    assert np.array_equal(got[0], clean[:500])
    assert SAMPLE == 500
