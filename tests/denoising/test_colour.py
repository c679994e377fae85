"""Colour through a network for gray pictures: what it leaves alone stays as it was."""

import numpy as np
import pytest

from ae_core.denoising import colour
from ae_core.denoising.colour import apply_on_luma, resized


def smooth(height, width):
    """Return a colour picture (H, W, 3) without fine detail."""
    y, x = np.mgrid[:height, :width]
    planes = [x / width, y / height, (x + y) / (height + width)]
    return np.stack(planes, axis=-1).astype(np.float32) * 0.6 + 0.2


@pytest.mark.parametrize("shape", [(64, 64), (63, 65), (1, 1), (2, 5)])
def test_a_network_that_changes_nothing_gives_a_smooth_picture_back(shape):
    picture = smooth(*shape)
    output = apply_on_luma(lambda planes: planes, picture)
    assert output.shape == picture.shape
    assert output.dtype == np.float32
    tolerance = 0.03 if min(shape) > 5 else 0.2  # half of a tiny picture is no picture
    np.testing.assert_allclose(output, picture, atol=tolerance)


def test_a_gray_picture_stays_gray_and_only_its_brightness_is_looked_at():
    gray = np.repeat(np.random.default_rng(0).random((8, 8, 1), np.float32), 3, axis=-1)
    seen = []
    output = apply_on_luma(lambda planes: seen.append(planes.shape) or planes, gray)
    assert seen == [(1, 8, 8, 1)]
    np.testing.assert_allclose(output, gray, atol=1e-3)
    assert np.ptp(output, axis=-1).max() == 0


def test_brightness_is_denoised_in_full_and_colours_at_half_the_size():
    seen = []
    apply_on_luma(lambda planes: seen.append(planes.shape) or planes, smooth(20, 30))
    assert seen == [(1, 20, 30, 1), (2, 10, 15, 1)]


def test_resized_keeps_a_constant():
    plane = np.full((7, 9), 0.25, np.float32)
    np.testing.assert_allclose(resized(plane, (4, 3)), np.full((3, 4), 0.25), atol=1e-6)


@pytest.mark.parametrize("rows", [(0, 5), (5, 12), (12, 13), (0, 13)])
def test_some_rows_of_a_resized_plane_are_those_of_the_whole(rows):
    plane = np.random.default_rng(0).random((6, 9), np.float32)
    whole = resized(plane, (19, 13))
    np.testing.assert_allclose(resized(plane, (19, 13), rows), whole[slice(*rows)], atol=1e-6)


def test_a_photo_is_put_together_in_strips(monkeypatch):
    picture = np.random.default_rng(0).random((45, 32, 3), np.float32)
    whole = apply_on_luma(lambda planes: planes, picture)
    monkeypatch.setattr(colour, "ROWS", 7)
    np.testing.assert_allclose(apply_on_luma(lambda planes: planes, picture), whole, atol=1e-6)


def test_a_photo_of_bytes_comes_out_as_bytes():
    photo = (255 * smooth(40, 30)).astype(np.uint8)
    floats = apply_on_luma(lambda planes: planes**2, photo / np.float32(255))
    output = apply_on_luma(lambda planes: planes**2, photo)
    assert output.dtype == np.uint8
    np.testing.assert_allclose(output, 255 * floats, atol=0.51)
    gray = np.full((9, 9, 3), 51, np.uint8)
    assert np.array_equal(apply_on_luma(lambda planes: planes, gray), gray)
