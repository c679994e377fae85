"""The classes of this server: who may open, join, change and leave them.

It knows no runs. Servers that share a folder see, and lock, the same classes.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ae_core.classroom.model import CODE_LENGTH, CODE_LETTERS, DAYS, ClassError, Classroom, Student
from ae_core.classroom.rules import check_joining, checked_nickname
from ae_core.classroom.store import ClassFiles, unwritable
from ae_core.storage import FileLock

MOST_CLASSES = 500  # on a server


class ClassBook:
    """All classes below one folder. Any thread may call it."""

    def __init__(self, root: Path, now: Callable[[], float] = time.time) -> None:
        """Keep classes in the folder ``classes`` of ``root``; ``now`` is the clock."""
        self._files = ClassFiles(root)
        self._now = now
        self._changing = FileLock(root / "classes" / ".lock")

    def _alone(self) -> AbstractContextManager[None]:
        """Hold the lock of all servers around a change."""
        return self._changing.held(unwritable)

    def open_class(self) -> tuple[Classroom, str]:
        """Open a class; return it and the teacher's secret, which is kept nowhere.

        Raises:
            ClassError: there are too many on this server.
            StorageError: the folder cannot be written.
        """
        secret = secrets.token_urlsafe(24)  # 192 bits
        with self._alone():
            if self._tidy() >= MOST_CLASSES:
                raise ClassError(
                    f"classes={MOST_CLASSES + 1} must be at most {MOST_CLASSES} on this server: "
                    f"classes make room after {2 * DAYS} days; ask whoever runs it"
                )
            code = _new_code()
            while not self._files.begin(code):
                code = _new_code()
            room = Classroom(code, _key(secret), self._now())
            self._files.write_room(room)
        return room, secret

    def room(self, code: str) -> Classroom:
        """Return a class by its code, however that was typed.

        Raises:
            ClassError: no class has that code (any more).
        """
        code = "".join(code.upper().split())
        known = len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS)
        found = self._files.room(code) if known else None
        if found is None:
            raise ClassError(
                f"class={code[:40]} must be the code of a class on this server, {CODE_LENGTH} "
                "letters and digits: look at the projector again, or ask your teacher"
            )
        if self._now() > found.expires:
            raise ClassError(
                f"class={code} must be at most {DAYS} days old: it ended on "
                f"{datetime.fromtimestamp(found.expires, UTC):%Y-%m-%d}. A teacher can open a new "
                "one; runs are kept for those who made them."
            )
        return found

    def as_teacher(self, code: str, secret: str) -> Classroom:
        """Return a class to whoever knows its secret.

        Raises:
            ClassError: no class has that code (any more), or the secret is another one.
        """
        room = self.room(code)
        if not hmac.compare_digest(_key(secret), room.key):
            raise ClassError(
                f"class={room.code} must be opened with its teacher's whole link, and this is not "
                "it: copy it again. Students need the code only."
            )
        return room

    def change(self, code: str, secret: str, **changes: Any) -> Classroom:
        """Change limits, challenge, ``paused`` or ``cleared`` of a class, as its teacher.

        Raises:
            ClassError: as in `as_teacher`.
            StorageError: it cannot be written.
        """
        with self._alone():
            room = replace(self.as_teacher(code, secret), **changes)
            self._files.write_room(room)
        return room

    def students(self, code: str) -> tuple[Student, ...]:
        """Return who is in a class, in the order of joining."""
        return tuple(student for student in self._files.students(code) if not student.left)

    def join(self, code: str, visitor: str, nickname: str) -> Student:
        """Take a visitor into a class, out of any other; again: under another nickname.

        Raises:
            ClassError: there is no such class, it is full, or the nickname cannot be had.
            StorageError: it cannot be written.
        """
        room, chosen = self.room(code), checked_nickname(nickname)
        with self._alone():
            others = [s for s in self._files.students(room.code) if s.visitor != visitor]
            before = self._files.student(room.code, visitor)
            check_joining(room.code, chosen, others, self._now(), again=before is not None)
            self._leave(visitor)
            student = Student(visitor, chosen, before.joined if before else self._now())
            self._files.write_student(room.code, student)
        return student

    def leave(self, visitor: str) -> None:
        """Take a visitor out of the class.

        Raises:
            StorageError: it cannot be written.
        """
        with self._alone():
            self._leave(visitor)

    def remove(self, code: str, secret: str, student_id: str) -> None:
        """Take a student out of a class, as its teacher; coming back is allowed.

        Raises:
            ClassError, StorageError: as in `change`.
        """
        room = self.as_teacher(code, secret)
        for student in self.students(room.code):
            if student.id == student_id:
                with self._alone():
                    self._files.write_student(room.code, replace(student, left=True))

    def class_of(self, visitor: str) -> tuple[Classroom, Student] | None:
        """Return the class that a visitor is in, and the student that the visitor is there."""
        try:
            room = self.room(self._files.code_of(visitor))
        except ClassError:
            return None
        student = self._files.student(room.code, visitor)
        return None if student is None or student.left else (room, student)

    def _leave(self, visitor: str) -> None:
        where = self.class_of(visitor)
        if where is not None:
            room, student = where
            self._files.write_student(room.code, replace(student, left=True))

    def _tidy(self) -> int:
        """Delete classes that ended as long ago as they lasted; return how many are left."""
        left = 0
        for code, room in list(self._files.rooms()):
            if room is not None and self._now() > room.expires + DAYS * 86_400:
                self._files.delete(code)
            else:
                left += 1
        return left


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
