"""Sizes against Shannon, rounding against its bound."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.evaluation.quantization import CodeBook, entropy


def normal_codes(count=2000, deviations=(3.0, 1.0, 0.2), seed=0):
    codes = np.random.default_rng(seed).normal(size=(count, len(deviations))) * deviations
    return codes.astype(np.float32)


# --- entropy ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "bits"),
    [
        ([7], 0),
        ([5, 5], 1),
        ([3] * 256, 8),
        ([4, 2, 1, 1], 1.75),
        ([4, 0, 2, 1, 0, 1], 1.75),
        ([1, 3], 0.25 * 2 + 0.75 * math.log2(4 / 3)),
    ],
)
def test_the_entropy_of_known_distributions(counts, bits):
    assert entropy(np.array(counts)) == pytest.approx(bits)


# --- rounding --------------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 10_000))
@settings(deadline=None, max_examples=40)
def test_rounding_errs_by_half_a_step_at_most(bits, seed):
    codes = normal_codes(200, seed=seed)
    book = CodeBook.fit(codes, bits)
    error = np.abs(book.values(book.steps(codes)).astype(float) - codes)
    # A number's range is filled up to whole steps; float32 rounds what is computed.
    assert error.max() <= book.step / 2 * (1 + 1e-3) + 1e-5


def test_bits_are_those_of_the_number_with_the_widest_range():
    codes = normal_codes()
    for bits in (1, 2, 5, 8):
        book = CodeBook.fit(codes, bits)
        assert book.counts[0] == 2**bits == book.counts.max()
        ranges = np.ptp(codes.astype(float), axis=0)
        assert book.counts == pytest.approx(np.ceil(ranges / book.step - 1e-6))
        assert book.plain_bytes == np.ceil(np.log2(book.counts)).sum() / 8 <= bits * 3 / 8


def test_codes_out_of_the_training_range_take_the_nearest_step():
    book = CodeBook.fit(normal_codes(), 4)
    far = np.array([[1e6, 1e6, 1e6], [-1e6, -1e6, -1e6]], np.float32)
    assert book.steps(far).tolist() == [(book.counts - 1).tolist(), [0, 0, 0]]
    assert np.isfinite(book.coded_bytes(book.steps(far))).all()


def test_codes_that_are_all_alike_cost_nothing():
    codes = np.full((50, 2), 3.25, np.float32)
    book = CodeBook.fit(codes, 8)
    assert book.coded_bytes(book.steps(codes)).tolist() == [0] * 50
    assert book.plain_bytes == 0
    assert np.abs(book.values(book.steps(codes)) - codes).max() <= 0.5


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_out_of_bounds_are_refused(bits):
    with pytest.raises(ValueError, match=f"bits={bits} must be between 1 and 16"):
        CodeBook.fit(normal_codes(), bits)


def test_no_codes_are_refused():
    with pytest.raises(ValueError, match=r"codes=\(0, 3\) must be \(N, D\)"):
        CodeBook.fit(np.zeros((0, 3), np.float32), 4)


def test_a_book_of_the_first_numbers_is_part_of_the_whole_one():
    codes = normal_codes()
    book = CodeBook.fit(codes, 6)
    steps = book.steps(codes)
    parts = book.first(2)
    assert (parts.steps(codes[:, :2]) == steps[:, :2]).all()
    alone = book.coded_bytes(steps) - parts.coded_bytes(steps[:, :2])
    assert (alone > 0).all()
    assert parts.own_bytes < book.own_bytes


# --- counting --------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_cross_entropy_is_at_least_the_entropy_and_near_it(bits):
    """Gibbs' inequality, number by number; the rest is what the counts cannot know."""
    codes, tests = normal_codes(4000), normal_codes(4000, seed=1)
    book = CodeBook.fit(codes, bits)
    for number in range(3):
        seen = np.bincount(book.steps(tests)[:, number], minlength=book.counts[number])
        least = entropy(seen)
        spent = float((book.prices[number, : len(seen)] * seen).sum() / seen.sum())
        assert least <= spent <= least + 0.15


def test_prices_are_those_of_a_probability():
    """Kraft: Σ 2^−price is 1 for each number, so that words of such lengths exist."""
    book = CodeBook.fit(normal_codes(), 5)
    assert np.exp2(-book.prices.astype(float)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_normal_distribution_costs_what_theory_says():
    """h = ½·log₂(2πe·σ²) − log₂ Δ for steps Δ much smaller than σ (Cover, Thomas, 8.3)."""
    codes = np.random.default_rng(0).normal(size=(200_000, 1)).astype(np.float32)
    book = CodeBook.fit(codes, 6)
    expected = 0.5 * math.log2(2 * math.pi * math.e) - math.log2(book.step)
    tests = np.random.default_rng(1).normal(size=(20_000, 1)).astype(np.float32)
    assert 8 * book.coded_bytes(book.steps(tests)).mean() == pytest.approx(expected, abs=0.02)


def test_what_an_entropy_coder_saves_is_never_negative_on_the_training_codes():
    codes = normal_codes(4000)
    for bits in (2, 5, 8):
        book = CodeBook.fit(codes, bits)
        assert book.coded_bytes(book.steps(codes)).mean() <= book.plain_bytes
