"""Sheets come apart again; arrays, files and animations keep their pixels."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from ae_core import images


def photo(height, width):
    """No two corners alike, no symmetry."""
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * y // height, 255 * x // width, (x + y) % 256], -1).astype(np.uint8)


@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 40), st.sampled_from([1, 3]))
def test_to_array_gives_the_shape_asked_for(height, width, side, channels):
    image = Image.fromarray(photo(height, width))
    array = images.to_array(image, (side, side, channels))
    assert array.shape == (side, side, channels)
    assert array.dtype == np.float32
    assert array.min() >= 0
    assert array.max() <= 1


def test_to_array_keeps_the_middle_square():
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 255
    array = images.to_array(Image.fromarray(pixels), (20, 20, 1))
    assert array[:, 2:-2].min() == 1
    assert images.to_array(Image.fromarray(photo(24, 24)), (24, 24, 3)) == pytest.approx(
        photo(24, 24) / np.float32(255)
    )


def test_every_byte_survives_the_range_0_to_1():
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(images.to_bytes_range(every / np.float32(255)), every)
    assert images.to_bytes_range(np.array([-1.0, 2.0])).tolist() == [0, 255]


@given(st.floats(0, 1))
def test_bytes_are_rounded_not_cut(value):
    assert abs(int(images.to_bytes_range(np.array([value]))[0]) - 255 * value) <= 0.5 + 1e-9


@st.composite
def sheets(draw, channels=(1, 3)):
    shape = [draw(st.integers(1, 4)) for _ in range(4)]
    return draw(hnp.arrays(np.uint8, (*shape, draw(st.sampled_from(channels)))))


@given(sheets())
def test_a_sheet_comes_apart_as_it_was_put_together(rows):
    picture = images.sheet(rows)
    count, columns, *shape = rows.shape
    assert picture.shape == (count * shape[0], columns * shape[1], shape[2])
    assert np.array_equal(images.rows_of_sheet(picture, tuple(shape)), rows)


def test_a_sheet_has_its_pictures_side_by_side():
    rows = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1)
    assert images.sheet(rows)[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]


@given(sheets())
def test_png_loses_nothing(rows):
    picture = images.sheet(rows)
    assert np.array_equal(images.from_png(images.to_png(picture)), picture)


@given(sheets(), st.integers(1, 60))
def test_enlarged_by_a_whole_factor_and_unsmoothed(rows, width):
    picture = images.sheet(rows)
    big = images.enlarged(picture, width)
    factor = big.shape[0] // picture.shape[0]
    assert big.shape == (factor * picture.shape[0], factor * picture.shape[1], picture.shape[2])
    for dy, dx in ((0, 0), (factor - 1, factor - 1)):
        assert np.array_equal(big[dy::factor, dx::factor], picture)
    assert abs(big.shape[1] - width) <= picture.shape[1]


@given(sheets(), st.integers(0, 3), st.integers(8, 60))
def test_a_contact_sheet_has_its_pictures_and_transparent_gaps(rows, gap, width):
    count, columns, height, side, _ = rows.shape
    sheet = images.contact_sheet(rows, width, gap)
    factor = max(1, width // (columns * side))
    assert sheet.dtype == np.uint8
    assert sheet.shape == (
        count * (height * factor + gap) - gap,
        columns * (side * factor + gap) - gap,
        4,
    )
    assert (sheet[..., 3] == 255).sum() == rows[..., 0].size * factor**2
    for r in range(count):
        for n in range(columns):
            y, x = r * (height * factor + gap), n * (side * factor + gap)
            tile = sheet[y : y + height * factor : factor, x : x + side * factor : factor]
            assert np.array_equal(tile[..., :3], np.broadcast_to(rows[r, n], (height, side, 3)))
            assert tile[..., 3].min() == 255


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from([1, 3]))
def test_reduced_keeps_the_mean(side, factor, channels):
    big = np.random.default_rng(side).random((side * factor, side * factor)).astype(np.float32)
    small = images.reduced(big, (side, side, channels))
    areas = big.reshape(side, factor, side, factor).mean(axis=(1, 3))
    assert small.shape == (side, side, channels)
    assert small[..., 0] == pytest.approx(areas, abs=1e-5)
    assert np.array_equal(small[..., 0], small[..., -1])


@pytest.mark.parametrize("channels", [1, 3])
def test_error_map_goes_from_black_over_red_to_yellow(channels):
    steps = np.linspace(0, 1, 101)
    a = np.zeros((1, 101, channels))
    b = np.repeat(steps[None, :, None], channels, axis=2)
    colours = images.error_map(a, b)
    assert colours.shape == (1, 101, 3)
    assert np.array_equal(colours, images.error_map(b, a))
    assert colours[0, 0].tolist() == [0, 0, 0]
    assert colours[0, 25] == pytest.approx([1, 0, 0])
    assert colours[0, 50] == pytest.approx([1, 1, 0])
    assert colours[0, 100].tolist() == [1, 1, 0]
    assert (np.diff(colours.sum(axis=2)) >= 0).all()


def test_error_map_takes_the_mean_over_channels():
    a, b = np.zeros((1, 1, 3)), np.array([[[0.3, 0.0, 0.0]]])
    assert images.error_map(a, b)[0, 0] == pytest.approx([0.4, 0, 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_has_its_frames_its_pace_and_its_colours(channels):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 2, (5, 4, 6, channels), np.uint8) * 255
    with Image.open(io.BytesIO(images.to_gif(frames, 80, width=12))) as animation:
        assert (animation.n_frames, animation.size) == (5, (12, 8))
        assert (animation.info["duration"], animation.info["loop"]) == (80, 0)
        for number, frame in enumerate(frames):
            animation.seek(number)
            shown = np.asarray(animation.convert("RGB"))[::2, ::2]
            np.testing.assert_array_equal(shown, np.broadcast_to(frame, shown.shape))


# From 60 to 190, so that no overshoot is cut: Pillow cuts and rounds after each direction, and the
# second enlarges an error by at most 1.25: 0.5 · 1.25 + 0.5 = 1.125.
GREYS = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(4, 40), st.integers(4, 40), st.sampled_from([1, 3])),
    elements=st.integers(60, 190),
)


@given(GREYS, st.integers(1, 80))
def test_a_resized_image_is_pillow_s_without_its_rounding(picture, side):
    found = images.bicubic(picture / 255, side)
    rounded = images.to_pillow(picture).resize((side, side), Image.Resampling.BICUBIC)
    assert found.dtype == np.float32
    wanted = np.asarray(rounded, np.float32).reshape(found.shape)
    np.testing.assert_allclose(255 * found, wanted, atol=1.13)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 9), st.just(3))))
def test_gray_is_pillow_s(pixels):
    wanted = np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
    assert np.array_equal(images.luma(pixels), wanted)


def test_what_overshoots_is_cut():
    edge = np.repeat([[0.0, 1.0]], 8, axis=0).repeat(4, axis=1)[..., np.newaxis]
    found = images.bicubic(edge, 32)
    assert (found.min(), found.max()) == (0, 1)
