"""The store of visitors' image sets: a folder with one file per set, shared by servers and workers.

Everybody with the link to a set may view it and add images; only its owner may remove images,
rename or delete it. A lock in the folder serializes changes across processes.

Letters: N images, S side.
"""

import logging
import secrets
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ae_core.data.user_sets import (
    SET_ID,
    SIDES,
    UserImages,
    UserSet,
    about_in,
    checked_name,
    read,
    to_bytes,
    unknown_set,
)
from ae_core.errors import (
    ImageSetCorrupt,
    NotYours,
    StorageError,
    UnknownThing,
    UserError,
    disk_reason,
)
from ae_core.storage.files import FileLock, atomic_write

_log = logging.getLogger(__name__)

MAX_IMAGES = 500  # per set
MAX_SETS = 8  # per visitor
MAX_BYTES = 200 << 20  # for all visitors' sets together


class UserSetStore:
    """Creates, reads and changes the sets in a folder, which is created when first needed."""

    def __init__(self, root: Path) -> None:
        """Use ``root``; nothing is read or written yet."""
        self.root = root
        self._lock = FileLock(root.with_name(f"{root.name}.lock"))

    def _changing(self) -> AbstractContextManager[None]:
        """Lock the folder, because each change reads and rewrites a file."""
        return self._lock.held(partial(_refused, "set_not_saved"))

    def path(self, set_id: str) -> Path:
        """Return a set's file, whether or not it exists.

        Raises:
            UnknownThing: ``set_id`` is not a valid id, e.g. a path.
        """
        if not SET_ID.fullmatch(set_id):
            raise unknown_set(set_id)
        return self.root / f"{set_id}.npz"

    def create(self, owner: str, name: str, side: int) -> UserSet:
        """Create an empty set.

        Raises:
            UserError: the name or the side is not allowed, or the visitor has too many sets.
            StorageError: it cannot be written, for example because the disk is full.
        """
        if side not in SIDES:
            raise UserError("one_of", name="side", value=side, choices=SIDES)
        with self._changing():
            mine = self.mine(owner)
            if len(mine) >= MAX_SETS:
                oldest = mine[-1].name
                raise UserError("too_many_sets", count=len(mine) + 1, most=MAX_SETS, name=oldest)
            set_id = f"{side}-{secrets.token_hex(6)}"
            made = UserSet(set_id, checked_name(name), owner, time.time())
            return self._write(made, UserImages.empty(side))

    def get(self, set_id: str) -> UserSet:
        """Return a set without its images.

        Raises:
            UnknownThing: there is none.
            ImageSetCorrupt: its file does not read.
        """
        path = self.path(set_id)
        try:
            stat = path.stat()
        except OSError:
            raise unknown_set(set_id) from None
        return about_in(path, (stat.st_mtime_ns, stat.st_ino, stat.st_size))

    def mine(self, owner: str) -> list[UserSet]:
        """Return a visitor's sets, newest first; files that cannot be read are left out."""
        found = []
        for path in self.root.glob("*.npz"):
            try:
                found.append(self.get(path.stem))
            except (UnknownThing, ImageSetCorrupt):
                continue
        mine = [each for each in found if each.owner == owner]
        return sorted(mine, key=lambda each: each.created, reverse=True)

    def read(self, set_id: str) -> tuple[UserSet, UserImages]:
        """Read a set with its images.

        Raises:
            UnknownThing: there is none.
            ImageSetCorrupt: its file does not read.
        """
        return read(self.path(set_id))

    def add(self, set_id: str, pixels: NDArray[np.uint8]) -> UserSet:
        """Add images (N, S, S), 0 is black; everybody who knows the id may do so.

        Raises:
            UserError: there is no room for that many images.
            ValueError: they have another size.
            StorageError: the file cannot be written.
        """
        with self._changing():
            user_set, images = self.read(set_id)
            if pixels.dtype != np.uint8 or pixels.shape[1:] != (user_set.side, user_set.side):
                side = user_set.side
                raise ValueError(
                    f"pixels={pixels.shape} {pixels.dtype} must be (N, {side}, {side}) uint8"
                )
            count = user_set.count + len(pixels)
            if count > MAX_IMAGES:
                room = MAX_IMAGES - user_set.count
                raise UserError("set_full", count=count, most=MAX_IMAGES, room=room)
            more = replace(user_set, next_number=user_set.next_number + len(pixels))
            return self._write(more, images.append(pixels, user_set.next_number))

    def remove(self, set_id: str, number: int, owner: str) -> UserSet:
        """Remove the image with a number; if there is none, nothing changes.

        Raises:
            NotYours: another visitor made the set.
        """
        with self._changing():
            user_set, images = self._owned(set_id, owner)
            return self._write(user_set, images.remove(number))

    def rename(self, set_id: str, name: str, owner: str) -> UserSet:
        """Give a set another name.

        Raises:
            NotYours: another visitor made the set.
            UserError: the name is not allowed.
        """
        with self._changing():
            user_set, images = self._owned(set_id, owner)
            return self._write(replace(user_set, name=checked_name(name)), images)

    def delete(self, set_id: str, owner: str) -> None:
        """Delete a set and its images at once.

        Raises:
            NotYours: another visitor made the set.
            StorageError: the file cannot be deleted.
        """
        with self._changing():
            self._owned(set_id, owner)
            try:
                self.path(set_id).unlink(missing_ok=True)
            except OSError as error:
                raise _refused("set_not_deleted", error) from error

    def _owned(self, set_id: str, owner: str) -> tuple[UserSet, UserImages]:
        user_set, images = self.read(set_id)
        if user_set.owner != owner:
            raise NotYours("not_yours")
        return user_set, images

    def _write(self, user_set: UserSet, images: UserImages) -> UserSet:
        user_set = replace(user_set, count=len(images.numbers), changes=user_set.changes + 1)
        path, data = self.path(user_set.id), to_bytes(user_set, images)
        others = sum(each.stat().st_size for each in self.root.glob("*.npz") if each != path)
        before = path.stat().st_size if path.is_file() else 0
        if len(data) > before and others + len(data) > MAX_BYTES:
            raise self._full(user_set.owner)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            atomic_write(path, data)
        except OSError as error:
            raise _refused("set_not_saved", error) from error
        return user_set

    def _full(self, owner: str) -> UserError:
        names = tuple(each.name for each in self.mine(owner))
        most = MAX_BYTES >> 20
        if not names:
            return UserError("server_full", most=most)
        return UserError("server_full_of_yours", most=most, names=names)


def _refused(key: str, error: OSError) -> StorageError:
    _log.error("the disk refused to change an image set: %s", error)
    return StorageError(key, reason=disk_reason(error))
