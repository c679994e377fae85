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
