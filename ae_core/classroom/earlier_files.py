"""Reads the JSON files in which earlier versions kept classes and students."""

import json

from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.rows import challenge_in, limits_in
from ae_core.storage.files import check_time, checked


def classroom_from_json(text: str) -> Classroom:
    """Read a ``class.json``; its last use counts from the day on which it was opened.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: the text is not a class.
    """
    about = json.loads(text)
    about["limits"] = limits_in(about["limits"])
    about["challenge"] = challenge_in(about["challenge"])
    classroom = checked(Classroom, about | {"used": about["created"]})
    for name in ("created", "cleared"):
        check_time(name, getattr(classroom, name))
    return classroom


def student_from_json(text: str) -> Student:
    """Read the file of a student.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: the text is not a student.
    """
    student = checked(Student, json.loads(text))
    check_time("joined", student.joined)
    return student
