"""Strips a visitor's image file to the parts that make its picture, before a decoder sees it.

Decoders take time and memory for much else: metadata of many megabytes, thousands of colour
profiles that unpack to a megabyte each, thousands of scans of one JPEG. No camera writes them.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ae_core.errors import UserError

MAX_PARTS = 20_000  # segments, chunks or boxes: PNG files of 25 MB have a few thousand
MAX_SCANS = 100  # of a JPEG: progressive ones have about 10, the most thorough encoders 64
MAX_SCANNED = 2_500_000_000  # pixels × scans of a JPEG: about two seconds of work
ORIENTATION = 0x0112  # the tag in EXIF

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Entropy-coded data has 0 after each 0xFF, and restart markers.
_MARKER = re.compile(rb"\xff[^\x00\xff\x01\xd0-\xd7]")
_START, _END, _SCAN, _APP0, _APP1, _ADOBE, _COMMENT = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xFE
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
_ARITHMETIC = range(0xC9, 0xD0)  # browsers cannot show it, and a few bytes keep a decoder busy
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_WEBP_LEFT_OUT, _WEBP_FLAGS = (b"ICCP", b"EXIF", b"XMP "), 0x20 | 0x08 | 0x04


@dataclass(frozen=True)
class Stripped:
    """What is left of a file.

    Attributes:
        data: the file without metadata, in the same format.
        orientation: how the camera was held, 1 (upright) to 8, as in EXIF.
    """

    data: bytes
    orientation: int = 1


def strip(data: bytes, name: str) -> Stripped:
    """Leave out what a picture does not need; a file of another kind stays as it is.

    Raises:
        UserError: decoding would take time out of proportion to the picture.
    """
    if data.startswith(_JPEG):
        return _jpeg(data, name)
    if data.startswith(_PNG):
        return _png(data, name)
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X":
        return _webp(data, name)
    if data[4:8] == b"ftyp":
        return Stripped(_boxes(data, name))
    return Stripped(data)


def _slow(name: str) -> UserError:
    return UserError("file_slow", name=name)


def _jpeg(data: bytes, name: str) -> Stripped:
    view = memoryview(data)
    kept, picture, orientation = [view[:2]], len(data), 1
    at, scans, pixels = 2, 0, 0
    for _ in range(MAX_PARTS):
        found = _MARKER.search(data, at)
        if found is None or data[found.end() - 1] in (_START, _END):
            break
        begin, body, marker = found.start(), found.end() + 2, data[found.end() - 1]
        at = found.end() + max(2, int.from_bytes(data[found.end() : body]))
        if marker == _SCAN:
            picture, scans = min(picture, begin), scans + 1
            if scans > MAX_SCANS or scans * pixels > MAX_SCANNED:
                raise _slow(name)
        elif marker in _ARITHMETIC and marker != 0xCC:
            raise _slow(name)
        elif marker in _FRAMES and at - body >= 5:
            height, width = struct.unpack_from(">HH", data, body + 1)
            pixels = max(pixels, height * width)
        elif marker == _APP1 and data[body : body + 6] == b"Exif\0\0" and orientation == 1:
            orientation = _orientation(data[body + 6 : at])
        needed = marker < _APP0 or marker in (_APP0, _ADOBE)
        if needed and not scans:
            kept.append(view[begin:at])
    else:
        raise _slow(name)
    return Stripped(b"".join([*kept, view[picture:]]), orientation)


def _png(data: bytes, name: str) -> Stripped:
    view, orientation = memoryview(data), 1
    kept = [view[:8]]
    for kind, begin, end in _chunks(data, 8, name, "big", extra=4):
        if kind in _PNG_KEPT:
            kept.append(view[begin:end])
        elif kind == b"eXIf":
            orientation = _orientation(data[begin + 8 : end])
        if kind == b"IEND":
            break
    return Stripped(b"".join(kept), orientation)


def _webp(data: bytes, name: str) -> Stripped:
    kept, orientation = [], 1
    for kind, begin, end in _chunks(data, 12, name, "little"):
        if kind == b"VP8X":
            kept.append(data[begin : begin + 8] + bytes([data[begin + 8] & ~_WEBP_FLAGS]))
            kept.append(data[begin + 9 : end])
        elif kind not in _WEBP_LEFT_OUT:
            kept.append(data[begin:end])
        elif kind == b"EXIF":
            orientation = _orientation(data[begin + 8 : end])
    body = b"WEBP" + b"".join(kept)
    return Stripped(b"RIFF" + struct.pack("<I", len(body)) + body, orientation)


def _chunks(
    data: bytes, at: int, name: str, order: str, *, extra: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the begin and the end of each chunk of a PNG or WebP file."""
    for _ in range(MAX_PARTS):
        if at + 9 > len(data):
            return
        if order == "big":
            size, kind = struct.unpack_from(">I4s", data, at)
        else:
            kind, size = struct.unpack_from("<4sI", data, at)
            size += size & 1
        yield kind, at, at + 8 + size + extra
        at += 8 + size + extra
    raise _slow(name)


def _boxes(data: bytes, name: str) -> bytes:
    """Hide EXIF from the decoder of a HEIC or AVIF file, whose own boxes say what is up.

    Overlays may show one picture thousands of times, so they are refused.
    """
    at = 0
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return data
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + size if size >= 8 else len(data)
        if kind == b"meta":
            meta = data[at:end]
            if b"iovl" in meta:
                raise _slow(name)
            return data[:at] + meta.replace(b"Exif", b"free") + data[end:]
        at = end
    raise _slow(name)


def _orientation(exif: bytes) -> int:
    """Return the orientation in a TIFF block, 1 if there is none or the block is damaged."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (begin,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, begin)
        for at in range(begin + 2, begin + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if tag == ORIENTATION and kind == 3:  # a short
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # a damaged EXIF block does not mean a damaged image
        return 1
    return 1
