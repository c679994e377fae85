"""Takes over an earlier version's classes: ``classes/<code>/{class.json, students/*.json}``."""

import json
from dataclasses import replace
from pathlib import Path

from ae_core.classroom.earlier_files import classroom_from_json, student_from_json
from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.rows import class_row, student_row
from ae_core.storage.database import Database, insert_new
from ae_core.storage.files import DamagedFile, check_text, reading
from ae_core.storage.tables import CLASSES, STUDENTS
from ae_core.takeover.old_names import earlier_files

FOLDER = "classes"
MEMBERS = "members"  # has a file for each visitor that names the class they joined last


def take_over_classes(source: Path, database: Database) -> tuple[int, int]:
    """Take over classes; return how many of them and of their students were not known.

    The log names those that are damaged.

    Raises:
        StorageError: the database refuses.
    """
    taken = joined = 0
    for path in earlier_files(source / FOLDER, "*/class.json"):
        classroom = _classroom(path)
        if classroom is None:
            continue
        found = (_student(each) for each in earlier_files(path.parent, "students/*.json"))
        students = [student_row(classroom.code, student) for student in found if student]
        with database.changing() as connection:
            taken += insert_new(connection, CLASSES, [class_row(classroom)])
            joined += insert_new(connection, STUDENTS, students)
            # A visitor is in one class; whoever is in another one by now has left this one.
            left = [student | {"left": True} for student in students]
            joined += insert_new(connection, STUDENTS, left)
    return taken, joined


def _classroom(path: Path) -> Classroom | None:
    try:
        with reading(path):
            classroom = classroom_from_json(path.read_text(encoding="utf-8"))
            check_text("key", classroom.key)
            if classroom.code != path.parent.name:
                raise ValueError(f"this is class {classroom.code}")
            return classroom
    except (DamagedFile, FileNotFoundError):  # or another server was faster
        return None


def _student(path: Path) -> Student | None:
    """Return a student, as one who has left if they joined another class later."""
    try:
        with reading(path):
            student = student_from_json(path.read_text(encoding="utf-8"))
            check_text("visitor", student.visitor)
            check_text("nickname", student.nickname)
    except (DamagedFile, FileNotFoundError):
        return None
    pointer, code = path.parents[2] / MEMBERS / path.name, path.parents[1].name
    try:
        with reading(pointer):
            last = json.loads(pointer.read_text(encoding="utf-8"))["class"]
    except (DamagedFile, FileNotFoundError):
        return student
    return replace(student, left=student.left or last != code)
