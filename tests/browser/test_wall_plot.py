"""The plot of a class's wall in a browser: the band of its curves, and the places of its labels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.ui.widgets.component import address

PARTS = (0.25, 0.5, 0.75)
BAND = """async ([from, ...given]) => (await import(from)).quantiles(...given)"""
APART = """async ([from, heights, distance, bottom]) =>
  (await import(from)).apart(heights, distance, bottom)"""
MIDDLES = """async ([from, curves]) =>
  (await import(from)).middles(curves.map((points) => ({ points })))"""
VALUES = st.floats(-1e3, 1e3)


PLOT = address("classroom/plot.js")


def curves_of(drawn):
    """Curves of points [epoch, value], each with its own epochs."""
    return [sorted([epoch, value] for epoch, value in curve.items()) for curve in drawn]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 30), VALUES, min_size=1), min_size=1, max_size=8))
def test_the_band_holds_the_middle_half_of_the_curves(scripts, drawn):
    curves = curves_of(drawn)
    found = scripts.evaluate(BAND, [PLOT, curves, PARTS])
    epochs = sorted({epoch for curve in curves for epoch, _ in curve})
    for edge, part in zip(found, PARTS, strict=True):
        assert [epoch for epoch, _ in edge] == epochs
        for epoch, value in edge:
            there = [
                np.interp(epoch, *zip(*curve, strict=True))
                for curve in curves
                if curve[0][0] <= epoch <= curve[-1][0]
            ]
            assert value == pytest.approx(np.quantile(there, part), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 200), min_size=1, max_size=6).map(sorted))
def test_no_label_overprints_another_one_or_leaves_the_plot(scripts, heights):
    found = scripts.evaluate(APART, [PLOT, heights, 20, 200])
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(found))
    assert found[-1] <= 200
    free = all(b - a >= 20 for a, b in pairwise(heights))
    if free:
        assert found == pytest.approx(heights)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 64), VALUES, min_size=1), min_size=1, max_size=8))
def test_the_middle_by_code_size_is_the_mean_of_all_who_have_that_size(scripts, drawn):
    found = scripts.evaluate(MIDDLES, [PLOT, curves_of(drawn)])
    assert [size for size, _ in found] == sorted({size for curve in drawn for size in curve})
    for size, value in found:
        there = [curve[size] for curve in drawn if size in curve]
        assert value == pytest.approx(np.mean(there), abs=1e-6)
