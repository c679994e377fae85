"""The way to classes for visitors whom a server cannot trust: bounded by visitor and by address."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ae_core.classroom.bounds import Openings, WrongCodes
from ae_core.classroom.model import Classroom, written_code
from ae_core.classroom.service import ClassroomService
from ae_core.errors import StorageError, UserError


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        visitor: an opaque name.
        address: where the visitor is, empty if unknown.
    """

    visitor: str
    address: str


class Entrance:
    """Opens and finds classes as `ClassroomService` does, within bounds. Any thread may call it."""

    def __init__(
        self, classes: ClassroomService, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to count; ``now`` tells the seconds since any moment."""
        self._classes = classes
        self._now = now
        self._openings = Openings()
        self._wrong_codes = WrongCodes()

    def open_class(self, caller: Caller) -> tuple[Classroom, str]:
        """Open a class; return it and the teacher's secret.

        Raises:
            UserError: too many are being opened from this address; else as in
                `ClassroomService.open_class`.
        """
        known = self._classes.knows(caller.visitor)
        self._openings.count(caller.address, caller.visitor, self._now(), known=known)
        return self._classes.open_class(caller.visitor, caller.address)

    def find(self, code: str, caller: Caller) -> Classroom:
        """Return a class by a code that somebody typed or followed.

        Raises:
            UserError: there were too many wrong codes, the class is not the caller's, and the
                server does not know the caller; else as in `ClassroomService.find`.
        """
        with self._trying(code, caller):
            found = self._classes.find(code)
        try:
            self._check(code, caller)
        except UserError:
            where = self._classes.class_of(caller.visitor)
            in_it = where is not None and where[0].code == found.code
            theirs = in_it or caller.visitor == found.teacher
            if not theirs and not self._classes.knows(caller.visitor):
                raise
        return found

    def as_teacher(self, code: str, secret: str, caller: Caller) -> Classroom:
        """Return a class to its teacher.

        Raises:
            UserError: neither code, secret nor visitor are right, and this happened too often; else
                as in `ClassroomService.as_teacher`.
        """
        with self._trying(code, caller):
            return self._classes.as_teacher(code, secret, caller.visitor)

    @contextmanager
    def _trying(self, code: str, caller: Caller) -> Iterator[None]:
        """Count an error as a wrong code; whoever must wait does not learn that it is one."""
        try:
            yield
        except StorageError:
            raise
        except UserError:
            self._check(code, caller)
            self._wrong_codes.count(written_code(code), caller.address, caller.visitor, self._now())
            raise

    def _check(self, code: str, caller: Caller) -> None:
        self._wrong_codes.check(written_code(code), caller.address, caller.visitor, self._now())
