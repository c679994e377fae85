"""A visitor's files open upright or are refused by a sentence; sheets come apart again."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFile

from ae_core import images
from ae_core.errors import UserError
from ae_core.images import open_image
from tests.helpers.refusals import check, refused

ORIENTATION = 0x0112
BYTES = st.integers(0, 255)


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(height=24, width=32):
    """No two corners alike, no symmetry."""
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * y // height, 255 * x // width, (x + y) % 256], -1).astype(np.uint8)


def plain(colour, mode="RGB"):
    return Image.new("RGB", (20, 10), colour).convert(mode)


# --- what is accepted -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_format_opens_as_it_is(kind):
    options = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"lossless": True}}[kind]
    image = open_image(encoded(Image.fromarray(photo()), kind, **options))
    assert image.mode == "RGB"
    close = np.abs(np.asarray(image, float) - photo()).mean()
    assert close < (4 if kind == "JPEG" else 1e-9)


# How a camera stores a picture for each EXIF orientation (EXIF 2.3, 4.6.4: where row 0 and
# column 0 of the stored pixels are in the picture as it should be seen).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],  # row 0 top, column 0 right
    3: lambda a: a[::-1, ::-1],  # bottom, right
    4: lambda a: a[::-1],  # bottom, left
    5: lambda a: a.swapaxes(0, 1),  # left, top
    6: lambda a: a[:, ::-1].swapaxes(0, 1),  # right, top
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),  # right, bottom
    8: lambda a: a[::-1].swapaxes(0, 1),  # left, bottom
}


@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_comes_upright_however_the_camera_was_held(orientation):
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](photo())))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert np.array_equal(open_image(encoded(stored, "PNG", exif=exif)), photo())
    jpeg = open_image(encoded(stored, "JPEG", exif=exif, quality=95))
    assert np.abs(np.asarray(jpeg, float) - photo()).mean() < 4


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "CMYK"])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_every_kind_of_pixel_becomes_rgb(mode, colour):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = open_image(encoded(plain(colour, mode), kind))
    assert (image.mode, image.size) == ("RGB", (20, 10))
    assert np.abs(np.asarray(image, float) - colour).max() <= 2


@pytest.mark.parametrize(("mode", "kind"), [("P", "PNG"), ("RGBA", "PNG"), ("CMYK", "JPEG")])
def test_colours_are_kept(mode, kind):
    image = open_image(encoded(plain((204, 51, 102), mode), kind))
    assert np.abs(np.asarray(image, float) - (204, 51, 102)).max() <= 3


@pytest.mark.parametrize("level", [0, 16, 128, 255])
def test_16_bit_pictures_keep_their_brightness(level):
    pixels = np.full((10, 20), level * 257, np.uint16)
    image = open_image(encoded(Image.fromarray(pixels), "PNG"))
    assert (image.mode, image.size) == ("RGB", (20, 10))
    assert np.abs(np.asarray(image, float) - level).max() <= 1


def test_a_24_megapixel_photo_opens_reduced():
    photo_ = Image.new("RGB", (6000, 4000), (10, 200, 90))
    image = open_image(encoded(photo_, "JPEG"))
    assert 1024 <= min(image.size) <= 2000
    assert image.width / image.height == pytest.approx(1.5, abs=0.01)


# --- what is refused --------------------------------------------------------------------------

NO_PICTURES = {
    "text.jpg": b"this is a text file\n" * 50,
    "animation.gif": encoded(Image.fromarray(photo()).convert("P"), "GIF"),
    "renamed.png": encoded(Image.fromarray(photo()), "BMP"),
    "scan.tif": encoded(Image.fromarray(photo()), "TIFF"),
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
    "start.png": encoded(Image.fromarray(photo()), "PNG")[:8],
    "start.jpg": b"\xff\xd8\xff",
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_refused(name):
    with refused("file_kind", name=name):
        open_image(NO_PICTURES[name], name)


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_that_ends_too_early(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with refused("file_cut", name="face"):
        open_image(data[: int(share * len(data))], "face")


def test_a_file_over_10_mb_is_refused_unread():
    with refused("file_large", name="face", size=12.0, most=10):
        open_image(bytes(12 << 20), "face")
    small = encoded(Image.fromarray(photo()), "PNG")
    assert open_image(small.ljust(10 << 20, b"\0")).size == (32, 24)
    with refused("file_large"):
        open_image(small.ljust((10 << 20) + 1, b"\0"))


@pytest.fixture
def undecoded(monkeypatch):
    def load(image):
        raise AssertionError(f"{image.size} pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


def test_81_megapixels_in_a_few_kb_are_refused_undecoded(undecoded):
    data = encoded(Image.new("1", (9000, 9000)), "PNG")
    assert len(data) < 100_000
    with refused("pixels", name="face", pixels="9000×9000", side=8000, most=24):
        open_image(data, "face")


def png_header(width, height):
    """A PNG that only claims its size."""

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


# Pillow itself warns from 89 megapixels on and raises an error of its own from 179 on.
@pytest.mark.parametrize("side", [9000, 10_000, 20_000, 60_000, 2**31 - 1])
def test_a_bomb_of_any_size_is_refused_by_the_same_sentence(side, undecoded):
    with refused("pixels", name="face", side=8000, most=24):
        open_image(png_header(side, side), "face")


@pytest.mark.parametrize(("width", "height"), [(8001, 2), (2, 8001), (6001, 4000)])
def test_too_long_a_side_or_too_many_pixels(width, height):
    with refused("pixels", pixels=f"{width}×{height}"):
        open_image(png_header(width, height))


def exif_of(*entries):
    """An EXIF block of (tag, type, count, value) in 12 bytes each."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4)


UPRIGHT = (ORIENTATION, 3, 1, 6)
BROKEN_EXIF = {
    "points outside the file": exif_of(UPRIGHT, (0x010E, 3, 2, 1 << 30)),
    "empty sub-block": exif_of(UPRIGHT, (0x8769, 3, 0, 0)),
    "text for a sub-block": exif_of(UPRIGHT, (0x8769, 2, 4, 0x41414141)),
    "text for a number": exif_of(UPRIGHT, (0x0115, 2, 3, 0x6968)),
    "unknown orientation": exif_of((ORIENTATION, 3, 1, 77)),
    "text for the orientation": exif_of((ORIENTATION, 2, 4, 0x41414141)),
    "too many entries": b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
    "junk": b"Exif\0\0junk",
}


@pytest.mark.filterwarnings("ignore")  # Pillow warns of the block
@pytest.mark.parametrize("name", BROKEN_EXIF)
def test_a_broken_exif_block_does_no_harm(name):
    data = encoded(Image.fromarray(photo()), "JPEG", exif=BROKEN_EXIF[name])
    assert sorted(open_image(data).size) == [24, 32]


SEEDS = [
    encoded(Image.fromarray(photo()), kind, exif=exif_of((ORIENTATION, 3, 1, 6)))
    for kind in ("JPEG", "PNG", "WEBP")
]


@pytest.mark.filterwarnings("ignore")
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 300), BYTES), max_size=4))
@settings(derandomize=True, max_examples=400, deadline=None)
def test_a_damaged_file_gives_a_picture_or_a_sentence(data, changes):
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    try:
        assert open_image(bytes(damaged)).mode == "RGB"
    except UserError as error:
        check(error, error.key)


def test_an_empty_file_is_called_so():
    with refused("file_empty", name="empty.jpg"):
        open_image(b"", "empty.jpg")


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_refused(data):
    with refused("file_kind"):
        open_image(data)


# --- arrays -----------------------------------------------------------------------------------


@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 40), st.sampled_from([1, 3]))
@settings(deadline=None)
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
@settings(deadline=None)
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
