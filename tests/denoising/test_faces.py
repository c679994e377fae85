"""Faces are found where they are, and cut out as Pillow would cut them."""

import cmath
import math
import re

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ae_core.denoising.faces import (
    CROP_MIDDLE,
    CROP_SIDE,
    MIDDLE,
    Crop,
    cut,
    cut_head,
    find_faces,
)
from ae_core.images.faces import ALIGNED, Face, aligned

LFW_X, LFW_Y = 124.5 / 250, 133.5 / 250  # the middle of LFWcrop's square
HEAD = (154, 57, 290, 193)  # of the astronaut, in a photo of 512 pixels
SHARES = st.floats(0, 1)
CROPS = st.builds(Crop, SHARES, SHARES, st.floats(0.02, 1), st.floats(-180, 180))
SIZES = st.tuples(st.integers(1, 150), st.integers(1, 150))


@pytest.fixture(scope="module")
def crops(photos):
    return [find_faces(photo) for photo in photos]


@pytest.fixture(scope="module")
def astronaut():
    return Image.fromarray(skimage.data.astronaut())


def waves(width=400, height=300):
    """Smooth, no symmetry."""
    y, x = np.mgrid[:height, :width]
    parts = [100 * np.sin(x / 23), 100 * np.cos(y / 31), 60 * np.sin((x + y) / 40)]
    return Image.fromarray((127 + np.stack(parts, -1)).astype(np.uint8))


def apart(a, b):
    return np.abs(np.asarray(a, int) - np.asarray(b, int))


# --- finding ----------------------------------------------------------------------------------


def test_each_of_24_photos_has_its_face_where_lfwcrop_has_it(crops):
    assert len(crops) == 24
    assert all(crops)
    off_x, off_y = (np.array([getattr(c[0], n) for c in crops]) for n in "xy")
    off_x, off_y = off_x - LFW_X, off_y - LFW_Y
    # Measured: at most 0.016 and 0.020, medians 0.000; sides 0.82 to 1.09 of LFWcrop's.
    assert np.abs(off_x).max() < 0.03
    assert np.abs(off_y).max() < 0.04
    assert abs(np.median(off_x)) < 0.005
    assert abs(np.median(off_y)) < 0.005
    sides = np.array([c[0].side for c in crops]) * 250 / 83
    assert np.median(sides) == pytest.approx(1, abs=0.02)
    assert 0.75 < sides.min() < sides.max() < 1.2


@pytest.mark.samples(1)
@pytest.mark.parametrize("turned", [30, -10, 90, 180])
def test_the_cut_face_of_a_turned_photo_is_that_of_the_photo(photos, crops, turned):
    apart_by, others = [], []
    upright = [cut(photo, found[0], 64) for photo, found in zip(photos, crops, strict=True)]
    for number, photo in enumerate(photos):
        turned_photo = photo.rotate(-turned, Image.Resampling.BICUBIC)
        face = cut(turned_photo, find_faces(turned_photo)[0], 64)
        apart_by.append(apart(face, upright[number]).mean())
        others.append(apart(face, upright[number - 1]).mean())
    assert np.median(apart_by) < np.median(others) / 3


@settings(max_examples=20, deadline=None)
@given(x=SHARES, y=SHARES, share=st.floats(0.1, 0.9), angle=st.floats(-180, 180))
def test_the_head_around_a_crop_is_the_aligned_picture_of_its_face(x, y, share, angle):
    photo = waves()
    scale = cmath.rect(share * min(photo.size) / CROP_SIDE, math.radians(angle))
    face = Face(1.0, complex(x * photo.width, y * photo.height) - scale * CROP_MIDDLE, scale)
    size = round(abs(scale) * ALIGNED)
    head = cut_head(photo, Crop(x, y, share, angle), size)
    assert apart(head, aligned(photo, face, max(64, size))).max() <= 2


@pytest.mark.parametrize("side", [256, 400, 512, 1024])
def test_the_astronaut_is_found_at_every_size(astronaut, side):
    crop = find_faces(astronaut.resize((side, side)))[0]
    assert (crop.x, crop.y) == pytest.approx((0.434, 0.244), abs=0.02)
    assert crop.side == pytest.approx(0.145, abs=0.03)


@pytest.mark.parametrize("corner", [(512, 0), (0, 512)])
def test_shares_are_of_the_photos_own_sides(astronaut, corner):
    size = (512 + corner[0], 512 + corner[1])
    photo = Image.new("RGB", size, (90, 90, 90))
    photo.paste(astronaut, corner)
    crop = find_faces(photo)[0]
    assert crop.x * size[0] - corner[0] == pytest.approx(0.434 * 512, abs=15)
    assert crop.y * size[1] - corner[1] == pytest.approx(0.244 * 512, abs=15)


def test_a_mirrored_face_is_a_mirrored_crop(astronaut):
    crop = find_faces(astronaut)[0]
    mirrored = find_faces(astronaut.transpose(Image.Transpose.FLIP_LEFT_RIGHT))[0]
    assert (mirrored.x, mirrored.y) == pytest.approx((1 - crop.x, crop.y), abs=0.02)
    assert mirrored.angle == pytest.approx(-crop.angle, abs=2)


@pytest.mark.parametrize("side", [80, 160])
def test_ten_faces_are_ten_crops_the_largest_first(astronaut, side):
    head = astronaut.crop(HEAD).resize((side, side))
    photo = Image.new("RGB", (5 * side, 2 * side), (128, 128, 128))
    for place in range(10):
        photo.paste(head, (place % 5 * side, place // 5 * side))
    crops = find_faces(photo)
    assert {(int(5 * c.x), int(2 * c.y)) for c in crops} == {
        (i, j) for i in range(5) for j in (0, 1)
    }
    assert len(crops) == 10
    assert [c.side for c in crops] == sorted((c.side for c in crops), reverse=True)


NO_FACES = {
    "flat": np.full((200, 300, 3), 90),
    "black": np.zeros((300, 200, 3)),
    "gradient": np.broadcast_to(np.linspace(0, 255, 300)[:, np.newaxis], (200, 300, 3)),
    "waves": np.asarray(waves()),
    "noise": np.random.default_rng(0).integers(0, 256, (300, 300, 3)),
}


@pytest.mark.parametrize("name", NO_FACES)
def test_no_face_is_no_crop(name):
    assert find_faces(Image.fromarray(NO_FACES[name].astype(np.uint8))) == ()


@pytest.mark.parametrize(
    "size", [(1, 1), (10_000, 1), (1, 10_000), (23, 23), (23, 300), (6000, 300)]
)
def test_a_photo_below_the_search_window_has_no_face(size):
    assert find_faces(Image.new("RGB", size, (50, 90, 200))) == ()


def test_the_photo_stays_as_it_is(astronaut):
    before = astronaut.copy()
    find_faces(astronaut)
    cut(astronaut, Crop(0.4, 0.3, 0.2, 10), 64)
    assert astronaut == before


# --- cutting ----------------------------------------------------------------------------------


@given(SIZES, CROPS, st.integers(1, 200))
def test_the_cut_is_a_square_of_bytes_and_one_colour_stays_one(size, crop, side):
    pixels = cut(Image.new("RGB", size, (50, 90, 200)), crop, side)
    wanted = max(64, min(side, round(crop.side * min(size))))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (wanted, wanted, 3)
    assert wanted <= max(64, side)
    assert np.array_equal(pixels, np.broadcast_to((50, 90, 200), pixels.shape))


@pytest.mark.parametrize("size", [(1, 1), (10_000, 1), (1, 10_000), (2, 3)])
@pytest.mark.parametrize("angle", [0, -45, 30, 90, 180])
def test_a_strange_photo_is_cut_all_the_same(size, angle):
    assert cut(Image.new("RGB", size), Crop(1, 0, 1, angle), 512).shape == (64, 64, 3)


@given(SHARES, SHARES, st.floats(0.2, 1), st.integers(64, 300))
def test_an_upright_cut_is_pillows(x, y, share, side):
    photo = waves()
    pixels = cut(photo, Crop(x, y, share), side)
    length = share * 300
    left = min(max(400 * x - length / 2, 0), 400 - length)
    top = min(max(300 * y - length / 2, 0), 300 - length)
    wanted = photo.resize(
        pixels.shape[:2], Image.Resampling.LANCZOS, (left, top, left + length, top + length)
    )
    # Half a pixel of a side that is no whole number, and a rounding.
    assert apart(pixels, wanted).max() <= 5
    assert apart(pixels, wanted).mean() <= 2


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_an_upright_cut_of_whole_pixels_is_pillows_to_a_rounding(photos, share):
    photo = photos[9]
    left = 125 - 125 * share
    box = (left, left, 250 - left, 250 - left)
    wanted = photo.crop(box).resize((80, 80), Image.Resampling.LANCZOS)
    assert apart(cut(photo, Crop(0.5, 0.5, share), 80), wanted).max() <= 1


@given(st.integers(-180, 180), st.floats(0.4, 0.6), st.floats(0.4, 0.6))
@settings(max_examples=50)
def test_a_turned_photo_is_turned_back(angle, x, y):
    photo = waves()
    turned = photo.rotate(-angle, Image.Resampling.BICUBIC, center=(400 * x, 300 * y))
    back = cut(turned, Crop(x, y, 0.35, angle), 512)
    straight = cut(photo, Crop(x, y, 0.35), 512)
    assert apart(back, straight).max() <= 5
    assert apart(back, straight).mean() <= 2


@given(SHARES, SHARES, st.floats(0.02, 1), st.integers(-180, 180), st.integers(1, 3))
@settings(max_examples=50)
def test_a_photo_on_its_side_is_cut_like_the_upright_one(x, y, share, angle, quarters):
    """By a quarter to the right, x becomes 1 − y, and y becomes x."""
    photo = waves()
    wanted = cut(photo, Crop(x, y, share, angle), 64)
    for _ in range(quarters):
        x, y = 1 - y, x
    lying = photo.rotate(-90 * quarters, expand=True)
    pixels = cut(lying, Crop(x, y, share, (angle + 90 * quarters + 180) % 360 - 180), 64)
    assert apart(pixels, wanted).max() <= 2


@given(SHARES, SHARES, st.floats(0.1, 1), st.sampled_from([-135, -45, -10, 5, 30, 100]))
@settings(max_examples=50)
def test_beyond_the_border_the_edge_goes_on(x, y, share, angle):
    photo = waves(120, 90)
    margin = 90
    pads = ((margin, margin), (margin, margin), (0, 0))
    larger = Image.fromarray(np.pad(np.asarray(photo), pads, "edge"))
    wider = Crop(
        (120 * x + margin) / larger.width,
        (90 * y + margin) / larger.height,
        max(0.02, 90 * share / larger.height),
        angle,
    )
    assert apart(cut(photo, Crop(x, y, share, angle), 64), cut(larger, wider, 64)).max() <= 1


def test_an_upright_crop_moves_into_the_photo():
    photo = waves()
    assert np.array_equal(
        cut(photo, Crop(0, 0, 0.5), 64), cut(photo, Crop(75 / 400, 0.25, 0.5), 64)
    )
    assert np.array_equal(cut(photo, Crop(1, 1, 1), 64), cut(photo, Crop(250 / 400, 0.5, 1), 64))


def test_the_middle_is_the_largest_square_in_the_middle():
    wanted = waves().crop((50, 0, 350, 300))
    assert apart(cut(waves(), MIDDLE, 300), wanted).max() <= 1


# --- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((-0.1, 0.5, 1.0), "x=-0.1 must be between 0 and 1"),
        ((0.5, 1.5, 1.0), "y=1.5 must be between 0 and 1"),
        ((0.5, 0.5, 0.01), "side=0.01 must be between 0.02 and 1"),
        ((0.5, 0.5, 1.01), "side=1.01 must be between 0.02 and 1"),
        ((0.5, 0.5, 1.0, 181), "angle=181 must be between -180 and 180"),
        ((math.nan, 0.5, 1.0), "x=nan must be between 0 and 1"),
        ((0.5, 0.5, math.inf), "side=inf must be between 0.02 and 1"),
    ],
)
def test_a_crop_out_of_bounds_is_refused(values, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Crop(*values)
