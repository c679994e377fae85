"""Image sets that visitors made themselves: one file ``<id>.npz`` a set, in a folder of its own.

Of a picture only its S×S gray pixels and a number are kept: no file, no name, nothing of a camera.
Whoever has the link to a set may look at it and add to it; only who made it may take away. It knows
files only, neither what a training set is nor where pictures come from. Every file is written under
another name and then renamed; two servers must not share a folder, as each has its own lock.

Letters: N pictures, S side.
"""

import io
import json
import re
import secrets
import threading
import time
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ae_core.sources import ImageSetCorrupt
from ae_core.store import StoreError, write_file

SIDES = (28, 32, 64)  # pixels
MOST_PICTURES = 500  # of a set
MOST_SETS = 8  # of a visitor
MOST_BYTES = 200 << 20  # of all visitors' sets together
LONGEST_NAME = 40  # letters

_ID = re.compile(r"(28|32|64)-[0-9a-f]{12}")
_changing = threading.Lock()  # adding reads a file and writes it again


class UnknownOwnSet(ValueError):
    """There is no set of that id (any more)."""


class NotYours(ValueError):
    """Only who made a set may do this."""


class OwnSetCorrupt(ImageSetCorrupt):
    """A set's file is not what it should be."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)


@dataclass(frozen=True)
class OwnSet:
    """What is known of a set without reading its pictures.

    Attributes:
        id: its side, a dash and twelve hexadecimal digits that nobody can guess.
        name: as its maker called it, 1 to `LONGEST_NAME` letters.
        owner: an opaque name for who made it.
        created: seconds since 1970.
        count: how many pictures it has.
        next_number: of the next picture; a number is never used again.
        changes: how often it was changed.
    """

    id: str
    name: str
    owner: str
    created: float
    count: int = 0
    next_number: int = 0
    changes: int = 0

    @property
    def side(self) -> int:
        """Height and width of its pictures, in pixels; the id alone tells it."""
        return int(self.id[:2])


@dataclass(frozen=True, eq=False)
class Pile:
    """The pictures of a set: pixels (N, S, S) uint8, 0 black, and their numbers (N,) int64."""

    pixels: NDArray[np.uint8]
    numbers: NDArray[np.int64]


class OwnSets:
    """All sets in one folder, which is made when first needed."""

    def __init__(self, root: Path) -> None:
        """Use ``root``; nothing is read or written yet."""
        self.root = root

    def path(self, set_id: str) -> Path:
        """Return a set's file, whether or not it exists.

        Raises:
            UnknownOwnSet: ``set_id`` is no id at all, e.g. a path.
        """
        if not _ID.fullmatch(set_id):
            raise _unknown(set_id)
        return self.root / f"{set_id}.npz"

    def create(self, owner: str, name: str, side: int) -> OwnSet:
        """Begin an empty set.

        Raises:
            ValueError: the name or the side is not allowed, or the visitor has too many sets.
            StoreError: it cannot be written, for example because the disk is full.
        """
        if side not in SIDES:
            raise ValueError(f"side={side} must be one of {', '.join(map(str, SIDES))}")
        with _changing:
            mine = self.mine(owner)
            if len(mine) >= MOST_SETS:
                raise ValueError(
                    f"sets={len(mine) + 1} must be at most {MOST_SETS}: delete one of yours first, "
                    f"for example {mine[-1].name}, the oldest"
                )
            set_id = f"{side}-{secrets.token_hex(6)}"
            made = OwnSet(set_id, _checked_name(name), owner, time.time())
            empty = Pile(np.zeros((0, side, side), np.uint8), np.zeros(0, np.int64))
            return self._write(made, empty)

    def get(self, set_id: str) -> OwnSet:
        """Return what is known of a set.

        Raises:
            UnknownOwnSet: there is none.
            OwnSetCorrupt: its file does not read.
        """
        path = self.path(set_id)
        try:
            stat = path.stat()
        except OSError:
            raise _unknown(set_id) from None
        return _about(path, (stat.st_mtime_ns, stat.st_ino, stat.st_size))

    def mine(self, owner: str) -> list[OwnSet]:
        """Return a visitor's sets, the newest first; what does not read is left out."""
        found = []
        for path in self.root.glob("*.npz"):
            try:
                found.append(self.get(path.stem))
            except (UnknownOwnSet, OwnSetCorrupt):
                continue
        mine = [each for each in found if each.owner == owner]
        return sorted(mine, key=lambda each: each.created, reverse=True)

    def pile(self, set_id: str) -> Pile:
        """Read the pictures of a set.

        Raises:
            UnknownOwnSet: there is none.
            OwnSetCorrupt: its file does not read.
        """
        return _read(self.path(set_id))[1]

    def add(self, set_id: str, pixels: NDArray[np.uint8]) -> OwnSet:
        """Add pictures (N, S, S), 0 black; anybody who knows the id may.

        Raises:
            ValueError: there is no room for so many, or they are of another size.
            StoreError: the file cannot be written.
        """
        with _changing:
            own, pile = _read(self.path(set_id))
            if pixels.dtype != np.uint8 or pixels.shape[1:] != (own.side, own.side):
                raise ValueError(
                    f"pixels={pixels.shape} {pixels.dtype} must be (N, {own.side}, {own.side}) "
                    "uint8"
                )
            count = own.count + len(pixels)
            if count > MOST_PICTURES:
                raise ValueError(
                    f"pictures={count} must be at most {MOST_PICTURES} in a set: "
                    f"there is room for {MOST_PICTURES - own.count} more"
                )
            end = own.next_number + len(pixels)
            numbers = np.arange(own.next_number, end, dtype=np.int64)
            more = Pile(
                np.concatenate([pile.pixels, pixels]), np.concatenate([pile.numbers, numbers])
            )
            return self._write(replace(own, next_number=end), more)

    def remove(self, set_id: str, number: int, owner: str) -> OwnSet:
        """Take one picture out, by its number; if it is gone already, nothing changes.

        Raises:
            NotYours: another visitor made the set.
        """
        with _changing:
            own, pile = self._owned(set_id, owner)
            kept = pile.numbers != number
            return self._write(own, Pile(pile.pixels[kept], pile.numbers[kept]))

    def rename(self, set_id: str, name: str, owner: str) -> OwnSet:
        """Give a set another name.

        Raises:
            NotYours: another visitor made the set.
            ValueError: the name is not allowed.
        """
        with _changing:
            own, pile = self._owned(set_id, owner)
            return self._write(replace(own, name=_checked_name(name)), pile)

    def delete(self, set_id: str, owner: str) -> None:
        """Delete a set and its pictures at once.

        Raises:
            NotYours: another visitor made the set.
        """
        with _changing:
            self._owned(set_id, owner)
            self.path(set_id).unlink(missing_ok=True)

    def _owned(self, set_id: str, owner: str) -> tuple[OwnSet, Pile]:
        own, pile = _read(self.path(set_id))
        if own.owner != owner:
            raise NotYours(f"set={set_id} must be yours: only who made it can change or delete it")
        return own, pile

    def _write(self, own: OwnSet, pile: Pile) -> OwnSet:
        own = replace(own, count=len(pile.numbers), changes=own.changes + 1)
        about = {name: value for name, value in vars(own).items() if name not in ("id", "count")}
        buffer = io.BytesIO()
        np.savez(buffer, about=np.array(json.dumps(about)), **vars(pile))
        path, data = self.path(own.id), buffer.getvalue()
        others = sum(each.stat().st_size for each in self.root.glob("*.npz") if each != path)
        before = path.stat().st_size if path.is_file() else 0
        if len(data) > before and others + len(data) > MOST_BYTES:
            raise ValueError(self._full(own.owner))
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            write_file(path, data)
        except OSError as error:
            raise StoreError(
                f"The pictures could not be saved: {error.strerror or error}. Tell whoever runs "
                "this server to make room."
            ) from error
        return own

    def _full(self, owner: str) -> str:
        names = ", ".join(each.name for each in self.mine(owner))
        remedy = f"delete one of yours: {names}" if names else "tell whoever runs this server"
        return (
            f"own pictures=over {MOST_BYTES >> 20} MB must be at most {MOST_BYTES >> 20} MB "
            f"on this server: {remedy}"
        )


def _unknown(set_id: str) -> UnknownOwnSet:
    return UnknownOwnSet(
        f"set={set_id[:40]} must be the id of a set of pictures on this server; "
        "it may have been made on another one, or deleted"
    )


def _checked_name(name: str) -> str:
    """Return a name without what cannot be seen."""
    seen = "".join(letter if letter.isprintable() else " " for letter in name)
    short = " ".join(seen.split())
    if not 1 <= len(short) <= LONGEST_NAME:
        raise ValueError(f"name={short[:50]} must be 1 to {LONGEST_NAME} letters")
    return short


@lru_cache(maxsize=1024)
def _about(path: Path, stamp: tuple[int, int, int]) -> OwnSet:
    """Read a file's `OwnSet`; the stamp is another one whenever the file is."""
    return _read(path)[0]


def _read(path: Path) -> tuple[OwnSet, Pile]:
    set_id = path.stem
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            pile = Pile(arrays["pixels"], arrays["numbers"])
        own = OwnSet(id=set_id, count=len(pile.numbers), **about)
        _check(own, pile)
    except FileNotFoundError:
        raise _unknown(set_id) from None
    except (
        *(OSError, ValueError, TypeError, KeyError, EOFError, NotImplementedError),
        *(zipfile.BadZipFile, zlib.error),
    ) as error:
        raise OwnSetCorrupt(
            f"set={set_id} must be a file of pictures, but it does not read "
            f"({type(error).__name__}): whoever runs this server can delete {path.name}"
        ) from error
    return own, pile


def _check(own: OwnSet, pile: Pile) -> None:
    shape = (len(pile.numbers), own.side, own.side)
    fits = pile.pixels.dtype == np.uint8 and pile.pixels.shape == shape
    fits = fits and pile.numbers.dtype == np.int64 and pile.numbers.ndim == 1
    fits = fits and isinstance(own.name, str) and isinstance(own.owner, str)
    numbers = (own.created, own.next_number, own.changes)
    if not fits or not all(isinstance(number, int | float) for number in numbers):
        raise ValueError("a set must hold N square pictures and N numbers")
