"""Reads uploaded images and zip files of images as small images, in memory.

The metadata of a zip file is not trusted: names are only displayed, and sizes are measured during
unpacking.

Letters: N images, S side, C channels.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ae_core.data.image_files import MAX_BYTES, read_header
from ae_core.errors import Message, UserError
from ae_core.images import luma, to_array, to_bytes_range
from ae_core.storage.files import DAMAGED
from ae_core.text.typed import shortened, visible_text

MAX_TOTAL_BYTES = 60 << 20  # for all files, unpacked
MAX_PIXELS = 500_000_000  # for all images at their original size: about ten seconds of work
MAX_MEMBERS = 2000  # per zip file, including folders and the files that macOS adds
MAX_NAME = 30  # characters of a file's name that are displayed
TINT = 8  # of 255, at most: the difference between the channels of a gray image
CHUNK = 1 << 16  # bytes unpacked at a time
_MEMBER = b"PK\x01\x02"  # begins each entry in a zip's directory
_ENCRYPTED = 1  # bit in a member's flags
# With other methods, the size of an unpacked chunk has no limit.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, eq=False)
class Batch:
    """The images in uploaded files.

    Attributes:
        pixels: (N, S, S, C) uint8, 0 black; C = 3 if any image is in colour.
        left_out: a message with a shortened name for each unusable file.
        beyond: the number of files that were skipped because there was no room left.
        folders: the number of skipped folders and hidden files.
        archives: the number of skipped zip files inside a zip file.
    """

    pixels: np.ndarray
    left_out: tuple[Message, ...]
    beyond: int
    folders: int
    archives: int


def read_files(files: Sequence[tuple[str, bytes]], side: int, room: int) -> Batch:
    """Read images and zip files of images: the central square of each, S×S.

    Args:
        files: names and contents.
        side: S.
        room: the maximum number of images.

    Raises:
        UserError: a zip file cannot be used at all, or the total is too large.
    """
    reader = _Reader(side, room)
    for name, data in files:
        if data[:2] == b"PK":
            reader.take_archive(name, data)
        else:
            reader.count(len(data))
            reader.take_image(name, data)
    return reader.batch()


def short_name(name: str) -> str:
    """Return the last part of a file's name, shortened for display."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    return shortened(visible_text(last) or "a file", MAX_NAME)


def _coloured(pixels: np.ndarray) -> bool:
    """Return whether anything in images (…, 3) uint8 is in colour, not only tinted."""
    return bool((np.ptp(pixels, axis=-1) > TINT).any())


class _Reader:
    """Collects the images of files, and messages about files that cannot be used."""

    def __init__(self, side: int, room: int) -> None:
        self._side = side
        self._room = room
        self._pixels: list[np.ndarray] = []
        self._left_out: list[Message] = []
        self._beyond = self._folders = self._archives = 0
        self._bytes = self._decoded = 0

    def batch(self) -> Batch:
        pixels = np.zeros((0, self._side, self._side, 3), np.uint8)
        if self._pixels:
            pixels = np.stack(self._pixels)
        if not _coloured(pixels):
            pixels = pixels[..., :1]
        counts = self._beyond, self._folders, self._archives
        return Batch(pixels, tuple(self._left_out), *counts)

    def count(self, size: int, what: str = "") -> None:
        self._bytes += size
        if self._bytes > MAX_TOTAL_BYTES:
            raise UserError(
                "unpacked_large" if what else "files_large", name=what, most=MAX_TOTAL_BYTES >> 20
            )

    def take_image(self, name: str, data: bytes) -> None:
        if len(self._pixels) >= self._room:
            self._beyond += 1
            return
        short = short_name(name)
        try:
            file = read_header(data, short)
            if self._decoded + file.pixels > MAX_PIXELS:
                raise UserError("must_wait", name=short, most=MAX_PIXELS // 10**6)
            self._decoded += file.pixels
            image = file.decode()
        except UserError as error:
            self._left_out.append(error.message)
            return
        pixels = to_bytes_range(to_array(image, (self._side, self._side, 3)))
        if not _coloured(pixels):
            pixels = np.repeat(luma(pixels), 3, axis=2)
        self._pixels.append(pixels)

    def take_archive(self, name: str, data: bytes) -> None:
        short = short_name(name)
        if len(data) > MAX_BYTES:
            size = len(data) / 2**20
            raise UserError("zip_large", name=short, size=size, most=MAX_BYTES >> 20)
        members = data.count(_MEMBER)  # before a directory of any length is read into memory
        if members > MAX_MEMBERS:
            raise UserError("zip_files", name=short, files=members, most=MAX_MEMBERS)
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGED:
            raise UserError("zip_damaged", name=short) from None
        with archive:
            infos = archive.infolist()
            if not infos:
                raise UserError("zip_empty", name=short)
            if any(info.flag_bits & _ENCRYPTED for info in infos):
                raise UserError("zip_password", name=short)
            for info in infos:
                self._take_member(archive, info, short)

    def _take_member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, zipped: str) -> None:
        parts = re.split(r"[/\\]", info.filename)
        if not info.filename:  # zipfile itself does not expect it
            self._left_out.append(Message.of("zip_part", name=zipped))
            return
        if info.is_dir() or parts[0] == "__MACOSX" or parts[-1].startswith("."):
            self._folders += 1
            return
        short = short_name(info.filename)
        if parts[0] == "" or ":" in parts[0] or ".." in parts:
            self._left_out.append(Message.of("zip_outside", name=short))
            return
        if len(self._pixels) >= self._room:
            self._beyond += 1
            return
        if info.compress_type not in _METHODS:
            self._left_out.append(Message.of("zip_method", name=short))
            return
        try:
            data = self._unpacked(archive, info)
        except DAMAGED:
            self._left_out.append(Message.of("zip_part", name=short))
            return
        self.count(len(data), zipped)
        if data[:2] == b"PK":
            self._archives += 1
            return
        if len(data) > MAX_BYTES:
            self._left_out.append(Message.of("zip_part_large", name=short, most=MAX_BYTES >> 20))
            return
        self.take_image(short, data)

    def _unpacked(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """Return the bytes of a member, a little more than `MAX_BYTES` if it is too large."""
        parts: list[bytes] = []
        size = 0
        with archive.open(info) as member:
            while size <= MAX_BYTES and (part := member.read(CHUNK)):
                parts.append(part)
                size += len(part)
        return b"".join(parts)
