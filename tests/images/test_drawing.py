import base64
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.images.drawing import DRAWING_SIDE, centre_digit, read_drawing
from tests.helpers.refusals import refused


def segment(shape, start, end, width):
    """An antialiased line, drawn by distance: independent of Pillow and of the canvas."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    (y0, x0), (y1, x1) = start, end
    length2 = max((y1 - y0) ** 2 + (x1 - x0) ** 2, 1e-9)
    t = np.clip(((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length2, 0, 1)
    distance = np.hypot(y - y0 - t * (y1 - y0), x - x0 - t * (x1 - x0))
    return np.clip(width / 2 + 0.5 - distance, 0, 1).astype(np.float32)


def polyline(shape, points, width):
    lines = [segment(shape, a, b, width) for a, b in pairwise(points)]
    return np.maximum.reduce(lines)


# Rough digits in units of a square, (y, x).
DIGITS = {
    1: [(0.0, 0.5), (1.0, 0.4)],
    2: [(0.2, 0.1), (0.0, 0.5), (0.2, 0.8), (1.0, 0.0), (1.0, 0.9)],
    4: [(0.0, 0.2), (0.5, 0.0), (0.5, 0.8), (0.0, 0.7), (1.0, 0.6)],
    7: [(0.0, 0.0), (0.0, 0.7), (1.0, 0.3)],
}


def digit(name, side=28, top=4, left=5, scale=16, width=None):
    points = [(top + scale * y, left + scale * x) for y, x in DIGITS[name]]
    return polyline((side, side), points, width or side / 14)


def centre_of_mass(picture):
    y, x = np.indices(picture.shape)
    return (picture * y).sum() / picture.sum(), (picture * x).sum() / picture.sum()


def box_of(picture):
    rows = np.flatnonzero(picture.any(axis=1))
    columns = np.flatnonzero(picture.any(axis=0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def as_sent(picture):
    return base64.b64encode(np.rint(picture * 255).astype(np.uint8).tobytes()).decode()


# --- centre_digit


@given(
    st.sampled_from(sorted(DIGITS)),
    st.sampled_from([28, 32, 64, 112]),
    st.floats(0.2, 0.9),
    st.floats(0, 1),
    st.floats(0, 1),
)
@settings(max_examples=80, deadline=None)
def test_a_digit_is_centred_and_fills_twenty_of_twenty_eight(name, side, share, top, left):
    room = side * (1 - share)
    picture = digit(name, side, top * room, left * room, share * side)
    centred = centre_digit(picture)
    assert centred.shape == (side, side)
    assert centred.dtype == np.float32
    assert centred.min() >= 0
    assert centred.max() <= 1
    for centre in centre_of_mass(centred):
        assert centre == pytest.approx((side - 1) / 2, abs=0.5 + 1e-4)
    height, width = box_of(centred)
    assert max(height, width) == round(20 / 28 * side)


@given(
    st.sampled_from(sorted(DIGITS)),
    st.integers(-4, 5),
    st.integers(-4, 5),
)
@settings(max_examples=40, deadline=None)
def test_where_it_was_drawn_makes_no_difference(name, down, right):
    picture = digit(name, 40, 8, 8, 20)
    moved = np.roll(picture, (down, right), (0, 1))
    np.testing.assert_array_equal(centre_digit(moved), centre_digit(picture))


@given(st.sampled_from(sorted(DIGITS)), st.floats(0, 0.99), st.floats(0, 0.99))
@settings(max_examples=40, deadline=None)
def test_a_fraction_of_a_pixel_makes_little_difference(name, down, right):
    first = centre_digit(digit(name, 112, 20, 20, 60))
    second = centre_digit(digit(name, 112, 20 + down, 20 + right, 60))
    shifts = [np.roll(second, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    # A whole-pixel placement may land on either side; the strokes are the same.
    assert min(np.abs(first - each).mean() for each in shifts) < 0.02


def test_the_size_it_was_drawn_in_makes_little_difference():
    small = centre_digit(digit(2, 112, 10, 10, 40, width=4))
    large = centre_digit(digit(2, 112, 5, 15, 80, width=8))
    assert np.abs(small - large).mean() < 0.02


def test_the_aspect_ratio_stays():
    bar = np.zeros((28, 28), np.float32)
    bar[2:12, 3:8] = 1  # 10 x 5
    centred = centre_digit(bar)
    assert box_of(centred)[0] == 20
    assert centred[14].sum() == pytest.approx(10, abs=0.01)  # the width, with its soft edges
    np.testing.assert_allclose(centre_digit(bar.T), centred.T, atol=1e-6)


def test_a_picture_already_like_mnist_stays_as_it_is():
    picture = np.zeros((28, 28), np.float32)
    picture[4:24, 9:19] = np.random.default_rng(0).uniform(0.1, 1, (20, 10))
    picture = np.maximum(picture, picture[::-1, ::-1])  # its centre of mass is the middle
    np.testing.assert_allclose(centre_digit(picture), picture, atol=1e-6)


def test_strokes_are_never_cut_off():
    # Most of the mass is in one corner of the box: centred on it, the arms would leave the frame.
    picture = segment((28, 28), (4, 4), (4, 23), 1) + segment((28, 28), (4, 4), (23, 4), 1)
    picture = np.clip(picture + segment((28, 28), (5, 5), (8, 8), 6), 0, 1)
    assert max(box_of(centre_digit(picture))) == 20


@pytest.mark.parametrize("place", [(0, 0), (27, 27), (13, 2)])
def test_a_single_dot_becomes_a_digit_sized_blot(place):
    dot = np.zeros((28, 28), np.float32)
    dot[place] = 0.5
    centred = centre_digit(dot)
    assert box_of(centred) == (20, 20)
    assert centre_of_mass(centred) == pytest.approx((13.5, 13.5))


@pytest.mark.parametrize("shape", [(1, 1), (28, 40), (40, 28), (3, 500)])
def test_other_shapes(shape):
    picture = np.zeros(shape, np.float64)
    picture[shape[0] // 2 :, shape[1] // 3 :] = 1
    centred = centre_digit(picture)
    assert centred.shape == shape
    assert max(box_of(centred)) == max(1, round(20 / 28 * min(shape)))


def test_the_result_is_read_only_and_the_input_is_left_alone():
    picture = digit(4)
    before = picture.copy()
    centred = centre_digit(picture)
    assert not centred.flags.writeable
    np.testing.assert_array_equal(picture, before)


def test_an_empty_picture_is_refused():
    with refused("stroke"):
        centre_digit(np.zeros((28, 28), np.float32))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.ones((28, 28, 1)), r"^image\.shape=\(28, 28, 1\) must be \(H, W\)$"),
        (np.ones((0, 28)), r"^image\.shape=\(0, 28\) must be \(H, W\)$"),
        (np.full((4, 4), 255.0), r"^image must be in \[0, 1\]$"),
        (np.full((4, 4), -0.1), r"^image must be in \[0, 1\]$"),
        (np.full((4, 4), math.nan), r"^image must be in \[0, 1\]$"),
    ],
)
def test_a_wrong_picture_is_refused(picture, message):
    with pytest.raises(ValueError, match=message):
        centre_digit(picture)


# --- read_drawing


def test_a_drawing_is_read_row_by_row():
    picture = np.zeros((DRAWING_SIDE, DRAWING_SIDE))
    picture[0, 1] = 1
    picture[5, 0] = 0.2
    read = read_drawing(as_sent(picture), DRAWING_SIDE)
    assert read.dtype == np.float32
    assert not read.flags.writeable
    np.testing.assert_allclose(read, picture, atol=1e-6)


@pytest.mark.parametrize("size", [1, 28, 56])
def test_shrinking_is_the_mean_over_each_area(size):
    drawing = np.random.default_rng(3).integers(0, 256, (DRAWING_SIDE, DRAWING_SIDE)) / 255
    block = DRAWING_SIDE // size
    means = drawing.reshape(size, block, size, block).mean(axis=(1, 3))
    read = read_drawing(as_sent(drawing), size)
    assert read.shape == (size, size)
    np.testing.assert_allclose(read, means, atol=1e-5)


def test_shrinking_to_a_size_that_does_not_divide_keeps_the_mean():
    drawing = digit(7, DRAWING_SIDE, 20, 20, 70)
    read = read_drawing(as_sent(drawing), 32)
    assert read.shape == (32, 32)
    assert read.mean() == pytest.approx(drawing.mean(), rel=0.01)
    assert not read.flags.writeable


def test_nothing_drawn_is_none():
    assert read_drawing(None) is None
    assert read_drawing(as_sent(np.zeros((DRAWING_SIDE, DRAWING_SIDE)))) is None


GOOD = as_sent(np.ones((DRAWING_SIDE, DRAWING_SIDE)))


@pytest.mark.parametrize(
    "sent",
    [
        "",
        GOOD[:-1],
        GOOD + "A",
        GOOD + "\n",
        GOOD[:-4],
        "AAAA" + GOOD,
        "-" + GOOD[1:],
        "é" + GOOD[1:],
        "\0" + GOOD[1:],
        " " * len(GOOD),
        GOOD.encode(),
        7,
        True,
        [GOOD],
        {"picture": GOOD},
    ],
    ids=lambda sent: repr(sent)[:12],
)
def test_anything_else_is_refused_in_one_sentence(sent):
    with refused("drawing"):
        read_drawing(sent)


@given(st.text() | st.binary() | st.none() | st.dictionaries(st.text(), st.integers()))
def test_no_other_error_comes_out(sent):
    if sent is None:
        assert read_drawing(sent) is None
        return
    with refused("drawing"):
        read_drawing(sent)


@pytest.mark.parametrize("size", [0, -1, 113])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match=rf"^size={size} must be between 1 and 112$"):
        read_drawing(None, size)
