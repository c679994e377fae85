"""The files of a class and of the queue: whatever they hold, the others are still read."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.service import ClassroomService
from ae_core.errors import UnknownThing, UserError
from ae_core.service.queue import Entry
from ae_core.service.queue_store import QueueStore
from tests.helpers.refusals import refused

VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, 1e300, [], ["digits"], [["digits"]], {}, {"epochs": "5"}])
)


@given(st.sampled_from([*Classroom.__dataclass_fields__, "other"]), VALUES)
@settings(deadline=None, max_examples=100)
def test_a_class_with_any_value_opens_or_is_damaged(tmp_path_factory, field, value):
    root = tmp_path_factory.mktemp("classes")
    book = ClassroomService(root)
    classroom, secret = book.open_class()
    path = root / "classes" / classroom.code / "class.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    said = ""
    try:
        found = book.as_teacher(classroom.code, secret)
        assert type(found.paused) is bool
        assert type(found.created) is float
    except UserError as error:
        said = error.key
    assert said in ("", "class_damaged", "class_old", "class_secret")
    book.open_class()  # others may still open one


@given(st.sampled_from([*Student.__dataclass_fields__, "other"]), VALUES)
@settings(deadline=None, max_examples=60)
def test_a_damaged_student_is_left_out_and_the_others_stay(tmp_path_factory, field, value):
    root = tmp_path_factory.mktemp("classes")
    book = ClassroomService(root)
    classroom, _ = book.open_class()
    book.join(classroom.code, "bob", "Bob")
    (path,) = (root / "classes" / classroom.code / "students").iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    book.join(classroom.code, "ada", "Ada")
    found = {student.nickname: student for student in book.students(classroom.code)}
    assert "Ada" in found
    assert all(type(student.joined) is float for student in found.values())
    book.class_of("bob")


def test_a_student_whose_file_is_damaged_joins_again(tmp_path):
    book = ClassroomService(tmp_path)
    classroom, _ = book.open_class()
    book.join(classroom.code, "ada", "Ada")
    (path,) = (tmp_path / "classes" / classroom.code / "students").iterdir()
    path.write_text("[" * 100_000)
    assert book.class_of("ada") is None
    book.join(classroom.code, "ada", "Ada")
    assert [student.nickname for student in book.students(classroom.code)] == ["Ada"]


def test_a_damaged_class_is_not_an_unknown_one(tmp_path, caplog):
    book = ClassroomService(tmp_path)
    classroom, _ = book.open_class()
    path = tmp_path / "classes" / classroom.code / "class.json"
    path.write_bytes(b"\xff")
    with refused("class_damaged", UnknownThing, code=classroom.code):
        book.find(classroom.code)
    assert f"{path} is damaged" in caplog.text


ONE, OTHER = Entry("a" * 12, "ada", "", 1.0), Entry("b" * 12, "bob", "", 2.0)


@given(st.sampled_from([*Entry.__dataclass_fields__, "other"]), VALUES)
@settings(deadline=None, max_examples=60)
def test_a_damaged_entry_of_the_queue_does_not_hold_up_the_others(tmp_path_factory, field, value):
    folder = tmp_path_factory.mktemp("queue")
    QueueStore(folder).enqueue([ONE, OTHER])
    path = folder / "waiting" / f"{ONE.id}.json"
    path.write_text(json.dumps(asdict(ONE) | {field: value}))
    (folder / "served.json").write_text(json.dumps({"ada": value}))
    queue = QueueStore(folder).read()
    assert OTHER in queue.waiting
    assert queue.next() is not None
    assert queue.forecast(1, {}, 3.0)[OTHER.id].place in (1, 2)


@pytest.mark.parametrize("damage", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_damaged_turns_count_as_none(tmp_path, damage):
    QueueStore(tmp_path).enqueue([ONE])
    (tmp_path / "served.json").write_bytes(damage)
    assert QueueStore(tmp_path).read().last_served == {}
