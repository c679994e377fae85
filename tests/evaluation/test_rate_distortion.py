"""Where one curve passes another, and what is worth its size."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.evaluation.rate_distortion import (
    Point,
    advantage_range,
    best_within,
    break_even_count,
    bytes_for,
    pareto_front,
)


def curve(*points):
    return tuple(Point(size, psnr, size) for size, psnr in points)


def test_what_costs_nothing_still_has_a_place_on_a_logarithmic_axis():
    assert Point(0, 20, 0).size(coded=True) == Point(0, 20, 0).size(coded=False) == 1 / 8


def test_the_front_leaves_out_what_another_point_beats():
    points = curve((10, 20), (12, 19), (11, 25), (40, 25), (50, 30))
    assert pareto_front(points) == curve((10, 20), (11, 25), (50, 30))


def test_the_front_is_of_the_bytes_that_are_asked_for():
    points = (Point(10, 20, 30), Point(12, 22, 25))
    assert pareto_front(points) == points
    assert pareto_front(points, coded=False) == points[1:]


@given(
    st.lists(st.tuples(st.floats(1, 1e4), st.floats(5, 50)), min_size=1, max_size=20, unique=True)
)
def test_a_front_rises_and_leaves_no_better_point_out(pairs):
    points = curve(*pairs)
    best = pareto_front(points)
    for a, b in itertools.pairwise(best):
        assert a.bytes < b.bytes
        assert a.psnr < b.psnr
    for point in points:
        assert any(one.bytes <= point.bytes and one.psnr >= point.psnr for one in best)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        # straight over log₂: theirs reaches 25 half way between 100 and 400
        (((10, 25),), ((100, 20), (400, 30)), (10, 200)),
        # they begin above us: the lead ends where they begin
        (((10, 25),), ((100, 26), (400, 30)), (10, 100)),
        # they never come up to us
        (((10, 25),), ((100, 20), (400, 24)), (10, math.inf)),
        # nor are we ever ahead
        (((10, 25),), ((5, 26), (400, 30)), None),
        (((10, 25), (20, 26)), ((10, 25), (20, 26)), None),
        # we come later: ahead between two crossings
        (((4, 10), (16, 30)), ((4, 20), (256, 35)), (4 * 2 ** (4 / 3), None)),
        # two stretches: the longer one
        (((1, 10), (1024, 20)), ((1, 9), (2, 12), (4, 12), (1024, 19)), (None, math.inf)),
    ],
)
def test_where_one_curve_is_ahead(ours, theirs, expected):
    found = advantage_range(curve(*ours), curve(*theirs))
    if expected is None:
        assert found is None
        return
    for value, wanted in zip((found.start, found.end), expected, strict=True):
        if wanted is not None:
            assert value == pytest.approx(wanted)
    assert found.start < found.end


def test_at_a_crossing_both_are_equally_good():
    ours = curve((4, 10), (16, 30))
    theirs = curve((4, 20), (256, 35))
    found = advantage_range(ours, theirs)
    assert found.start == pytest.approx(4 * 2 ** (10 / (10 - 15 / 6)))
    assert bytes_for(30, theirs) == pytest.approx(found.end)


def test_the_size_for_a_closeness():
    rising = curve((100, 20), (400, 30))
    assert bytes_for(25, rising) == pytest.approx(200)
    assert bytes_for(3, rising) == pytest.approx(100)
    assert bytes_for(31, rising) == math.inf


def test_a_decoder_pays_off_when_what_is_saved_exceeds_it():
    assert break_even_count(1000, 10, 30) == 50
    assert break_even_count(1001, 10, 30) == 51
    assert break_even_count(1000, 30, 30) is None
    assert break_even_count(1000, 30, 10) is None
    assert break_even_count(1000, 30, math.inf) == 1


def test_the_best_within_a_budget_is_the_closest_not_the_largest():
    sizes, closeness = (5.0, 9.0, 8.0, 20.0), (10.0, 14.0, 15.0, 30.0)
    assert best_within(sizes, closeness, 9) == 2
    assert best_within(sizes, closeness, 100) == 3
    assert best_within(sizes, closeness, 1) == 0
