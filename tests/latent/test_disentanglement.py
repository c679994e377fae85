"""Codes and known factors, on codes made so that the answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import mutual_info_score

from ae_core.latent.disentanglement import FOLLOWS, correlations, gaps, information
from ae_core.latent.profile import LatentProfile
from ae_core.models.pretrained import best_for


def factors(count=4000, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3)).astype(np.float32)


@given(st.integers(0, 1000), st.integers(1, 12))
def test_correlations_are_scipys_also_with_equal_numbers(seed, levels):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, levels + 1, (30, 2)).astype(float)
    known = rng.normal(size=(30, 3))
    codes[0], codes[1] = 0, 1  # not all the same
    found = correlations(codes, known)
    assert found.shape == (3, 2)
    for f in range(3):
        for d in range(2):
            assert found[f, d] == pytest.approx(spearmanr(known[:, f], codes[:, d])[0], abs=1e-9)


def test_most_properties_of_the_pages_own_faces_follow_one_number_each():
    """As lesson 1 says of the model with which Latent space begins, and of its smile."""
    known = LatentProfile.from_bytes(best_for("latent").profile_path.read_bytes())
    follows = np.square(correlations(known.codes, known.labels)).max(axis=1) > FOLLOWS
    assert follows.mean() > 0.5
    assert follows[known.label_names.index("smile")]


def test_a_factor_on_one_dimension_each_way_round_and_bent():
    known = factors()
    codes = np.stack([-known[:, 1], np.exp(3 * known[:, 0]), known[:, 2] ** 3], axis=1)
    np.testing.assert_allclose(
        correlations(codes, known), [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=0.06
    )
    told = information(codes, known)
    assert (gaps(told) > 0.95).all()
    assert told.max() <= 1 + 1e-9


def test_information_is_scikit_learns():
    known = factors(300)
    codes = known @ np.random.default_rng(1).normal(size=(3, 4))
    bins = [np.searchsorted(np.quantile(c, np.arange(1, 20) / 20), c, "right") for c in codes.T]
    for f, factor in enumerate(known.T):
        own = np.searchsorted(np.quantile(factor, np.arange(1, 20) / 20), factor, "right")
        for d, column in enumerate(bins):
            wanted = mutual_info_score(own, column) / mutual_info_score(own, own)
            assert information(codes, known)[f, d] == pytest.approx(wanted, abs=1e-9)


def test_a_factor_that_two_dimensions_share_has_no_gap():
    known = factors()
    codes = np.stack([known[:, 0], -known[:, 0], known[:, 1]], axis=1)
    gap = gaps(information(codes, known))
    assert gap[0] == pytest.approx(0, abs=1e-6)
    assert gap[1] > 0.95
    assert gap[2] < 0.05  # no dimension knows it


def test_a_rotation_takes_the_gap_away_but_not_all_correlation():
    known = factors()[:, :2]
    turned = known @ np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    assert gaps(information(turned, known)).max() < 0.1
    assert np.abs(correlations(turned, known)).min() > 0.6


def test_dimensions_that_never_change_tell_nothing():
    known = factors()
    codes = np.zeros((len(known), 2))
    codes[:, 1] = known[:, 0]
    assert not correlations(codes, known)[:, 0].any()
    told = information(codes, known)
    np.testing.assert_allclose(told[:, 0], 0, atol=1e-12)
    assert gaps(told)[0] > 0.95


def test_a_code_of_one_number_has_its_information_as_its_gap():
    known = factors()
    told = information(known[:, :1], known)
    np.testing.assert_array_equal(gaps(told), told[:, 0])
