"""Statistics of codes against integrals, draws, scikit-learn and models whose answer is known."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.decomposition import PCA

from ae_core.latent.statistics import (
    ACTIVE,
    QUANTILES,
    RADIUS_FACTOR,
    Gaussian,
    Projection2D,
    active_units,
    density_radius,
    explained,
    gaussian_kl,
    low_density,
    nn_distance,
    order,
    quantiles,
    reparameterize,
)
from tests.helpers.refusals import refused

SEEDS = range(5)
CASES = [(0, 0), (1.5, 0), (-2, -3), (0.3, 1), (0, -8), (4, 2)]  # mean, log_var


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def codes_of(spreads, count=2000, seed=0):
    """Codes (N, D) with exactly these standard deviations and no correlation."""
    draws = normal(seed, count, len(spreads)).astype(np.float64)
    white = np.linalg.qr(draws - draws.mean(axis=0))[0] * math.sqrt(count)
    return (white * spreads).astype(np.float32)


# --- divergence and use -----------------------------------------------------------------------


def kl_of(mean, log_var):
    return float(gaussian_kl(np.float32([[mean]]), np.float32([[log_var]]))[0, 0])


@pytest.mark.parametrize(("mean", "log_var"), CASES)
def test_kl_is_the_integral_that_defines_it(mean, log_var):
    q, p = stats.norm(mean, math.exp(log_var / 2)), stats.norm()
    ends = q.ppf([1e-12, 1 - 1e-12])
    integral = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), *ends)[0]
    assert kl_of(mean, log_var) == pytest.approx(integral, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("mean", "log_var"), CASES)
def test_kl_is_the_mean_log_ratio_of_draws(mean, log_var):
    sigma = math.exp(log_var / 2)
    z = mean + sigma * np.random.default_rng(0).standard_normal(100_000)
    ratios = stats.norm(mean, sigma).logpdf(z) - stats.norm().logpdf(z)
    tolerance = 5 * ratios.std() / math.sqrt(len(z)) + 1e-9
    assert kl_of(mean, log_var) == pytest.approx(ratios.mean(), abs=tolerance)


@pytest.mark.parametrize("seed", SEEDS)
def test_kl_is_of_each_number_and_never_negative(seed):
    mean, log_var = normal(seed, 2, 40, 6)
    divergences = gaussian_kl(mean, log_var)
    assert divergences.shape == (40, 6)
    assert divergences[3, 4] == kl_of(mean[3, 4], log_var[3, 4])
    assert divergences.min() >= 0
    assert not gaussian_kl(0 * mean, 0 * log_var).any()


def test_a_small_divergence_keeps_its_digits():
    # log σ² = 10⁻⁴ gives 10⁻⁸ / 4: float32 would round it away.
    assert kl_of(0, 1e-4) == pytest.approx(2.5e-9, rel=1e-3)


def test_dimensions_of_equal_effect_keep_their_order():
    assert order(np.array([1.0, 2, 1, 2, 0, 1])).tolist() == [1, 3, 0, 2, 5, 4]
    pairs = order(np.tile([1.0, 2.0], 500))
    assert pairs.tolist() == [*range(1, 1000, 2), *range(0, 1000, 2)]


def test_active_units_vary_more_than_a_hundredth():
    spreads = np.sqrt(ACTIVE * np.array([0, 0.9, 1.1, 100]))
    used = active_units(codes_of(spreads) + np.float32([5, 5, 0, 0]))
    assert used.dtype == bool
    assert used.tolist() == [False, False, True, True]


def test_quantiles_are_those_of_the_normal_distribution():
    spreads = np.float32([1, 0.1, 20])
    found = quantiles(normal(0, 50_000, 3) * spreads)
    assert found.shape == (len(QUANTILES), 3)
    assert found.dtype == np.float32
    assert found / spreads == pytest.approx(
        np.tile(stats.norm.ppf(QUANTILES), (3, 1)).T, abs=5 * 3.7 / math.sqrt(50_000)
    )


def test_quantiles_of_one_code_are_its_numbers():
    assert quantiles(np.float32([[1, -2]])).tolist() == [[1, -2]] * 5


# --- the plane --------------------------------------------------------------------------------


def cloud(latent_dim, seed, count=150):
    """Codes whose spread falls from dimension to dimension, mirrored aslant and shifted."""
    codes = normal(seed, count, latent_dim) * (5 * 0.8 ** np.arange(latent_dim) + 0.1)
    mirror = normal(seed + 10, latent_dim)
    mirror /= np.linalg.norm(mirror)
    codes -= 2 * np.outer(codes @ mirror, mirror)
    return (codes + normal(seed + 20, latent_dim)).astype(np.float32)


@pytest.mark.parametrize(("latent_dim", "seed"), [(3, 0), (3, 1), (20, 2), (20, 3), (512, 4)])
def test_the_plane_is_that_of_scikit_learn_s_components(latent_dim, seed):
    codes = cloud(latent_dim, seed)
    plane = Projection2D.fit(codes)
    model = PCA(2, svd_solver="full").fit(codes.astype(np.float64))
    assert plane.mean == pytest.approx(model.mean_, abs=1e-5)
    signs = np.sign((plane.axes * model.components_).sum(axis=1, keepdims=True))
    assert plane.axes == pytest.approx(signs * model.components_, abs=1e-4)
    points = plane.project(codes)
    assert points.shape == (150, 2)
    assert points.dtype == np.float32
    assert points.var(axis=0, ddof=1) == pytest.approx(model.explained_variance_, rel=1e-4)


@pytest.mark.parametrize("latent_dim", [17, 64, 512])
def test_the_plane_keeps_the_greatest_variance_of_codes_without_a_direction(latent_dim):
    # The hardest case of the search: all directions are nearly alike, as those of the prior are.
    codes = normal(latent_dim, 300, latent_dim)
    greatest = PCA(2, svd_solver="full").fit(codes).explained_variance_.sum()
    assert Projection2D.fit(codes).project(codes).var(axis=0, ddof=1).sum() >= 0.98 * greatest


DEGENERATE = {
    "one code": normal(0, 1, 5),
    "two codes": normal(0, 2, 30),
    "one place": np.tile(normal(0, 1, 40), (9, 1)),
    "zeros": np.zeros((20, 4), np.float32),
    "a line": normal(0, 50, 1) * normal(1, 1, 40),
}


@pytest.mark.parametrize(
    "codes",
    [cloud(3, 0), cloud(50, 1), cloud(512, 2), normal(3, 40, 2), *DEGENERATE.values()],
)
def test_axes_are_orthonormal_their_signs_fixed_and_points_come_back(codes):
    plane = Projection2D.fit(codes)
    assert plane.axes @ plane.axes.T == pytest.approx(np.eye(2), abs=1e-6)
    assert (plane.axes.max(axis=1) >= -plane.axes.min(axis=1)).all()
    again = Projection2D.fit(codes.copy())
    assert np.array_equal(again.axes, plane.axes)
    points = normal(9, 25, 2) * np.float32(5)
    moved = codes[0] + (points - plane.project(codes[:1])) @ plane.axes  # as the map in a browser
    assert plane.project(moved) == pytest.approx(points, abs=2e-5)


def test_the_mean_is_where_the_axes_cross():
    codes = cloud(20, 0)
    middle = codes.mean(axis=0, keepdims=True)
    assert Projection2D.fit(codes).project(middle) == pytest.approx(np.zeros((1, 2)), abs=1e-5)


def test_mirrored_codes_are_drawn_mirrored():
    codes = cloud(20, 0)
    assert Projection2D.fit(-codes).axes == pytest.approx(Projection2D.fit(codes).axes, abs=1e-5)


def test_two_numbers_are_drawn_as_they_are():
    codes = cloud(2, 0)
    plane = Projection2D.fit(codes)
    assert np.array_equal(plane.project(codes), codes)


def test_one_number_is_drawn_on_a_line():
    codes = cloud(1, 0)
    plane = Projection2D.fit(codes)
    assert plane.axes.tolist() == [[1], [0]]
    assert np.array_equal(plane.project(codes), np.hstack([codes, np.zeros_like(codes)]))


# --- holes ------------------------------------------------------------------------------------


def ring(count=400):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def brute_distances(points, codes):
    return np.linalg.norm(points[:, np.newaxis].astype(np.float64) - codes, axis=-1)


@pytest.mark.parametrize("seed", SEEDS)
def test_distances_are_those_of_all_pairs(seed):
    points, codes = normal(seed, 30, 2), normal(seed + 10, 80, 2)
    assert nn_distance(points, codes) == pytest.approx(brute_distances(points, codes).min(axis=1))
    own = np.sort(brute_distances(codes, codes), axis=1)[:, 1]
    assert density_radius(codes) == pytest.approx(RADIUS_FACTOR * np.percentile(own, 95))


def test_a_ring_of_codes_has_a_hole_in_its_centre_and_around_it():
    codes = ring()
    step = 2 * math.sin(math.pi / len(codes))
    assert density_radius(codes) == pytest.approx(RADIUS_FACTOR * step, rel=1e-3)
    radii = np.array([0, 0.9, 1 - 2.9 * step, 1, 1 + 2.9 * step, 1.1, 50])
    found = low_density(np.stack([radii, 0 * radii], axis=1), codes)
    assert found.dtype == bool
    assert found.tolist() == [True, True, False, False, False, True, True]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_codes_lie_in_no_hole(seed, count):
    codes = normal(seed, count, 2)
    assert not low_density(codes, codes).any()
    assert not low_density(np.vstack([codes, codes]), np.vstack([codes, codes])).any()


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_holes_do_not_depend_on_the_scale(scale):
    points, codes = 3 * normal(0, 200, 2), normal(1, 100, 2)
    found = low_density(points, codes)
    assert 10 < found.sum() < 190
    assert np.array_equal(low_density(scale * points, scale * codes), found)


def test_codes_in_one_place_count_once():
    codes = ring()
    assert density_radius(np.repeat(codes, 3, axis=0)) == density_radius(codes)
    assert low_density(np.zeros((1, 2)), np.repeat(codes, 3, axis=0)).tolist() == [True]


@pytest.mark.parametrize("count", [1, 7])
def test_without_two_places_nothing_is_far(count):
    codes = np.ones((count, 2), np.float32)
    assert density_radius(codes) == math.inf
    assert not low_density(normal(0, 9, 2), codes).any()


# --- draws ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_a_fit_to_draws_is_the_distribution_they_came_from(seed):
    factor = np.tril(normal(seed, 5, 5)) + 2 * np.eye(5)
    truth = Gaussian(normal(seed + 10, 5), factor.astype(np.float32))
    codes = truth.sample(np.random.default_rng(seed), 100_000)
    assert codes.shape == (100_000, 5)
    assert codes.dtype == np.float32
    fitted = Gaussian.fit(codes)
    assert np.array_equal(fitted.factor, np.tril(fitted.factor))
    assert fitted.mean == pytest.approx(truth.mean, abs=0.06)
    assert fitted.factor @ fitted.factor.T == pytest.approx(factor @ factor.T, abs=0.3)
    assert fitted.factor @ fitted.factor.T == pytest.approx(
        np.cov(codes.T.astype(np.float64), ddof=0), abs=1e-4
    )


@pytest.mark.parametrize("codes", [*DEGENERATE.values(), normal(0, 3, 1), cloud(512, 0, 30)])
def test_too_few_or_collapsed_codes_are_fitted_too(codes):
    fitted = Gaussian.fit(codes)
    assert np.isfinite(fitted.factor).all()
    draws = fitted.sample(np.random.default_rng(0), 50)
    spread = float(codes.std(axis=0).max())
    still = codes.std(axis=0) < 1e-6
    assert draws[:, still] == pytest.approx(
        np.tile(fitted.mean[still], (50, 1)), abs=1e-5 + 2e-3 * spread
    )


@pytest.mark.parametrize("temperature", [0.5, 1, 2, 3.0])
def test_temperature_multiplies_the_standard_deviations(temperature):
    truth = Gaussian.fit(cloud(4, 0))
    codes = truth.sample(np.random.default_rng(3), 9, temperature)
    unit = truth.sample(np.random.default_rng(3), 9)
    assert codes - truth.mean == pytest.approx(temperature * (unit - truth.mean), abs=1e-5)


def test_temperature_0_draws_the_mean():
    truth = Gaussian.fit(cloud(4, 0))
    codes = truth.sample(np.random.default_rng(3), 9, 0.0)
    assert np.array_equal(codes, np.tile(truth.mean, (9, 1)))


@pytest.mark.parametrize("temperature", [-0.1, 3.1, math.nan, math.inf])
def test_a_temperature_is_checked(temperature):
    with refused("between", name="temperature", value=temperature, low=0.0, high=3.0):
        Gaussian.standard(2).sample(np.random.default_rng(0), 1, temperature)


def test_the_prior_is_standard_normal():
    codes = Gaussian.standard(3).sample(np.random.default_rng(0), 20_000)
    assert all(stats.kstest(each, "norm").pvalue > 0.01 for each in codes.T)
    assert np.cov(codes.T) == pytest.approx(np.eye(3), abs=0.05)


def test_draws_of_one_picture_have_its_mean_and_variance():
    mean, log_var = np.float32([0, 3, -1]), np.float32([0, -4, 2])
    codes = reparameterize(np.random.default_rng(0), mean, log_var, 20_000)
    assert codes.shape == (20_000, 3)
    assert codes.dtype == np.float32
    white = (codes - mean) / np.exp(log_var / 2)
    assert all(stats.kstest(each, "norm").pvalue > 0.01 for each in white.T)


def test_the_same_generator_state_draws_the_same_codes():
    def draws():
        rng = np.random.default_rng(5)
        own = reparameterize(rng, np.zeros(3, np.float32), np.zeros(3, np.float32), 4)
        return np.vstack([own, Gaussian.standard(3).sample(rng, 4)])

    assert np.array_equal(draws(), draws())
    assert not np.array_equal(draws()[:4], draws()[4:])


def test_a_plane_explains_the_factors_that_its_places_follow():
    points = np.random.default_rng(0).normal(size=(400, 2))
    monotone = points[:, 0] ** 3  # no linear function, but its ranks are
    both = points.sum(axis=1)
    strange, constant = np.random.default_rng(1).normal(size=400), np.ones(400)
    found = explained(points, np.stack([monotone, both, strange, constant], axis=1))
    assert found[0] == pytest.approx(1, abs=1e-6)
    assert found[1] > 0.9
    assert found[2:] == pytest.approx([0, 0], abs=0.03)
