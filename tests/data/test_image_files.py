"""A visitor's files open upright, on white paper and soon, or are refused by a sentence."""

import struct
import time
import tomllib
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from ae_core.data.image_files import ENOUGH, MAX_BYTES, open_image
from ae_core.errors import UserError
from ae_core.storage.files import ROOT
from tests.helpers.encoded import encoded, many_scans, segment, tiled_heic
from tests.helpers.refusals import check, refused

ORIENTATION = 0x0112
BYTES = st.integers(0, 255)


def photo(height=24, width=32):
    """No two corners alike, no symmetry."""
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * y // height, 255 * x // width, (x + y) % 256], -1).astype(np.uint8)


def plain(colour, mode="RGB"):
    return Image.new("RGB", (20, 10), colour).convert(mode)


# --- what is accepted -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_every_format_opens_as_it_is(kind):
    options = {
        "PNG": {},
        "JPEG": {"quality": 95},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    }[kind]
    image = open_image(encoded(Image.fromarray(photo()), kind, **options))
    assert image.mode == "RGB"
    close = np.abs(np.asarray(image, float) - photo()).mean()
    assert close < (4 if kind in ("JPEG", "AVIF") else 1e-9)


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
    webp_ = open_image(encoded(stored, "WEBP", exif=exif, lossless=True))
    assert np.array_equal(webp_, photo())
    for kind in ("JPEG", "AVIF"):
        image = open_image(encoded(stored, kind, exif=exif, quality=95))
        assert np.abs(np.asarray(image, float) - photo()).mean() < 6


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


@pytest.mark.parametrize(
    "size",
    [(5712, 4284), (6048, 4024), (6016, 4016), (8064, 6048), (8160, 6120), (16382, 3628)],
)
def test_the_photo_of_every_phone_opens_reduced(size):
    image = open_image(encoded(Image.new("RGB", size, (10, 200, 90)), "JPEG"))
    assert ENOUGH <= min(image.size) < 2 * ENOUGH
    assert image.width / image.height == pytest.approx(size[0] / size[1], abs=0.01)
    assert np.abs(np.asarray(image, float) - (10, 200, 90)).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_pixel_is_kept_where_it_is_asked_for(kind):
    image = open_image(encoded(Image.fromarray(photo(2100, 2200)), kind), full_size=True)
    assert image.size == (2200, 2100)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_reduced_image_is_the_mean_of_its_pixels(mode):
    pixels = photo(2049, 3000)  # the last row and column of the reduced one have fewer pixels
    image = open_image(encoded(Image.fromarray(pixels).convert(mode), "PNG"))
    wanted = Image.fromarray(pixels).convert(mode).convert("RGB").reduce(2)
    assert image.size == wanted.size == (1500, 1025)
    assert np.abs(np.asarray(image, float) - np.asarray(wanted)).max() <= 1


# --- transparent images -----------------------------------------------------------------------


FAULTLESS = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "AVIF": {"quality": 100}}


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA"),
                                            ("AVIF", "RGBA"), ("HEIF", "RGBA")])  # fmt: skip
def test_a_transparent_image_lies_on_white_paper(kind, mode):
    """Black ink, opaque, half transparent and, hidden, transparent."""
    drawn = Image.new("RGBA", (96, 32), (0, 0, 0, 255))
    drawn.paste((0, 0, 0, 128), (32, 0, 64, 32))
    drawn.paste((0, 0, 0, 0), (64, 0, 96, 32))
    options = FAULTLESS.get(kind, {"quality": 95})
    seen = np.asarray(open_image(encoded(drawn.convert(mode), kind, **options)), float)
    for left, level in ((0, 0), (32, 127), (64, 255)):
        assert np.abs(seen[4:-4, left + 4 : left + 28] - level).max() <= 4


def test_a_palette_has_transparent_colours():
    drawn = Image.new("P", (20, 10))
    drawn.putpalette([200, 0, 0, 0, 0, 0, 9, 9, 9])
    drawn.paste(1, (10, 0, 20, 10))
    data = encoded(drawn, "PNG", transparency=bytes([0, 128, 255]))
    seen = np.asarray(open_image(data))
    assert seen[0, 0].tolist() == [255, 255, 255]
    assert np.abs(seen[0, 19].astype(int) - 127).max() <= 1


@pytest.mark.parametrize(("mode", "key"), [("RGB", (9, 8, 7)), ("L", 9), ("1", 0)])
def test_one_colour_stands_for_transparent(mode, key):
    seen = open_image(encoded(Image.new(mode, (20, 10), key), "PNG", transparency=key))
    assert seen.getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize(("colour_type", "key"), [(0, [9000]), (2, [9000, 8000, 7000])])
def test_one_colour_of_16_bits_stands_for_transparent(colour_type, key):
    level = b"".join(value.to_bytes(2) for value in key)
    pixels = zlib.compress((b"\0" + level * 20) * 10)
    data = png(20, 10, 16, colour_type, chunk(b"tRNS", level), chunk(b"IDAT", pixels))
    assert open_image(data).getextrema() == ((255, 255),) * 3


@pytest.mark.thorough
def test_a_phone_s_48_megapixels_in_tiles_open_soon():
    """A grid of 192 tiles of 512×512, the last of which are cut, as an iPhone writes it."""
    noise = np.random.default_rng(0).normal(0, 8, (512, 512, 3))
    tile = Image.fromarray(np.clip(photo(512, 512) / 2 + 64 + noise, 0, 255).astype(np.uint8))
    data = tiled_heic(tile, 16, 12, 8064, 6048)
    started = time.process_time()
    image = open_image(data)
    assert time.process_time() - started < 15  # 4.2 s on one core of two
    assert image.size == (1613, 1210)
    parts = np.asarray(image.resize((63, 47), Image.Resampling.BOX), float)
    first, second = parts[:4, :4], parts[:4, 4:8]
    assert np.abs(first - second).mean() < 12  # every tile has its place
    assert np.ptp(first[..., 0]) > 60


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


def test_a_file_over_25_mb_is_refused_unread():
    with refused("file_large", name="face", size=26.0, most=25):
        open_image(bytes(26 << 20), "face")
    small = encoded(Image.fromarray(photo()), "PNG")
    assert open_image(small.ljust(25 << 20, b"\0")).size == (32, 24)
    with refused("file_large"):
        open_image(small.ljust((25 << 20) + 1, b"\0"))


def test_what_streamlit_takes_is_what_is_read():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] << 20 == MAX_BYTES
    assert f"up to {MAX_BYTES >> 20} MB" in (ROOT / "docs/class.md").read_text(encoding="utf-8")


@pytest.fixture
def undecoded(monkeypatch):
    def load(image):
        raise AssertionError(f"{image.size} pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


def test_81_megapixels_in_a_few_kb_are_refused_undecoded(undecoded):
    data = encoded(Image.new("1", (9000, 9000)), "PNG")
    assert len(data) < 100_000
    with refused("pixels", name="face", pixels="9000×9000", side=16384, most=60):
        open_image(data, "face")


def chunk(name, content):
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, depth, colour_type, *chunks):
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *chunks, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_header(width, height):
    """A PNG that only claims its size."""
    return png(width, height, 8, 0, chunk(b"IDAT", zlib.compress(b"0")))


# Pillow itself warns from 89 megapixels on and raises an error of its own from 179 on.
@pytest.mark.parametrize("side", [9000, 10_000, 20_000, 60_000, 2**31 - 1])
def test_a_bomb_of_any_size_is_refused_by_the_same_sentence(side, undecoded):
    with refused("pixels", name="face", side=16384, most=60):
        open_image(png_header(side, side), "face")


@pytest.mark.parametrize(("width", "height"), [(16385, 2), (2, 16385), (10_000, 6001)])
def test_too_long_a_side_or_too_many_pixels(width, height):
    with refused("pixels", pixels=f"{width}×{height}"):
        open_image(png_header(width, height))


def test_formats_that_take_more_memory_have_a_lower_limit():
    with refused("pixels", pixels="5001×5000", side=16384, most=25):
        open_image(encoded(Image.new("L", (5001, 5000)), "WEBP"))


# --- files that cost time ---------------------------------------------------------------------


@pytest.mark.parametrize("size_and_scans", [(64, 64, 101), (4800, 4992, 2000), (7000, 8000, 50)])
def test_a_jpeg_of_many_scans_is_refused_undecoded(size_and_scans, undecoded):
    with refused("file_slow", name="face"):
        open_image(many_scans(*size_and_scans), "face")


def test_a_jpeg_of_a_hundred_scans_opens():
    assert open_image(many_scans(64, 48, 100)).size == (64, 48)
    assert open_image(encoded(Image.fromarray(photo()), "JPEG", progressive=True)).size == (32, 24)


def test_an_arithmetic_jpeg_is_refused():
    data = encoded(Image.fromarray(photo()), "JPEG").replace(b"\xff\xc0", b"\xff\xc9")
    with refused("file_slow"):
        open_image(data)


def webp(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(c)) + c for kind, c in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


ENDLESS = {
    "segments.jpg": b"\xff\xd8" + segment(0xFE) * 20_001,
    "chunks.png": png(1, 1, 8, 0, *[chunk(b"abCd", b"")] * 20_001),
    "chunks.webp": webp((b"VP8X", bytes(10)), *[(b"junk", b"")] * 20_001),
    "boxes.heic": struct.pack(">I4s4s4s", 16, b"ftyp", b"heic", b"heic")
    + struct.pack(">I4s", 8, b"free") * 20_001,
    "overlay.heic": struct.pack(">I4s4s4s", 16, b"ftyp", b"heic", b"heic")
    + struct.pack(">I4s4s", 12, b"meta", b"iovl"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_file_of_very_many_parts_is_refused(name):
    with refused("file_slow", name=name):
        open_image(ENDLESS[name], name)


def exif_that_refers_to_itself(size):
    """Every entry claims nearly all of the block."""
    count = 5000
    entries = [(i + 1, 7, size - 70_000, 100) for i in range(count)]
    return exif_of(*entries)[6:].ljust(size, b"\0")


COSTLY = {
    "profiles.png": lambda: png(
        *(8, 8, 8, 0),
        *[chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1_000_000), 9))] * 5000,
        chunk(b"IDAT", zlib.compress(bytes(9 * 8))),
    ),
    "exif.png": lambda: png(
        *(8, 8, 8, 0),
        chunk(b"eXIf", exif_that_refers_to_itself(8 << 20)),
        chunk(b"IDAT", zlib.compress(bytes(9 * 8))),
    ),
    "exif.jpg": lambda: encoded(
        Image.new("L", (8, 8)), "JPEG", exif=b"Exif\0\0" + bytes(8)
    ).replace(b"\xff\xdb", segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 300 + b"\xff\xdb", 1),
    "exif.webp": lambda: webp(
        (b"VP8X", bytes([0x08, *[0] * 3, 7, 0, 0, 7, 0, 0])),
        (b"VP8L", encoded(Image.new("L", (8, 8)), "WEBP", lossless=True)[20:]),
        (b"EXIF", exif_that_refers_to_itself(8 << 20)),
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_a_picture_does_not_need_costs_nothing(name):
    data = COSTLY[name]()
    began = time.process_time()
    assert open_image(data, name).size == (8, 8)
    assert time.process_time() - began < 2  # the profiles took most of a minute


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
    for kind in ("JPEG", "PNG", "WEBP", "AVIF")
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
