"""Sizes against Shannon, rounding against its bound."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from ae_core.evaluation.quantization import Quantizer


def normal_codes(count=2000, deviations=(3.0, 1.0, 0.2), seed=0):
    codes = np.random.default_rng(seed).normal(size=(count, len(deviations))) * deviations
    return codes.astype(np.float32)


# --- rounding --------------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 10_000))
@settings(max_examples=40)
def test_rounding_errs_by_half_a_step_at_most(bits, seed):
    codes = normal_codes(200, seed=seed)
    quantizer = Quantizer.fit(codes, bits)
    error = np.abs(quantizer.dequantize(quantizer.quantize(codes)).astype(float) - codes)
    # A number's range is filled up to whole steps; float32 rounds what is computed.
    assert error.max() <= quantizer.width / 2 * (1 + 1e-3) + 1e-5


def test_bits_are_those_of_the_number_with_the_widest_range():
    codes = normal_codes()
    for bits in (1, 2, 5, 8):
        quantizer = Quantizer.fit(codes, bits)
        assert quantizer.counts[0] == 2**bits == quantizer.counts.max()
        ranges = np.ptp(codes.astype(float), axis=0)
        assert quantizer.counts == pytest.approx(np.ceil(ranges / quantizer.width - 1e-6))
        assert quantizer.plain_bytes == np.ceil(np.log2(quantizer.counts)).sum() / 8 <= bits * 3 / 8


def test_codes_out_of_the_training_range_take_the_nearest_step():
    quantizer = Quantizer.fit(normal_codes(), 4)
    far = np.array([[1e6, 1e6, 1e6], [-1e6, -1e6, -1e6]], np.float32)
    assert quantizer.quantize(far).tolist() == [(quantizer.counts - 1).tolist(), [0, 0, 0]]
    assert np.isfinite(quantizer.coded_bytes(quantizer.quantize(far))).all()


def test_codes_that_are_all_alike_cost_nothing():
    codes = np.full((50, 2), 3.25, np.float32)
    quantizer = Quantizer.fit(codes, 8)
    assert quantizer.coded_bytes(quantizer.quantize(codes)).tolist() == [0] * 50
    assert quantizer.plain_bytes == 0
    assert np.abs(quantizer.dequantize(quantizer.quantize(codes)) - codes).max() <= 0.5


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_out_of_bounds_are_refused(bits):
    with pytest.raises(ValueError, match=f"bits={bits} must be between 1 and 16"):
        Quantizer.fit(normal_codes(), bits)


def test_no_codes_are_refused():
    with pytest.raises(ValueError, match=r"codes=\(0, 3\) must be \(N, D\)"):
        Quantizer.fit(np.zeros((0, 3), np.float32), 4)


def test_a_book_of_the_first_numbers_is_part_of_the_whole_one():
    codes = normal_codes()
    quantizer = Quantizer.fit(codes, 6)
    steps = quantizer.quantize(codes)
    parts = quantizer.first(2)
    assert (parts.quantize(codes[:, :2]) == steps[:, :2]).all()
    alone = quantizer.coded_bytes(steps) - parts.coded_bytes(steps[:, :2])
    assert (alone > 0).all()
    assert parts.table_bytes < quantizer.table_bytes


# --- counting --------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_cross_entropy_is_at_least_the_entropy_and_near_it(bits):
    """Gibbs' inequality, number by number; the rest is what the counts cannot know."""
    codes, tests = normal_codes(4000), normal_codes(4000, seed=1)
    quantizer = Quantizer.fit(codes, bits)
    for number in range(3):
        seen = np.bincount(quantizer.quantize(tests)[:, number], minlength=quantizer.counts[number])
        least = entropy(seen, base=2)
        spent = float((quantizer.code_lengths[number, : len(seen)] * seen).sum() / seen.sum())
        assert least <= spent <= least + 0.15


def test_lengths_are_those_of_a_probability():
    """Kraft: Σ 2^−length is 1 for each number, so that words of such lengths exist."""
    quantizer = Quantizer.fit(normal_codes(), 5)
    assert np.exp2(-quantizer.code_lengths.astype(float)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_normal_distribution_costs_what_theory_says():
    """h = ½·log₂(2πe·σ²) − log₂ Δ for steps Δ much smaller than σ (Cover, Thomas, 8.3)."""
    codes = np.random.default_rng(0).normal(size=(200_000, 1)).astype(np.float32)
    quantizer = Quantizer.fit(codes, 6)
    expected = 0.5 * math.log2(2 * math.pi * math.e) - math.log2(quantizer.width)
    tests = np.random.default_rng(1).normal(size=(20_000, 1)).astype(np.float32)
    assert 8 * quantizer.coded_bytes(quantizer.quantize(tests)).mean() == pytest.approx(
        expected, abs=0.02
    )


def test_what_an_entropy_coder_saves_is_never_negative_on_the_training_codes():
    codes = normal_codes(4000)
    for bits in (2, 5, 8):
        quantizer = Quantizer.fit(codes, bits)
        assert quantizer.coded_bytes(quantizer.quantize(codes)).mean() <= quantizer.plain_bytes
