"""How much images change along paths of codes, for decoders whose images are known."""

import numpy as np
import pytest

from ae_core.latent.effects import changes, dimension_effects, direction_effects


def gray(codes):
    """Decode a code to four pixels: its first number, its square, and twice nothing."""
    first = codes[:, 0]
    rest = np.full_like(first, 0.5)
    return np.stack([first, first**2, rest, rest], axis=1).reshape(-1, 2, 2, 1)


def test_a_change_is_the_root_mean_square_of_the_pixels_ranges():
    path = np.array([[[0.0], [0.5], [1.0]], [[0.2], [0.2], [0.2]]])
    assert changes(gray, path) == pytest.approx([255 * np.sqrt(2 / 4), 0])


def test_a_change_that_comes_back_counts():
    there_and_back = np.array([[[-0.5], [0.0], [0.5]]])
    found = changes(lambda codes: gray(codes)[:, :, 1:], there_and_back)  # the squares alone
    assert found == pytest.approx([255 * np.sqrt(0.25**2 / 2)])


def test_many_paths_change_as_much_as_each_alone():
    paths = np.random.default_rng(0).random((700, 5, 1))
    found = changes(gray, paths)
    assert found[::100] == pytest.approx(
        [changes(gray, path[np.newaxis])[0] for path in paths[::100]]
    )


def test_every_dimension_is_moved_alone_over_its_own_values():
    codes = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    quantiles = np.array([[0, 0, 0], [0.3, 1, 1]], np.float32)
    found = dimension_effects(gray, codes, quantiles)
    assert found == pytest.approx([255 * np.sqrt((0.3**2 + 0.09**2) / 4), 0, 0], abs=1e-3)


def test_a_direction_goes_both_ways_from_the_mean():
    mean, directions = np.array([0.5, 0], np.float32), np.array([[0.5, 0], [0, 9]], np.float32)
    found = direction_effects(gray, mean, directions)
    assert found == pytest.approx([255 * np.sqrt(2 / 4), 0])
