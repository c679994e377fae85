"""ROC and AUC against scikit-learn, ties and all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from ae_core.evaluation.roc import Roc, rates, threshold_for

# Few different values: most draws have ties.
SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=30).map(np.array)


def labelled(known, unknown):
    return np.repeat([0, 1], [len(known), len(unknown)]), np.concatenate([known, unknown])


@given(SCORES, SCORES)
def test_auc_is_scikit_learns(known, unknown):
    assert Roc.of(known, unknown).auc == pytest.approx(roc_auc_score(*labelled(known, unknown)))


@given(SCORES, SCORES)
def test_the_area_under_the_curve_is_the_auc(known, unknown):
    curve = Roc.of(known, unknown)
    area = np.trapezoid(curve.tpr, curve.fpr)
    assert area == pytest.approx(curve.auc)
    assert (np.diff(curve.tpr) >= 0).all()
    assert (np.diff(curve.fpr) >= 0).all()
    assert (curve.tpr[0], curve.fpr[0]) == (0, 0)
    assert (curve.tpr[-1], curve.fpr[-1]) == (1, 1)


@given(SCORES, SCORES)
def test_the_curve_is_scikit_learns(known, unknown):
    false_alarms, found, _ = roc_curve(*labelled(known, unknown), drop_intermediate=False)
    curve = Roc.of(known, unknown)
    np.testing.assert_allclose(curve.fpr, false_alarms)
    np.testing.assert_allclose(curve.tpr, found)


@given(SCORES, SCORES, st.floats(-1, 8))
def test_rates_are_counted(known, unknown, threshold):
    here = rates(known, unknown, threshold)
    assert here.tpr == sum(score > threshold for score in unknown) / len(unknown)
    assert here.fpr == sum(score > threshold for score in known) / len(known)


def test_separated_is_1_the_same_is_a_half_and_reversed_0():
    low, high = np.linspace(0, 1, 50), np.linspace(2, 3, 20)
    assert Roc.of(low, high).auc == 1
    assert Roc.of(high, low).auc == 0
    assert Roc.of(low, low).auc == pytest.approx(0.5)
    assert Roc.of(np.full(5, 0.3), np.full(9, 0.3)).auc == 0.5
    assert rates(low, high, 1.5) == rates(low, high, 1.0)
    assert (rates(low, high, 1.5).tpr, rates(low, high, 1.5).fpr) == (1, 0)


def test_the_threshold_for_a_share_of_false_alarms_gives_it():
    known = np.random.default_rng(0).exponential(size=1000)
    for share in (0.0, 0.05, 0.5, 1.0):
        threshold = threshold_for(known, share)
        assert rates(known, known, threshold).fpr == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(
    ("known", "unknown", "sentence"),
    [
        ([], [1.0], r"known=\(0,\) must be"),
        ([1.0], [], r"unknown=\(0,\) must be"),
        ([np.nan], [1.0], r"known=\(1,\) must be"),
        ([1.0], [[1.0]], r"unknown=\(1, 1\) must be"),
    ],
)
def test_what_are_no_scores_is_refused(known, unknown, sentence):
    with pytest.raises(ValueError, match=sentence):
        Roc.of(np.array(known), np.array(unknown))
