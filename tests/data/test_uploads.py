"""What visitors upload: every file becomes a small picture or a sentence, and nothing else."""

import io
import random
import tempfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ae_core.data import uploads
from ae_core.data.image_files import KINDS, MAX_BYTES
from ae_core.data.uploads import (
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
    read_files,
    short_name,
)
from ae_core.errors import Message, UserError
from ae_core.text.typed import visible_text
from tests.helpers.refusals import check, refused


def png(size=(40, 30), mode="L", value=200):
    image = Image.new("L" if isinstance(value, int) else "RGB", size, value)
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def read(*files, side=28, room=500):
    return read_files(files, side, room)


# --- pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [28, 32, 64])
def test_the_middle_square_of_a_picture_gray_and_small(side):
    wide = np.zeros((60, 180), np.uint8)
    wide[:, 60:120] = 255  # the middle square is white, what is cut off is black
    buffer = io.BytesIO()
    Image.fromarray(wide).save(buffer, "PNG")
    pixels = read(("wide.png", buffer.getvalue()), side=side).pixels
    assert pixels.shape == (1, side, side, 1)
    assert pixels.dtype == np.uint8
    assert pixels[0, :, 1:-1].min() >= 250  # the edge is a mixture


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16"])
def test_every_mode_keeps_its_gray(mode):
    buffer = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(np.full((50, 50), 200 << 8, np.uint16)).save(buffer, "PNG")
    else:
        image = Image.new("L", (50, 50), 255 if mode == "1" else 200)
        image.convert(mode).save(buffer, "PNG")
    pixels = read(("a.png", buffer.getvalue())).pixels
    wanted = 255 if mode == "1" else 200
    assert abs(pixels.astype(int) - wanted).max() <= 1


def test_colour_is_kept_and_what_is_only_tinted_is_gray():
    """A batch is in colour if one of its pictures is."""
    red, warm, gray = (
        ("a.png", png((50, 50), "RGB", colour)) for colour in ((200, 20, 20), (202, 200, 196), 200)
    )
    for files in ((red,), (gray, red), (red, warm)):
        found = read(*files).pixels
        assert found.shape == (len(files), 28, 28, 3)
        for file, picture in zip(files, found, strict=True):
            assert (picture == ((200, 20, 20) if file is red else 200)).all()
    for files in ((gray,), (warm,), (gray, warm)):
        found = read(*files).pixels
        assert found.shape == (len(files), 28, 28, 1)
        assert (found == 200).all()


def test_a_photo_that_lies_on_its_side_is_turned_upright():
    dark_on_top = np.zeros((64, 64), np.uint8)
    dark_on_top[32:] = 255
    lying = Image.fromarray(np.rot90(dark_on_top))  # as a camera held upright saves it
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter clockwise
    buffer = io.BytesIO()
    lying.save(buffer, "PNG", exif=exif)
    pixels = read(("a.png", buffer.getvalue())).pixels[0]
    assert pixels[:10].max() == 0
    assert pixels[-10:].min() == 255


def test_pictures_of_mixed_sizes_and_modes_become_one_array_in_their_order():
    files = [
        ("a.png", png((300, 20), "RGB", 10)),
        ("b.png", png((20, 300), "RGBA", 20)),
        ("c.png", png((28, 28), "P", 30)),
        ("d.png", png((1, 1), "L", 40)),
    ]
    for found in (read(*files), read(("all.zip", zipped(files)))):
        assert found.pixels.shape == (4, 28, 28, 1)
        np.testing.assert_allclose(found.pixels.mean(axis=(1, 2, 3)), [10, 20, 30, 40], atol=1)
        assert found.left_out == ()


def test_nothing_of_a_file_but_its_pixels_comes_out():
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("L", (50, 50)).save(buffer, "JPEG", exif=exif, comment=b"a secret")
    found = read(("home.jpg", buffer.getvalue()))
    assert vars(found).keys() == {"pixels", "left_out", "beyond", "folders", "archives"}
    assert found.pixels.tobytes() == bytes(28 * 28)


# --- files that are left out, each with its sentence ------------------------------------------


def test_a_text_file_among_pictures_is_a_sentence_and_the_others_are_read():
    files = [("a.png", png()), ("notes.txt", b"hello"), ("b.png", png()), ("empty.png", b"")]
    for found in (read(*files), read(("all.zip", zipped(files)))):
        assert len(found.pixels) == 2
        assert found.left_out == (
            Message.of("file_kind", name="notes.txt", kinds=KINDS),
            Message.of("file_empty", name="empty.png"),
        )


@pytest.mark.parametrize(
    "name",
    [
        *("../../x.png", "/etc/x.png", "a/../../x.png", "..\\x.png"),
        *("C:\\x.png", "C:x.png", "\\\\server\\x.png"),
    ],
)
def test_a_path_out_of_the_zip_is_a_sentence_and_no_file_is_written(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = read(("all.zip", zipped([("a.png", png()), (name, png())])))
    assert len(found.pixels) == 1
    (message,) = found.left_out
    assert message.key == "zip_outside"
    assert message.values["name"].endswith("x.png")
    assert list(tmp_path.iterdir()) == []


def test_folders_what_a_mac_adds_and_zips_inside_are_counted():
    inner = zipped([("deep.png", png())])
    found = read(
        (
            "all.zip",
            zipped(
                [
                    *(("digits/", b""), ("digits/a.png", png()), ("digits/.DS_Store", b"x")),
                    *(("__MACOSX/digits/._a.png", b"x"), ("inner.zip", inner)),
                ]
            ),
        )
    )
    assert (len(found.pixels), found.folders, found.archives) == (1, 3, 1)
    assert found.left_out == ()


def test_what_there_is_no_room_for_is_counted_and_not_decoded(monkeypatch):
    opened = []
    read_header = uploads.read_header
    monkeypatch.setattr(
        uploads, "read_header", lambda data, name: opened.append(name) or read_header(data, name)
    )
    files = [(f"{i}.png", png()) for i in range(7)]
    assert read(*files, room=3).beyond == 4
    assert read(("all.zip", zipped(files)), room=3).beyond == 4
    assert opened == ["0.png", "1.png", "2.png"] * 2


def test_a_damaged_member_is_a_sentence():
    data = bytearray(zipped([("a.png", png()), ("b.png", b"y" * 500)], zipfile.ZIP_STORED))
    at = data.index(b"y" * 500)
    data[at] ^= 1  # its checksum is wrong now
    found = read(("all.zip", bytes(data)))
    assert len(found.pixels) == 1
    assert found.left_out == (Message.of("zip_part", name="b.png"),)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_a_sentence(method):
    found = read(("all.zip", zipped([("a.png", png())], method)))
    assert found.left_out == (Message.of("zip_method", name="a.png"),)


# --- what is refused as a whole ---------------------------------------------------------------


def test_one_member_that_is_a_bomb_is_left_out_and_never_unpacked_whole(monkeypatch):
    bomb = zipped([("bomb.png", bytes(200 << 20)), ("a.png", png())])
    assert len(bomb) < 300_000
    counted = []
    count = uploads._Reader.count
    monkeypatch.setattr(
        uploads._Reader,
        "count",
        lambda self, size, what="": counted.append(size) or count(self, size, what),
    )
    found = read(("all.zip", bomb))
    assert found.left_out == (Message.of("zip_part_large", name="bomb.png", most=25),)
    assert len(found.pixels) == 1
    assert max(counted) <= MAX_BYTES + uploads.CHUNK


def test_a_bomb_of_many_members_is_refused():
    bomb = zipped([(f"{i}.png", bytes(MAX_BYTES)) for i in range(8)])
    assert len(bomb) < 300_000
    with refused("unpacked_large", name="all.zip", most=60):
        read(("all.zip", bomb))


def test_a_bomb_that_lies_about_its_size_is_measured():
    bomb = bytearray(zipped([(f"{i}.png", bytes(MAX_BYTES)) for i in range(8)]))
    size = MAX_BYTES.to_bytes(4, "little")
    assert bomb.count(size) >= 16  # in every header and in the list
    lying = bytes(bomb).replace(size, (100).to_bytes(4, "little"))
    found = read(("all.zip", lying))  # Python stops at the size that is claimed
    assert len(found.pixels) == 0
    assert len(found.left_out) == 8


def test_ten_thousand_files_are_refused_before_their_list_is_read(monkeypatch):
    many = zipped([(f"{i}.png", b"") for i in range(10_000)])
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with refused("zip_files", name="all.zip", files=10_000, most=MAX_MEMBERS):
        read(("all.zip", many))


def encrypted():
    """A zip whose only member says that it is encrypted."""
    data = bytearray(zipped([("a.png", png())]))
    for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (encrypted(), "zip_password"),
        (zipped([]), "zip_empty"),
        (zipped([("a.png", png())])[:-30], "zip_damaged"),
        (b"PK\x03\x04", "zip_damaged"),
        (b"PK" + bytes(MAX_BYTES), "zip_large"),
    ],
)
def test_a_zip_that_cannot_be_used_is_refused(data, key):
    with refused(key, name="all.zip"):
        read(("all.zip", data))


def test_all_files_together_have_a_limit():
    files = [(f"{i}.png", bytes(MAX_BYTES)) for i in range(MAX_TOTAL_BYTES // MAX_BYTES + 1)]
    with refused("files_large", most=60):
        read(*files)


def test_pictures_of_very_many_pixels_must_wait(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PIXELS", 2 * 60 * 60)
    found = read(*[(f"{i}.png", png((60, 60))) for i in range(4)])
    assert len(found.pixels) == 2
    check(found.left_out[0], "must_wait", name="2.png")


def test_pixels_are_counted_as_they_are_in_the_file(monkeypatch):
    """A JPEG is decoded at a fraction of its size, which takes time by its full size."""
    monkeypatch.setattr(uploads, "MAX_PIXELS", 2 * 2100 * 2100)
    buffer = io.BytesIO()
    Image.new("L", (2100, 2100)).save(buffer, "JPEG")
    found = read(("all.zip", zipped([(f"{i}.jpg", buffer.getvalue()) for i in range(4)])))
    assert len(found.pixels) == 2
    check(found.left_out[1], "must_wait", name="3.jpg")


@pytest.mark.parametrize("packed", [False, True])
def test_transparent_pictures_lie_on_white_paper(packed):
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40)).save(buffer, "PNG")  # black, hidden
    file = ("a.png", buffer.getvalue())
    found = read(("all.zip", zipped([file])) if packed else file)
    assert found.pixels.min() == 255


# --- names and noise --------------------------------------------------------------------------


@given(name=st.text(max_size=200))
def test_a_name_is_shown_short_and_in_one_piece(name):
    short = short_name(name)
    assert 1 <= len(short) <= uploads.MAX_NAME
    assert visible_text(short) == short
    assert not set(short) & {"/", "\\"}


def test_a_member_without_a_name_is_left_out():
    members = zipped([("QQQQ.png", png()), ("a.png", png())])
    found = read(("all.zip", members.replace(b"QQQQ", b"\0QQQ")))  # names end at a zero
    assert len(found.pixels) == 1
    check(found.left_out[0], "zip_part", name="all.zip")


GOOD = zipped([("a.png", png()), ("b/c.png", png((9, 9), "RGB")), ("d.txt", b"hello" * 30)])


@given(seed=st.integers(0, 10**9), cut=st.integers(0, len(GOOD)))
@settings(max_examples=300)
def test_a_damaged_zip_is_read_in_part_or_a_sentence(seed, cut):
    lot = random.Random(seed)
    data = bytearray(GOOD[:cut] if seed % 2 else GOOD)
    for _ in range(lot.randrange(1, 8) if data else 0):
        data[lot.randrange(len(data))] = lot.randrange(256)
    try:
        found = read_files([("all.zip", bytes(data))], 28, 500)
    except UserError as error:
        check(error, error.key)
    else:
        assert found.pixels.shape[1:3] == (28, 28)
        for message in found.left_out:
            check(message, message.key)
