"""Classes on disk: ``classes/<code>/class.json``, and a file per student in ``students`` beside it.

``class.json`` changes only through the teacher's page, and every student has a file of their own.
Each file is written under another name and then renamed, so that two web servers that share the
folder see the same class.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from ae_core.classroom.model import Challenge, ClassLimits, Classroom, Student, file_name
from ae_core.errors import StorageError, disk_reason
from ae_core.storage.files import DamagedFile, atomic_write, check_time, checked, reading

_log = logging.getLogger(__name__)
T = TypeVar("T")

FOLDER = "classes"
MEMBERS = "members"  # folder of each visitor's class; longer than any code


class ClassroomStore:
    """The files of all classes below one folder, which is created when first needed."""

    def __init__(self, root: Path) -> None:
        """Use the folder ``classes`` of ``root``; nothing is read or written yet."""
        self._root = root / FOLDER

    def begin(self, code: str) -> bool:
        """Create the folder of a new class; return whether the code was still free.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            (self._root / code / "students").mkdir(parents=True)
        except FileExistsError:
            return False
        except OSError as error:
            raise unwritable(error) from error
        return True

    def classrooms(self) -> Iterator[tuple[str, Classroom | None]]:
        """Return every code with its class, or None if the class cannot be read."""
        for path in self._root.glob("*/class.json"):
            yield path.parent.name, _readable(path, classroom_from_json)

    def classroom(self, code: str) -> Classroom | None:
        """Return a class, or None if there is none; the code consists of letters and digits.

        Raises:
            DamagedFile: its file cannot be read.
        """
        return _read(self._root / code / "class.json", classroom_from_json)

    def students(self, code: str) -> list[Student]:
        """Return the students who are or were in a class, in the order of joining.

        Those whose files cannot be read are left out.
        """
        files = (self._root / code / "students").glob("*.json")
        found = (_readable(path, student_from_json) for path in files)
        return sorted((s for s in found if s), key=lambda s: (s.joined, s.visitor))

    def student(self, code: str, visitor: str) -> Student | None:
        """Return a visitor as a student who is or was in a class, None if never there.

        A visitor whose file cannot be read may join again, which writes it anew.
        """
        return _readable(self._file(code, visitor), student_from_json)

    def code_of(self, visitor: str) -> str:
        """Return the code of the class that a visitor joined last, or "" if there is none."""
        return _readable(self._pointer(visitor), _code_in) or ""

    def write_classroom(self, classroom: Classroom) -> None:
        """Store a class.

        Raises:
            StorageError: it cannot be written.
        """
        _write(self._root / classroom.code / "class.json", to_json(classroom))

    def write_student(self, code: str, student: Student) -> None:
        """Store a student, and that this is the visitor's class.

        Raises:
            StorageError: it cannot be written.
        """
        _write(self._file(code, student.visitor), to_json(student))
        _write(self._pointer(student.visitor), json.dumps({"class": code}))

    def delete(self, code: str) -> None:
        """Delete a class as far as possible."""
        shutil.rmtree(self._root / code, ignore_errors=True)

    def _file(self, code: str, visitor: str) -> Path:
        return self._root / code / "students" / f"{file_name(visitor)}.json"

    def _pointer(self, visitor: str) -> Path:
        return self._root / MEMBERS / f"{file_name(visitor)}.json"


def to_json(thing: Classroom | Student) -> str:
    """Write a class or a student as JSON text."""
    return json.dumps(asdict(thing))


def classroom_from_json(text: str) -> Classroom:
    """Read a class; older files have another name for the challenge's latent dimension.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: the text is not a class.
    """
    about = json.loads(text)
    limits, challenge = about["limits"], about["challenge"]
    limits["image_sets"] = tuple(limits["image_sets"])
    about["limits"] = checked(ClassLimits, limits)
    if challenge:
        if "numbers" in challenge:
            challenge["latent_dim"] = challenge.pop("numbers")
        about["challenge"] = checked(Challenge, challenge)
        check_time("begun", about["challenge"].begun)
    classroom = checked(Classroom, about)
    for name in ("created", "cleared"):
        check_time(name, getattr(classroom, name))
    return classroom


def student_from_json(text: str) -> Student:
    """Read what `to_json` wrote.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: the text is not a student.
    """
    student = checked(Student, json.loads(text))
    check_time("joined", student.joined)
    return student


def _code_in(text: str) -> str:
    return str(json.loads(text)["class"])


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text.encode())
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> StorageError:
    """Return the error for the visitor whose class cannot be written; the log names the file."""
    _log.error("a class could not be saved: %s", error)
    return StorageError("class_not_saved", reason=disk_reason(error))


def _readable(path: Path, parse: Callable[[str], T]) -> T | None:
    """Return the parsed content of a file, None if it is missing or cannot be read."""
    try:
        return _read(path, parse)
    except DamagedFile:
        return None


def _read(path: Path, parse: Callable[[str], T]) -> T | None:
    """Return the parsed content of a file, None if it is missing.

    Raises:
        DamagedFile: it cannot be read.
    """
    try:
        with reading(path):
            stat = path.stat()
            found = _parsed(path, parse, (stat.st_mtime_ns, stat.st_ino, stat.st_size))
            return cast("T", found)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=4096)
def _parsed(path: Path, parse: Callable[[str], object], stamp: tuple[int, int, int]) -> object:
    """Read a file; ``stamp`` changes with the file, so that the cache is never stale."""
    return parse(path.read_text(encoding="utf-8"))
