"""The frames of a run: few, evenly spread, with the first and the newest among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.runs import timeline
from ae_core.runs.timeline import EpochFrame, from_bytes, kept_epochs, to_bytes, with_newest


def frame_of(epoch, side=4, codes=None):
    """Every pixel tells the epoch."""
    return EpochFrame(epoch, np.full((8, side, side, 1), epoch % 251, np.uint8), codes)


@given(st.integers(1, 5000), st.integers(2, 80))
def test_few_evenly_spread_with_the_first_and_the_newest(newest, most):
    kept = kept_epochs(newest, most)
    assert (kept[0], kept[-1]) == (1, newest)
    assert len(kept) <= most
    strides = np.diff(kept)
    assert (strides > 0).all()
    assert len(set(strides[:-1])) <= 1
    assert not len(strides) > 1 or strides[-1] <= strides[0]
    if newest <= most:
        assert kept == tuple(range(1, newest + 1))
    else:  # never fewer than it takes to be worth looking at
        assert len(kept) > most // 2


@given(st.integers(1, 3000), st.integers(2, 80))
def test_what_is_kept_later_is_kept_now(newest, most):
    assert set(kept_epochs(newest + 1, most)) <= {*kept_epochs(newest, most), newest + 1}


@given(st.integers(1, 700))
@settings(max_examples=30)
def test_a_run_keeps_them_in_order_and_each_its_own_pictures(epochs):
    kept = ()
    for epoch in range(1, epochs + 1):
        kept = with_newest(kept, frame_of(epoch))
        assert len(kept) <= timeline.MAX_FRAMES
    assert tuple(m.epoch for m in kept) == kept_epochs(epochs, timeline.MAX_FRAMES)
    assert all((m.output == m.epoch % 251).all() for m in kept)


@pytest.mark.parametrize("side", [8, 64, 128, 256])
def test_large_pictures_have_fewer_moments_within_the_same_bytes(side):
    kept = ()
    for epoch in range(1, 131):
        kept = with_newest(kept, frame_of(epoch, side, np.zeros((600, 2), np.float32)))
        assert sum(m.size for m in kept) <= timeline.MAX_BYTES
    assert len(kept) >= 5
    assert (kept[0].epoch, kept[-1].epoch) == (1, 130)


@pytest.mark.parametrize("with_codes", [True, False])
def test_they_come_back_from_their_bytes(with_codes):
    rng = np.random.default_rng(0)
    before = tuple(
        EpochFrame(
            epoch,
            rng.integers(0, 256, (8, 6, 6, 3), np.uint8),
            rng.normal(size=(40, 2)).astype(np.float32) if with_codes else None,
        )
        for epoch in (1, 3, 5, 6)
    )
    after = from_bytes(to_bytes(before))
    assert [m.epoch for m in after] == [1, 3, 5, 6]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.output, new.output)
        assert old.output.dtype == new.output.dtype
        assert (new.codes is None) == (old.codes is None)
        if with_codes:
            np.testing.assert_array_equal(old.codes, new.codes)
            assert new.codes.dtype == np.float32


def test_a_run_without_the_file_has_none():
    assert from_bytes(None) == ()
