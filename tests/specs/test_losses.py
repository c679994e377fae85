"""The losses against their definitions: integration, SciPy's distributions, NumPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy import integrate, stats

from ae_core.specs.losses import LOSSES, kl, kl_per_dimension, sparsity, total_correlation

N, H, W, C, D = 5, 4, 3, 2, 6
MEANS = st.floats(-4, 4)
LOG_VARS = st.floats(-4, 3)


def pictures(seed, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, (N, H, W, C)).astype(np.float32)


def loss_of(name, target, output, sigma=0.1):
    losses = np.asarray(ops.convert_to_numpy(LOSSES[name].of(target, output, sigma, ops)))
    assert losses.shape == (len(target),)
    return losses


def kl_of(mean, log_var):
    """One number: the divergence of N(mean, exp(log_var)) from N(0, 1)."""
    return float(kl_per_dimension(np.float32([[mean]]), np.float32([[log_var]]), ops)[0, 0])


# --- Kullback-Leibler ------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(mean=MEANS, log_var=LOG_VARS)
def test_kl_is_the_integral_that_defines_it(mean, log_var):
    sigma = math.exp(log_var / 2)

    def integrand(x):
        log_q = stats.norm.logpdf(x, mean, sigma)
        return math.exp(log_q) * (log_q - stats.norm.logpdf(x))

    # ±10 standard deviations hold all but 1e-22 of q.
    integral, _ = integrate.quad(
        integrand, mean - 10 * sigma, mean + 10 * sigma, points=[mean], limit=200
    )
    assert kl_of(mean, log_var) == pytest.approx(integral, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.5, -1.0), (-0.5, 1.2), (0.0, -3.0)])
def test_kl_is_the_mean_log_ratio_of_samples(mean, log_var):
    """Monte Carlo: within 5 standard errors of 200,000 draws (and the float32 of the code)."""
    sigma = math.exp(log_var / 2)
    draws = np.random.default_rng(0).normal(mean, sigma, 200_000)
    ratios = stats.norm.logpdf(draws, mean, sigma) - stats.norm.logpdf(draws)
    tolerance = 5 * ratios.std() / math.sqrt(len(draws)) + 1e-6
    assert kl_of(mean, log_var) == pytest.approx(ratios.mean(), abs=tolerance)


@settings(max_examples=60, deadline=None)
@given(mean=MEANS, log_var=LOG_VARS)
def test_kl_is_the_closed_form_in_double_precision_and_never_negative(mean, log_var):
    variance = np.exp(log_var)
    closed = 0.5 * (mean**2 + variance - np.log(variance) - 1)
    assert kl_of(mean, log_var) == pytest.approx(closed, rel=1e-5, abs=1e-6)
    assert kl_of(mean, log_var) >= -1e-6


def test_kl_of_the_prior_is_zero():
    zeros = np.zeros((N, D), np.float32)
    assert not np.any(kl_per_dimension(zeros, zeros, ops))
    assert not np.any(kl(zeros, zeros, ops))


def test_kl_is_summed_over_the_code_not_averaged():
    """Keras' own two examples differ by this factor of D."""
    rng = np.random.default_rng(1)
    mean, log_var = rng.normal(size=(2, N, D)).astype(np.float32)
    each = np.asarray(kl_per_dimension(mean, log_var, ops))
    assert each.shape == (N, D)
    np.testing.assert_allclose(np.asarray(kl(mean, log_var, ops)), each.sum(axis=1), rtol=1e-6)
    # A code number more or less adds its own divergence and nothing else.
    np.testing.assert_allclose(
        np.asarray(kl(mean[:, :-1], log_var[:, :-1], ops)), each[:, :-1].sum(axis=1), rtol=1e-5
    )


# --- likelihoods -----------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_gaussian_nll_is_scipys(sigma):
    target, output = pictures(2), pictures(3, -0.2, 1.2)
    expected = -stats.norm.logpdf(target.astype(float), output.astype(float), sigma)
    np.testing.assert_allclose(
        loss_of("gaussian-nll", target, output, sigma), expected.sum(axis=(1, 2, 3)), rtol=1e-5
    )


def test_gaussian_nll_falls_below_zero_where_the_density_is_above_one():
    target = pictures(4)
    expected = H * W * C * (math.log(0.1) + 0.5 * math.log(2 * math.pi))
    assert expected < 0
    np.testing.assert_allclose(loss_of("gaussian-nll", target, target, 0.1), expected, rtol=1e-5)


def test_centre_nll_is_scipys_with_a_sigma_per_pixel():
    """σ_p is about σ/2 at the eyes of an aligned face, σ/3 at its mouth, 1.5σ in the corners."""
    rng = np.random.default_rng(0)
    side, sigma = 50, 0.2
    target, output = rng.uniform(size=(2, 3, side, side, 3)).astype(np.float32)
    at = (np.arange(side) + 0.5) / side

    def bump(middle, width):
        return stats.norm.pdf(at, middle, width) / stats.norm.pdf(0, 0, width)

    eyes = np.outer(bump(0.45, 0.1), bump(0.5, 0.2))
    mouth = np.outer(bump(0.72, 124**-0.5), bump(0.5, 50**-0.5))
    sigmas = 1.5 * sigma / (3.0**eyes * 4.0**mouth)
    assert sigmas[22, 25] == pytest.approx(sigma / 2, rel=0.1)
    assert sigmas.min() == sigmas[35, 25] == pytest.approx(sigma / 3, rel=0.15)
    assert sigmas[0, 0] == pytest.approx(1.5 * sigma, rel=0.01)
    expected = -stats.norm.logpdf(target, output, sigmas[..., None]).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of("centre-nll", target, output, sigma), expected, rtol=1e-4)


def test_bernoulli_nll_is_the_cross_entropy_summed():
    target, output = pictures(5), pictures(6, 0.01, 0.99)
    x, p = target.astype(float), output.astype(float)
    expected = -x * np.log(p) - (1 - x) * np.log(1 - p)
    losses = loss_of("bernoulli-nll", target, output)
    np.testing.assert_allclose(losses, expected.sum(axis=(1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(loss_of("bce", target, output) * H * W * C, losses, rtol=1e-6)


def test_bernoulli_nll_is_scipys_for_binary_pictures():
    target = np.round(pictures(7))
    output = pictures(8, 0.01, 0.99)
    expected = -stats.bernoulli.logpmf(target, output).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(loss_of("bernoulli-nll", target, output), expected, rtol=1e-5)


def test_cross_entropy_is_least_where_output_and_target_agree_but_not_zero():
    target = pictures(9, 0.1, 0.9)
    least = loss_of("bce", target, target)
    assert (least > 0).all()  # the entropy of the target itself
    for step in (-0.05, 0.05):
        assert (loss_of("bce", target, target + np.float32(step)) > least).all()


def test_cross_entropy_of_a_saturated_output_is_finite():
    target = np.ones((N, H, W, C), np.float32)
    losses = loss_of("bernoulli-nll", target, np.zeros_like(target))
    assert np.isfinite(losses).all()
    assert (losses > 10 * H * W * C).all()  # e^-10 and worse, not forgiven either


# --- distances -------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 255])
def test_distances_are_numpys(scale):
    target, output = pictures(10) * scale, pictures(11) * scale
    error = output.astype(float) - target.astype(float)
    expected = {
        "mse": np.mean(error**2, axis=(1, 2, 3)),
        "mae": np.mean(np.abs(error), axis=(1, 2, 3)),
        "l2": np.sum(error**2, axis=(1, 2, 3)) / 2,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(loss_of(name, target, output), values, rtol=1e-5)


@pytest.mark.parametrize("name", ["mse", "mae", "l2"])
def test_distances_are_zero_for_equal_pictures_and_symmetric(name):
    a, b = pictures(12), pictures(13)
    assert not loss_of(name, a, a).any()
    np.testing.assert_array_equal(loss_of(name, a, b), loss_of(name, b, a))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_of_single_pictures_so_batches_do_not_matter(name):
    target, output = pictures(14), pictures(15, 0.01, 0.99)
    together = loss_of(name, target, output)
    alone = [loss_of(name, target[i : i + 1], output[i : i + 1])[0] for i in range(N)]
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_gaussian_nll_and_l2_lead_to_the_same_pictures():
    """They differ by a factor σ² and a constant, as the lesson says."""
    target, a, b = pictures(16), pictures(17), pictures(18)
    sigma = 0.3
    nll = loss_of("gaussian-nll", target, a, sigma) - loss_of("gaussian-nll", target, b, sigma)
    l2 = loss_of("l2", target, a) - loss_of("l2", target, b)
    np.testing.assert_allclose(nll * sigma**2, l2, rtol=1e-3, atol=1e-4)


def test_sparsity_is_the_l1_norm():
    codes = np.random.default_rng(19).normal(size=(N, D)).astype(np.float32)
    expected = np.linalg.norm(codes.astype(float), ord=1, axis=1)
    np.testing.assert_allclose(np.asarray(sparsity(codes, ops)), expected, rtol=1e-6)


# --- total correlation -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_total_correlation_is_of_the_mixture_of_the_batchs_posteriors(seed):
    rng = np.random.default_rng(seed)
    mean, log_var, codes = (rng.normal(size=(N, D)).astype(np.float32) for _ in range(3))
    densities = stats.norm.pdf(
        codes[:, None].astype(float), mean[None], np.exp(log_var[None].astype(float) / 2)
    )
    together = np.log(densities.prod(axis=2).mean(axis=1))
    apart = np.log(densities.mean(axis=1)).sum(axis=1)
    np.testing.assert_allclose(
        total_correlation(mean, log_var, codes, ops), together - apart, rtol=1e-4, atol=1e-4
    )


def test_numbers_that_say_the_same_depend_on_each_other_and_others_do_not():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 400, 1)).astype(np.float32)
    narrow = np.full((400, 2), -2.0, np.float32)
    noise = 0.37 * rng.normal(size=(400, 2)).astype(np.float32)
    same, apart = (np.concatenate([one, second], axis=1) for second in (one, other))
    values = [
        float(np.mean(ops.convert_to_numpy(total_correlation(m, narrow, m + noise, ops))))
        for m in (same, apart)
    ]
    assert values[0] > 0.5
    assert abs(values[1]) < 0.15
