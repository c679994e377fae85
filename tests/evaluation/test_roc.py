"""ROC and AUC against scikit-learn, ties and all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from ae_core.evaluation.roc import auc, rates, roc, threshold_for

# Few different values: most draws have ties.
SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=30).map(np.array)


def labelled(known, unknown):
    return np.repeat([0, 1], [len(known), len(unknown)]), np.concatenate([known, unknown])


@given(SCORES, SCORES)
@settings(deadline=None)
def test_auc_is_scikit_learns(known, unknown):
    assert auc(known, unknown) == pytest.approx(roc_auc_score(*labelled(known, unknown)))


@given(SCORES, SCORES)
@settings(deadline=None)
def test_the_area_under_the_curve_is_the_auc(known, unknown):
    curve = roc(known, unknown)
    area = np.trapezoid(curve.found, curve.false_alarms)
    assert area == pytest.approx(auc(known, unknown))
    assert (np.diff(curve.found) >= 0).all()
    assert (np.diff(curve.false_alarms) >= 0).all()
    assert (curve.found[0], curve.false_alarms[0]) == (0, 0)
    assert (curve.found[-1], curve.false_alarms[-1]) == (1, 1)


@given(SCORES, SCORES)
@settings(deadline=None)
def test_the_curve_is_scikit_learns(known, unknown):
    false_alarms, found, _ = roc_curve(*labelled(known, unknown), drop_intermediate=False)
    curve = roc(known, unknown)
    np.testing.assert_allclose(curve.false_alarms, false_alarms)
    np.testing.assert_allclose(curve.found, found)


@given(SCORES, SCORES, st.floats(-1, 8))
def test_rates_are_counted(known, unknown, threshold):
    here = rates(known, unknown, threshold)
    assert here.found == sum(score > threshold for score in unknown) / len(unknown)
    assert here.false_alarms == sum(score > threshold for score in known) / len(known)


def test_separated_is_1_the_same_is_a_half_and_reversed_0():
    low, high = np.linspace(0, 1, 50), np.linspace(2, 3, 20)
    assert auc(low, high) == 1
    assert auc(high, low) == 0
    assert auc(low, low) == pytest.approx(0.5)
    assert auc(np.full(5, 0.3), np.full(9, 0.3)) == 0.5
    assert rates(low, high, 1.5) == rates(low, high, 1.0)
    assert (rates(low, high, 1.5).found, rates(low, high, 1.5).false_alarms) == (1, 0)


def test_the_threshold_for_a_share_of_false_alarms_gives_it():
    known = np.random.default_rng(0).exponential(size=1000)
    for share in (0.0, 0.05, 0.5, 1.0):
        threshold = threshold_for(known, share)
        assert rates(known, known, threshold).false_alarms == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(
    ("known", "unknown", "sentence"),
    [
        ([], [1.0], r"known=\(0,\) must be"),
        ([1.0], [], r"unknown=\(0,\) must be"),
        ([np.nan], [1.0], r"known=NaN must be numbers"),
        ([1.0], [[1.0]], r"unknown=\(1, 1\) must be"),
    ],
)
def test_what_are_no_scores_is_refused(known, unknown, sentence):
    for function in (auc, roc, lambda a, b: rates(a, b, 0.5)):
        with pytest.raises(ValueError, match=sentence):
            function(np.array(known), np.array(unknown))
