"""PCA against linear algebra, JPEG against its budget."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ae_core.metrics import mse
from ae_core.models.baselines import fit_pca, jpeg_of_at_most


def pictures_of_rank(rank, count=40, side=6, channels=1):
    """Pictures (N, H, W, C) that are a mean plus a mixture of `rank` patterns, inside (0, 1)."""
    rng = np.random.default_rng(rank)
    mixture = rng.uniform(-1, 1, (count, rank)) @ rng.uniform(-1, 1, (rank, side * side * channels))
    inside = 0.5 + 0.4 * mixture / max(np.abs(mixture).max(), 1e-9)
    return inside.reshape(count, side, side, channels).astype(np.float32)


@given(st.integers(1, 8), st.sampled_from([1, 3]))
def test_k_components_reconstruct_pictures_of_rank_k_exactly(rank, channels):
    images = pictures_of_rank(rank, channels=channels)
    assert fit_pca(images, rank).reconstruct(images) == pytest.approx(images, abs=1e-5)
    if rank > 1:
        assert mse(fit_pca(images, rank - 1).reconstruct(images), images) > 1e-5


@given(st.integers(1, 20))
def test_the_error_is_what_the_singular_values_leave(numbers):
    images = pictures_of_rank(25)
    flat = images.reshape(len(images), -1).astype(np.float64)
    singular = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    left = (singular[numbers:] ** 2).sum() / flat.size
    assert mse(fit_pca(images, numbers).reconstruct(images), images) == pytest.approx(
        left, rel=0.02
    )


def test_components_are_orthonormal():
    components = fit_pca(pictures_of_rank(9), 5).components
    assert components.shape == (5, 36)
    assert components @ components.T == pytest.approx(np.eye(5), abs=1e-5)


@pytest.mark.parametrize(("count", "numbers", "kept"), [(4, 32, 4), (60, 99, 36), (60, 7, 7)])
def test_no_more_components_than_pictures_or_pixels(count, numbers, kept):
    assert len(fit_pca(pictures_of_rank(20, count), numbers).components) == kept


def test_unseen_pictures_stay_in_the_range():
    pca = fit_pca(pictures_of_rank(5), 3)
    strange = np.random.default_rng(0).uniform(-5, 5, (7, 6, 6, 1)).astype(np.float32)
    back = pca.reconstruct(strange)
    assert back.shape == strange.shape
    assert back.dtype == np.float32
    assert (back.min(), back.max()) == (0, 1)


def texture(side=32, channels=1):
    y, x = np.mgrid[:side, :side] / side
    waves = np.stack([np.sin(9 * x + k) * np.cos(7 * y - k) for k in range(channels)], -1)
    noise = np.random.default_rng(0).normal(0, 0.05, waves.shape)
    return np.clip(0.5 + 0.4 * waves + noise, 0, 1).astype(np.float32)


@given(st.integers(0, 4000), st.sampled_from([1, 3]), st.sampled_from([8, 28, 64]))
@settings(max_examples=40)
def test_jpeg_keeps_its_budget_or_is_of_quality_1(budget, channels, side):
    image = texture(side, channels)
    jpeg = jpeg_of_at_most(image, budget)
    assert jpeg.bytes <= budget or jpeg.quality == 1
    assert 1 <= jpeg.quality <= 95
    assert jpeg.image.shape == image.shape
    assert 0 <= jpeg.image.min() <= jpeg.image.max() <= 1


def size_at(image, quality):
    file = io.BytesIO()
    pixels = np.round(image[..., 0] * 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True)
    return len(file.getvalue())


@pytest.mark.parametrize("budget", [420, 500, 700, 1000])
def test_jpeg_is_the_best_within_its_budget_give_or_take_a_byte(budget):
    image = texture()
    jpeg = jpeg_of_at_most(image, budget)
    assert jpeg.bytes == size_at(image, jpeg.quality)
    # Sizes do not grow strictly with quality, so a neighbour may be a few bytes smaller.
    assert all(size_at(image, better) > budget - 8 for better in range(jpeg.quality + 1, 96))


def test_more_bytes_make_a_closer_picture():
    errors = [mse(jpeg_of_at_most(texture(), budget).image, texture()) for budget in (0, 600, 9999)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 1e-3


def test_an_impossible_budget_is_told_by_the_bytes():
    jpeg = jpeg_of_at_most(texture(), 10)
    assert jpeg.quality == 1
    assert jpeg.bytes > 10
