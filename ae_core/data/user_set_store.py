"""The store of visitors' image sets, shared by servers and workers.

Everybody with the link to a set may view it and add images; only its owner may remove images,
rename or delete it. Each change is one transaction. A set that nobody uses any more is deleted.

Letters: N images, S side, C channels.
"""

import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, RowMapping, delete, func, select, update

from ae_core.data.user_sets import (
    SET_ID,
    SIDES,
    UserImages,
    UserSet,
    check_images,
    checked_name,
    unknown_set,
)
from ae_core.errors import ImageSetCorrupt, NotYours, StorageError, UserError
from ae_core.specs.limits import CHANNELS
from ae_core.storage.database import Database, upsert
from ae_core.storage.files import DamagedFile, reading
from ae_core.storage.tables import USER_SETS

MAX_IMAGES = 500  # per set
MAX_SETS = 8  # per visitor
MAX_BYTES = 200 << 20  # of all visitors' pixels together
DAY = 86_400.0  # seconds, also between two notes that a set is used
_NUMBERS = np.dtype("<i8")  # of images, in a row
_NOT_ABOUT = ("used", "pixels", "numbers")
_ABOUT = tuple(column for column in USER_SETS.c if column.name not in _NOT_ABOUT)


class UserSetStore:
    """Creates, reads and changes the sets of a database. Any thread may call it."""

    def __init__(self, database: Database) -> None:
        """Use a database; nothing is read or written yet."""
        self._database = database

    def create(self, owner: str, name: str, side: int) -> UserSet:
        """Create an empty set.

        Raises:
            UserError: the name or the side is not allowed, or there are too many sets.
            StorageError: the database refuses.
        """
        if side not in SIDES:
            raise UserError("one_of", name="side", value=side, choices=SIDES)
        set_id = f"{side}-{secrets.token_hex(6)}"
        made = UserSet(set_id, checked_name(name), owner, time.time())
        with self._database.changing() as connection:
            mine = _sets_of(connection, owner)
            if len(mine) >= MAX_SETS:
                oldest = mine[-1].name
                raise UserError("too_many_sets", count=len(mine) + 1, most=MAX_SETS, name=oldest)
            _check_room(connection, owner, 1)
            return _write(connection, made, UserImages.empty(side))

    def get(self, set_id: str) -> UserSet:
        """Return a set without its images; it is in use then.

        Raises:
            UnknownThing: there is none.
        """
        with self._database.reading() as connection:
            about = dict(_row(connection, set_id, (*_ABOUT, USER_SETS.c.used)))
        self._note_use(set_id, about.pop("used"))
        return UserSet(**about)

    def _note_use(self, set_id: str, used: float) -> None:
        """Note that a set is used; rarely, because pages ask for it all the time."""
        now = time.time()
        if now < used + DAY:
            return
        here = update(USER_SETS).where(USER_SETS.c.id == set_id, USER_SETS.c.used < now)
        # An error is in the log, and a full disk need not hide a set.
        with suppress(StorageError), self._database.changing() as connection:
            connection.execute(here.values(used=now))

    def mine(self, owner: str) -> list[UserSet]:
        """Return a visitor's sets, newest first."""
        with self._database.reading() as connection:
            return _sets_of(connection, owner)

    def read(self, set_id: str) -> tuple[UserSet, UserImages]:
        """Read a set with its images.

        Raises:
            UnknownThing: there is none.
            ImageSetCorrupt: its images do not read.
        """
        with self._database.reading() as connection:
            return _read(connection, set_id)

    def add(self, set_id: str, pixels: NDArray[np.uint8]) -> UserSet:
        """Add images (N, S, S, C), 0 is black; everybody who knows the id may do so.

        Coloured ones make a gray set one in colour: the images that it has take three times the
        room.

        Raises:
            UserError: there is no room for that many images.
            ValueError: they have another size.
            StorageError: the database refuses.
        """
        with self._database.changing() as connection:
            user_set, images = _read(connection, set_id)
            side = user_set.side
            if pixels.dtype != np.uint8 or pixels.shape[1:] not in [
                (side, side, c) for c in CHANNELS
            ]:
                raise ValueError(
                    f"pixels={pixels.shape} {pixels.dtype} must be (N, {side}, {side}, C) uint8"
                )
            count = user_set.count + len(pixels)
            if count > MAX_IMAGES:
                room = MAX_IMAGES - user_set.count
                raise UserError("set_full", count=count, most=MAX_IMAGES, room=room)
            now = images.append(pixels, user_set.next_number)
            _check_room(connection, user_set.owner, now.pixels.nbytes - images.pixels.nbytes)
            more = replace(user_set, next_number=user_set.next_number + len(pixels))
            return _write(connection, more, now)

    def remove(self, set_id: str, number: int, owner: str) -> UserSet:
        """Remove the image with a number; if there is none, nothing changes.

        Raises:
            NotYours: another visitor made the set.
            StorageError: the database refuses.
        """
        with self._database.changing() as connection:
            user_set, images = _read(connection, set_id)
            _check_owner(user_set, owner)
            return _write(connection, user_set, images.remove(number))

    def rename(self, set_id: str, name: str, owner: str) -> UserSet:
        """Give a set another name.

        Raises:
            NotYours: another visitor made the set.
            UserError: the name is not allowed.
            StorageError: the database refuses.
        """
        with self._database.changing() as connection:
            user_set = _get(connection, set_id)
            _check_owner(user_set, owner)
            changes = user_set.changes + 1
            renamed = replace(user_set, name=checked_name(name), changes=changes)
            here = update(USER_SETS).where(USER_SETS.c.id == set_id)
            connection.execute(here.values(name=renamed.name, changes=changes))
            return renamed

    def delete(self, set_id: str, owner: str) -> None:
        """Delete a set and its images at once.

        Raises:
            NotYours: another visitor made the set.
            StorageError: the database refuses.
        """
        with self._database.changing() as connection:
            _check_owner(_get(connection, set_id), owner)
            connection.execute(delete(USER_SETS).where(USER_SETS.c.id == set_id))

    def tidy(self, days: float) -> int:
        """Delete the sets that nobody has used for some days; return how many these were."""
        before = time.time() - days * DAY
        unused = USER_SETS.c.used < before, USER_SETS.c.created < before
        with self._database.changing() as connection:
            return connection.execute(delete(USER_SETS).where(*unused)).rowcount


def set_row(user_set: UserSet, images: UserImages) -> dict[str, Any]:
    """Return a set as a row of `ae_core.storage.tables.USER_SETS`."""
    numbers = images.numbers.astype(_NUMBERS).tobytes()
    content = {"pixels": images.pixels.tobytes(), "numbers": numbers, "used": time.time()}
    return asdict(user_set) | content


def _sets_of(connection: Connection, owner: str) -> list[UserSet]:
    mine = select(*_ABOUT).where(USER_SETS.c.owner == owner)
    rows = connection.execute(mine.order_by(USER_SETS.c.created.desc(), USER_SETS.c.id))
    return [UserSet(**row) for row in rows.mappings()]


def _row(connection: Connection, set_id: str, columns: Iterable[Column[Any]]) -> RowMapping:
    """Return a set's row.

    Raises:
        UnknownThing: there is none.
    """
    if not SET_ID.fullmatch(set_id):
        raise unknown_set(set_id)
    wanted = select(*columns).where(USER_SETS.c.id == set_id)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise unknown_set(set_id)
    return row


def _get(connection: Connection, set_id: str) -> UserSet:
    return UserSet(**_row(connection, set_id, _ABOUT))


def _read(connection: Connection, set_id: str) -> tuple[UserSet, UserImages]:
    about = dict(_row(connection, set_id, USER_SETS.c))
    _, pixels, numbers = (about.pop(name) for name in _NOT_ABOUT)
    user_set = UserSet(**about)
    shape = user_set.count, user_set.side, user_set.side, user_set.channels
    try:
        with reading(Path("image set", set_id)):
            images = UserImages(
                np.frombuffer(pixels, np.uint8).reshape(shape),
                np.frombuffer(numbers, _NUMBERS).astype(np.int64),
            )
            check_images(user_set, images)
    except DamagedFile as error:
        raise ImageSetCorrupt("set_damaged") from error
    return user_set, images


def _check_owner(user_set: UserSet, owner: str) -> None:
    if user_set.owner != owner:
        raise NotYours("not_yours")


def _check_room(connection: Connection, owner: str, more: int) -> None:
    """Refuse bytes of pixels for which there is no room."""
    used = connection.scalar(select(func.sum(func.length(USER_SETS.c.pixels)))) or 0
    if used + more <= MAX_BYTES:
        return
    names = tuple(each.name for each in _sets_of(connection, owner))
    most = MAX_BYTES >> 20
    if not names:
        raise UserError("server_full", most=most)
    raise UserError("server_full_of_yours", most=most, names=names)


def _write(connection: Connection, user_set: UserSet, images: UserImages) -> UserSet:
    count, channels = len(images.numbers), images.pixels.shape[3]
    user_set = replace(user_set, count=count, channels=channels, changes=user_set.changes + 1)
    upsert(connection, USER_SETS, set_row(user_set, images))
    return user_set
