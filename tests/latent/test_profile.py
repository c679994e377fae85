"""The latent profile of a constructed model, whose codes are known."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core.data.catalog import ImageSetCard
from ae_core.latent.profile import CELLS, LatentProfile, cells

FACTORS = 3
NAMES = ("one", "two", "three")
CARD = ImageSetCard("known", "faces", 8, (8,), 500, 50, label_names=NAMES)


@pytest.fixture(scope="module")
def factors():
    return np.random.default_rng(0).uniform(-1, 1, (500, FACTORS)).astype(np.float32)


@pytest.fixture(scope="module")
def mixing():
    """How far a code moves for each factor; the last number of the code is never used."""
    return np.array([[3, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0.5, 0]], np.float32)


def one_pixel_each(codes):
    """Decode a code to an image of as many pixels: each dimension changes one of them."""
    return np.clip(0.5 + 0.1 * codes, 0, 1).reshape(len(codes), 1, -1, 1)


@pytest.fixture(scope="module")
def linear(factors, mixing):
    codes = factors @ mixing + np.float32(0.25)
    return LatentProfile.fit(
        (codes, None), factors, codes[:50], factors[:50], NAMES, one_pixel_each
    )


def test_a_linear_models_directions_are_its_mixing(linear, mixing):
    np.testing.assert_allclose(linear.directions, mixing, atol=1e-4)
    assert linear.direction_names == NAMES


def test_dimensions_are_sorted_by_what_the_picture_does_and_dead_ones_are_unused(linear):
    low, high = linear.quantiles[[0, -1]]
    shown = 255 * 0.1 * (high - low) / np.sqrt(4)  # one of four pixels changes
    np.testing.assert_allclose(linear.effects, shown, rtol=1e-3, atol=1e-3)
    assert linear.used.tolist() == [0, 2, 1]
    assert linear.active_units.tolist() == [True, True, True, False]
    assert not linear.variational
    assert linear.kl is None


def test_a_number_that_is_always_the_same_costs_nats_and_is_unused():
    means, log_var = np.zeros((300, 2), np.float32), np.zeros((300, 2), np.float32)
    means[:, 0], means[:, 1] = np.random.default_rng(0).normal(size=300), -2
    log_var[:, 1] = -8
    profile = LatentProfile.fit((means, log_var), None, means, None, (), one_pixel_each)
    assert profile.kl[1] > profile.kl[0]
    assert profile.used.tolist() == [0]


def test_directions_of_attributes_are_told_from_those_of_classes(linear, factors, mixing):
    assert linear.attributes
    moved = 255 * 0.1 * 2 * np.abs(mixing) / np.sqrt(4)  # from -1 to 1
    np.testing.assert_allclose(linear.direction_effects, np.linalg.norm(moved, axis=1), rtol=1e-2)


def test_directions_are_those_of_images_that_were_measured_well(linear, factors, mixing):
    """Where the second factor is large, the others were not measured but guessed."""
    known = replace(CARD, reliable=(NAMES[1], 0.6))
    guessed = np.abs(factors[:, 1]) >= 0.6
    measured = factors.copy()
    measured[np.ix_(guessed, [0, 2])] = np.random.default_rng(5).uniform(-1, 1, (guessed.sum(), 2))
    codes = factors @ mixing
    given = ((codes, None), measured, codes, measured, NAMES, one_pixel_each)
    found = LatentProfile.fit(*given, known).directions
    np.testing.assert_allclose(found[[0, 2]], mixing[[0, 2]], atol=1e-4)
    assert np.abs(LatentProfile.fit(*given).directions - mixing)[[0, 2]].max() > 0.2


def test_a_direction_may_change_the_factors_that_follow_its_own(factors, mixing):
    known = replace(CARD, followers={NAMES[0]: (NAMES[2],)})
    together = factors.copy()
    together[:, 2] = 0.8 * factors[:, 0] + 0.2 * factors[:, 2]
    codes = together @ mixing
    found = LatentProfile.fit(
        (codes, None), together, codes, together, NAMES, one_pixel_each, known
    ).directions
    np.testing.assert_allclose(found[0], mixing[0] + 0.8 * mixing[2], atol=0.05)
    np.testing.assert_allclose(found[1:], mixing[1:], atol=1e-3)


def test_classes_have_the_way_from_all_codes_to_theirs():
    codes = np.array([[0, 0], [2, 0], [0, 2], [2, 2]], np.float32)
    labels = np.array([0, 1, 0, 1])
    profile = LatentProfile.fit(
        (codes, np.zeros_like(codes)), labels, codes, labels, ("left", "right"), one_pixel_each
    )
    np.testing.assert_allclose(profile.directions, [[-1, 0], [1, 0]])
    assert not profile.attributes
    assert profile.variational


def test_without_labels_there_are_no_directions():
    codes = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    profile = LatentProfile.fit((codes, None), None, codes, None, (), one_pixel_each)
    assert profile.directions.shape == (0, 3)
    assert profile.direction_names == ()
    assert profile.labels is None


def test_the_map_holds_all_points_and_hatches_what_is_far_from_training_codes():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    profile = LatentProfile.fit((ring, None), None, 0.5 * ring, None, (), one_pixel_each)
    left, right, bottom, top = profile.extent
    assert left < -1 < 1 < right
    assert bottom < -1 < 1 < top
    distance = np.abs(np.linalg.norm(cells(profile.extent), axis=1) - 1).reshape(CELLS, CELLS)
    assert profile.low_density[distance > 0.2].all()
    assert not profile.low_density[distance < 0.02].any()


def test_cells_go_row_by_row_from_the_bottom_left():
    middles = cells(np.array([0, CELLS, 0, 2 * CELLS], np.float32))
    assert middles[0].tolist() == [0.5, 1.0]
    assert middles[1].tolist() == [1.5, 1.0]
    assert middles[CELLS].tolist() == [0.5, 3.0]


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_profile_comes_back_from_its_bytes(latent_dim, labelled):
    rng = np.random.default_rng(latent_dim)
    codes = rng.normal(size=(30, latent_dim)).astype(np.float32)
    labels = rng.integers(0, 2, 30) if labelled else None
    names = ("no", "yes") if labelled else ()
    profile = LatentProfile.fit(
        (codes, np.zeros_like(codes)), labels, codes, labels, names, one_pixel_each
    )
    again = LatentProfile.from_bytes(profile.to_bytes())
    for name, value in vars(profile).items():
        if name == "projection":
            np.testing.assert_array_equal(again.projection.mean, value.mean)
            np.testing.assert_array_equal(again.projection.axes, value.axes)
        elif isinstance(value, np.ndarray) and value.dtype == np.float32:
            np.testing.assert_allclose(getattr(again, name), value, atol=2e-3)
        else:
            np.testing.assert_array_equal(getattr(again, name), value)
    assert again.latent_dim == latent_dim


def test_one_picture_has_a_profile_too():
    code = np.zeros((1, 3), np.float32)
    profile = LatentProfile.fit((code, None), None, code, None, (), one_pixel_each)
    assert profile.count == 1
    assert np.isfinite(profile.fitted.factor).all()
