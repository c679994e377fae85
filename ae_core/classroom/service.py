"""The service through which visitors open, join, change and leave classes.

Servers that share a folder see the same classes, and lock them for changes.
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

from ae_core.classroom.model import (
    CODE_LENGTH,
    CODE_LETTERS,
    DAYS,
    Classroom,
    Student,
    check_joining,
    checked_nickname,
)
from ae_core.classroom.store import FOLDER, ClassroomStore, unwritable
from ae_core.errors import UnknownThing, UserError
from ae_core.storage.files import DamagedFile, FileLock

MAX_CLASSES = 500  # per server


class ClassroomService:
    """All classes below one folder. Any thread may call it."""

    def __init__(self, root: Path, now: Callable[[], float] = time.time) -> None:
        """Keep classes in the folder ``classes`` of ``root``; ``now`` is the clock."""
        self._store = ClassroomStore(root)
        self._now = now
        self._lock = FileLock(root / FOLDER / ".lock")

    def _locked(self) -> AbstractContextManager[None]:
        """Hold the lock that all servers share during a change."""
        return self._lock.held(unwritable)

    def open_class(self) -> tuple[Classroom, str]:
        """Open a class; return it and the teacher's secret, which the server does not keep.

        Raises:
            UserError: this server has too many classes.
            StorageError: the folder cannot be written.
        """
        secret = secrets.token_urlsafe(24)  # 192 bits
        with self._locked():
            if self._tidy() >= MAX_CLASSES:
                raise UserError("too_many_classes", most=MAX_CLASSES, days=2 * DAYS)
            while not self._store.begin(code := _new_code()):
                pass
            classroom = Classroom(code, _hashed(secret), self._now())
            self._store.write_classroom(classroom)
        return classroom, secret

    def find(self, code: str) -> Classroom:
        """Return a class by its code, typed with or without spaces and capitals.

        Raises:
            UserError: no class has that code, it has ended, or its file is damaged.
        """
        code = "".join(code.upper().split())
        valid = len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS)
        try:
            found = self._store.classroom(code) if valid else None
        except DamagedFile:
            raise UnknownThing("class_damaged", code=code) from None
        if found is None:
            raise UnknownThing("class_unknown", code=code, length=CODE_LENGTH)
        if self._now() > found.expires:
            ended = f"{datetime.fromtimestamp(found.expires, UTC):%Y-%m-%d}"
            raise UnknownThing("class_old", code=code, date=ended, days=DAYS)
        return found

    def as_teacher(self, code: str, secret: str) -> Classroom:
        """Return a class to its teacher, who knows the secret.

        Raises:
            UserError: no class has that code, it has ended, or the secret is wrong.
        """
        classroom = self.find(code)
        if not hmac.compare_digest(_hashed(secret).encode(), classroom.key.encode()):
            raise UserError("class_secret", code=classroom.code)
        return classroom

    def change(self, code: str, secret: str, **changes: Any) -> Classroom:
        """Change limits, challenge, ``paused`` or ``cleared`` of a class, as its teacher.

        Raises:
            UserError: as in `as_teacher`.
            StorageError: it cannot be written.
        """
        with self._locked():
            classroom = replace(self.as_teacher(code, secret), **changes)
            self._store.write_classroom(classroom)
        return classroom

    def students(self, code: str) -> tuple[Student, ...]:
        """Return the students in a class, in the order of joining."""
        return tuple(student for student in self._store.students(code) if not student.left)

    def join(self, code: str, visitor: str, nickname: str) -> Student:
        """Put a visitor into a class and out of any other; joining again changes the nickname.

        Raises:
            UserError: there is no such class, it is full, or the nickname is not allowed.
            StorageError: it cannot be written.
        """
        code, chosen = self.find(code).code, checked_nickname(nickname)
        with self._locked():
            others = [s for s in self._store.students(code) if s.visitor != visitor]
            before = self._store.student(code, visitor)
            check_joining(code, chosen, others, self._now(), again=before is not None)
            self._leave(visitor)
            student = Student(visitor, chosen, before.joined if before else self._now())
            self._store.write_student(code, student)
        return student

    def leave(self, visitor: str) -> None:
        """Take a visitor out of the class.

        Raises:
            StorageError: it cannot be written.
        """
        with self._locked():
            self._leave(visitor)

    def remove(self, code: str, secret: str, student_id: str) -> None:
        """Take a student out of a class, as its teacher; the student may come back.

        Raises:
            StorageError: see `change`.
        """
        code = self.as_teacher(code, secret).code
        for student in self.students(code):
            if student.id == student_id:
                with self._locked():
                    self._store.write_student(code, replace(student, left=True))

    def class_of(self, visitor: str) -> tuple[Classroom, Student] | None:
        """Return a visitor's class, and the visitor as a student there; None if in no class."""
        try:
            classroom = self.find(self._store.code_of(visitor))
        except UserError:
            return None
        student = self._store.student(classroom.code, visitor)
        return None if student is None or student.left else (classroom, student)

    def _leave(self, visitor: str) -> None:
        if joined := self.class_of(visitor):
            classroom, student = joined
            self._store.write_student(classroom.code, replace(student, left=True))

    def _tidy(self) -> int:
        """Delete classes that ended `DAYS` ago; return how many are left."""
        left = 0
        for code, classroom in list(self._store.classrooms()):
            if classroom is not None and self._now() > classroom.expires + DAYS * 86_400:
                self._store.delete(code)
            else:
                left += 1
        return left


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
