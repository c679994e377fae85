"""Image files as visitors have them."""

import io
import struct

import pillow_heif


def encoded(image, kind, **options):
    """The bytes of a Pillow image in a format that Pillow or HEIF has a name for."""
    file = io.BytesIO()
    if kind == "HEIF":  # the app's own library reads them only
        pillow_heif.from_pillow(image).save(file, **options)
    else:
        image.save(file, kind, **options)
    return file.getvalue()


def segment(marker: int, content: bytes = b"") -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A gray progressive JPEG: one scan of DC coefficients, then the same of AC again and again.

    Each has one bit a block or less, so that a few bytes keep a decoder busy.
    """
    blocks = -(-width // 8) * -(-height // 8)
    parts = [b"\xff\xd8", segment(0xDB, bytes([0] + [1] * 64))]
    parts.append(segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])))
    parts += [segment(0xC4, bytes([t, 1, *[0] * 15, v])) for t, v in ((0x00, 0), (0x10, 0xE0))]
    parts += [segment(0xDA, bytes([1, 1, 0, 0, 0, 0])), bytes(-(-blocks // 8))]
    again = segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + b"\x7f\xff\0" * (blocks // 32767 + 1)
    return b"".join([*parts, again * (scans - 1), b"\xff\xd9"])


def tiled_heic(tile, columns, rows, width, height):
    """The bytes of a HEIC file as phones write them: a grid of tiles, here all the same one.

    ``tile`` is a Pillow image; the lower and right edges of the grid are cut to width × height.
    ISO/IEC 14496-12 has the boxes, 23008-12 the items.
    """
    whole = encoded(tile, "HEIF", quality=60)
    boxes = _boxes(whole)
    properties = _boxes(_boxes(_boxes(boxes["meta"][4:])["iprp"])["ipco"])
    count, coded = columns * rows, boxes["mdat"]
    grid = struct.pack(">4B2H", 0, 0, rows - 1, columns - 1, width, height)
    items = range(2, count + 2)

    def infe(number, kind, flags):
        return _box("infe", struct.pack(">2H", number, 0) + kind + b"\0", 2, flags)

    entries = infe(1, b"grid", 0) + b"".join(infe(item, b"hvc1", 1) for item in items)
    of_tile, of_grid = b"\x02\x81\x02", b"\x01\x03"  # hvcC (essential), ispe; ispe
    associations = struct.pack(">IH", count + 1, 1) + of_grid
    associations += b"".join(struct.pack(">H", item) + of_tile for item in items)
    sides = (tile.size, (width, height))
    ispe = [_box("ispe", struct.pack(">2I", *side), 0) for side in sides]
    head = _box("ftyp", b"heic\0\0\0\0mif1heic")

    def meta(start):
        extent = ">4H2I"  # item, where, file, extents; offset, length
        places = struct.pack(extent, 1, 1, 0, 1, 0, len(grid))
        places += b"".join(struct.pack(extent, n, 0, 0, 1, start, len(coded)) for n in items)
        return _box(
            "meta",
            _box("hdlr", bytes(4) + b"pict" + bytes(13), 0)
            + _box("pitm", struct.pack(">H", 1), 0)
            + _box("iinf", struct.pack(">H", count + 1) + entries, 0)
            + _box("iref", _box("dimg", struct.pack(f">2H{count}H", 1, count, *items)), 0)
            + _box(
                "iprp",
                _box("ipco", _box("hvcC", properties["hvcC"]) + b"".join(ispe))
                + _box("ipma", associations, 0),
            )
            + _box("idat", grid)
            + _box("iloc", struct.pack(">BBH", 0x44, 0, count + 1) + places, 1),
            0,
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box("mdat", coded)


def _boxes(data):
    """What stands in each box of a file or box, by kind; the first of several."""
    found, at = {}, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        found.setdefault(data[at + 4 : at + 8].decode("latin-1"), data[at + 8 : at + size])
        at += size
    return found


def _box(kind, content, version=None, flags=0):
    head = b"" if version is None else struct.pack(">I", version << 24 | flags)
    return struct.pack(">I", 8 + len(head) + len(content)) + kind.encode() + head + content
