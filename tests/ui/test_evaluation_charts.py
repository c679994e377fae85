"""Charts of sizes and scores: what is drawn is what was measured, and Plotly takes it."""

import numpy as np
import plotly.graph_objects as go
import pytest

from ae_core.evaluation.rate_distortion import Point
from ae_core.evaluation.roc import Roc
from pages.ui.charts.evaluation import (
    PLOT_MARGIN,
    Line,
    rate_curves,
    roc_curve,
    score_histogram,
    score_range,
)
from pages.ui.charts.plot import TRAIN

WORDS = dict.fromkeys(("bytes", "psnr", "crossing", "score", "share", "found", "false_alarms"), "x")
WORDS |= {"known": "K", "unknown": "U"}
KNOWN, UNKNOWN = np.array([0.0, 1e-3, 2e-3, 2e-3]), np.array([0.5, 0.1])


@pytest.mark.parametrize(("coded", "sizes"), [(True, [1, 4]), (False, [2, 8])])
def test_points_are_drawn_at_the_bytes_that_are_asked_for(coded, sizes):
    line = Line("one", (Point(1, 20, 2), Point(4, 25, 8)), TRAIN)
    drawn = rate_curves([line], coded=coded, crossing=3.0, words=WORDS)
    go.Figure(drawn)
    curve, mark = drawn["data"]
    assert curve["x"] == sizes
    assert curve["y"] == [20, 25]
    assert mark["x"] == [3, 3]
    assert len(rate_curves([line], coded=coded, crossing=None, words=WORDS)["data"]) == 1


def test_all_scores_are_in_the_histogram_and_in_its_range():
    drawn = score_histogram(KNOWN, UNKNOWN, WORDS)
    go.Figure(drawn)
    for trace in drawn["data"]:
        assert sum(trace["y"]) == pytest.approx(1)
    low, high = score_range(KNOWN, UNKNOWN)
    assert drawn["layout"]["xaxis"]["range"] == [low, high]
    assert low < -9  # a score of 0 is drawn as the least
    assert high > np.log10(0.5)


def test_charts_of_scores_leave_their_plane_where_marks_expect_it():
    curve = roc_curve(Roc.of(KNOWN, UNKNOWN), WORDS)
    go.Figure(curve)
    for drawn in (score_histogram(KNOWN, UNKNOWN, WORDS), curve):
        assert drawn["layout"]["margin"] == PLOT_MARGIN
        for name in ("xaxis", "yaxis"):
            assert drawn["layout"][name]["fixedrange"]
            assert not drawn["layout"][name]["automargin"]
