"""Classes on disk: two servers see the same one, and only its teacher changes it."""

import errno
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_core.classroom import service as module
from ae_core.classroom.model import CODE_LETTERS, DAYS, ClassLimits
from ae_core.classroom.service import ClassroomService
from ae_core.errors import Message, StorageError
from ae_core.runs.record import new_record
from ae_core.runs.store import RunStore
from ae_core.specs import preset
from tests.helpers.refusals import refused

DAY = 86_400


class Clock:
    def __init__(self):
        self.time = 1_000_000.0

    def __call__(self):
        self.time += 1
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def book(tmp_path, clock):
    return ClassroomService(tmp_path, clock)


def test_codes_are_short_and_have_no_letters_that_look_alike(book):
    codes = {book.open_class()[0].code for _ in range(40)}
    assert len(codes) == 40
    assert all(len(code) == 5 and set(code) <= set(CODE_LETTERS) for code in codes)
    assert not set("O0I1L") & set(CODE_LETTERS)


def test_a_code_in_use_is_not_given_again(book, monkeypatch):
    offered = iter(["AAAAA", "AAAAA", "BBBBB"])
    monkeypatch.setattr(module, "_new_code", lambda: next(offered))
    assert [book.open_class()[0].code for _ in range(2)] == ["AAAAA", "BBBBB"]


def test_a_secret_has_at_least_128_bits_and_stands_in_no_file(book, tmp_path):
    secrets = [book.open_class()[1] for _ in range(20)]
    assert len(set(secrets)) == 20
    assert all(len(secret) * 6 >= 128 for secret in secrets)  # base64: 6 bits a letter
    files = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(secret in text for secret in secrets for text in files)


@pytest.mark.parametrize("secret", ["", "x", "Ä" * 32, "\ud800"])
def test_another_secret_opens_and_changes_nothing(book, secret):
    classroom, right = book.open_class()
    assert book.as_teacher(classroom.code, right) == classroom
    for attempt in (
        lambda: book.as_teacher(classroom.code, secret),
        lambda: book.change(classroom.code, secret, paused=True),
        lambda: book.remove(classroom.code, secret, "x"),
    ):
        with refused("class_secret", code=classroom.code):
            attempt()
    assert book.find(classroom.code) == classroom


def test_the_secret_of_one_class_is_none_of_another(book):
    (one, _), (_, secret) = book.open_class(), book.open_class()
    with refused("class_secret", code=one.code):
        book.as_teacher(one.code, secret)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30))
def test_two_books_on_one_folder_see_each_other_s_changes(tmp_path, nickname):
    one, other = ClassroomService(tmp_path), ClassroomService(tmp_path)
    classroom, secret = one.open_class()
    assert other.find(classroom.code) == classroom
    student = one.join(classroom.code, "ada", nickname)
    assert other.students(classroom.code) == (student,)
    assert student.nickname == nickname
    assert other.class_of("ada") == (classroom, student)
    changed = other.change(classroom.code, secret, paused=True, limits=ClassLimits(epochs=9))
    assert one.find(classroom.code) == changed
    assert one.class_of("ada") == (changed, student)
    other.leave("ada")
    assert one.students(classroom.code) == ()
    assert one.class_of("ada") is None


def test_a_code_may_be_typed_in_small_letters_and_with_spaces(book):
    classroom, _ = book.open_class()
    assert book.find(f" {classroom.code[:2].lower()} {classroom.code[2:].lower()}\n") == classroom


@pytest.mark.parametrize("code", ["", "ABCD", "ABCDE", "../../etc", "O0I1L", "members", "x" * 99])
def test_an_unknown_code_is_a_sentence(book, code):
    with refused("class_unknown", code="".join(code.upper().split()), length=5):
        book.find(code)
    with refused("class_unknown"):
        book.join(code, "ada", "Ada")


def test_a_class_ends_after_some_days_and_makes_room_later(book, clock, tmp_path):
    classroom, secret = book.open_class()
    book.join(classroom.code, "ada", "Ada")
    clock.time = classroom.created + DAYS * DAY - 10
    assert book.find(classroom.code) == classroom
    clock.time = classroom.created + DAYS * DAY + 10
    expired = f"{datetime.fromtimestamp(classroom.expires, UTC):%Y-%m-%d}"
    for attempt in (
        lambda: book.find(classroom.code),
        lambda: book.as_teacher(classroom.code, secret),
        lambda: book.join(classroom.code, "bob", "Bob"),
    ):
        with refused("class_old", code=classroom.code, days=30, date=expired):
            attempt()
    assert book.class_of("ada") is None
    book.open_class()
    assert (tmp_path / "classes" / classroom.code).is_dir()  # the sentence can still be said
    clock.time = classroom.created + 2 * DAYS * DAY + 10
    book.open_class()
    assert not (tmp_path / "classes" / classroom.code).exists()
    with refused("class_unknown"):
        book.find(classroom.code)


def test_a_server_has_so_many_classes(book, monkeypatch):
    monkeypatch.setattr(module, "MAX_CLASSES", 2)
    book.open_class()
    book.open_class()
    with refused("too_many_classes", most=2):
        book.open_class()


def test_students_stand_in_the_order_of_joining(book):
    classroom, _ = book.open_class()
    for name in ("Zoe", "Ada", "Mia"):
        book.join(classroom.code, name.lower(), name)
    assert [student.nickname for student in book.students(classroom.code)] == ["Zoe", "Ada", "Mia"]


def test_joining_again_is_another_nickname_and_no_second_student(book):
    classroom, _ = book.open_class()
    first = book.join(classroom.code, "ada", "Ada")
    again = book.join(classroom.code, "ada", "Lady A")
    assert book.students(classroom.code) == (again,)
    assert (again.nickname, again.joined, again.id) == ("Lady A", first.joined, first.id)
    book.join(classroom.code, "bob", "Ada")  # the name is free now
    book.leave("ada")
    with refused("nickname_taken", name="ADA"):
        book.join(classroom.code, "ada", "ADA")
    assert book.join(classroom.code, "ada", "Countess").joined == first.joined


def test_a_visitor_is_in_one_class_at_a_time(book):
    (one, _), (other, _) = book.open_class(), book.open_class()
    book.join(one.code, "ada", "Ada")
    book.join(other.code, "ada", "Ada")
    assert book.students(one.code) == ()
    assert book.class_of("ada")[0] == other
    with refused("class_unknown"):
        book.join("ABCDE", "ada", "Ada")
    assert book.class_of("ada")[0] == other  # what fails changes nothing


def test_a_teacher_takes_a_student_out(book):
    classroom, secret = book.open_class()
    ada, bob = book.join(classroom.code, "ada", "Ada"), book.join(classroom.code, "bob", "Bob")
    book.remove(classroom.code, secret, ada.id)
    assert book.students(classroom.code) == (bob,)
    assert book.class_of("ada") is None


def test_a_student_s_id_does_not_tell_the_visitor(book):
    classroom, _ = book.open_class()
    student = book.join(classroom.code, "0123456789abcdef", "Ada")
    assert student.visitor not in student.id
    assert student.id == book.join(classroom.code, "0123456789abcdef", "Bea").id


def test_the_run_store_does_not_take_classes_for_runs(book, tmp_path):
    store = RunStore(tmp_path)
    record = new_record(preset("digits-dense"), "digits-dense", "ada")
    store.begin(record)
    classroom, _ = book.open_class()
    book.join(classroom.code, "ada", "Ada")
    assert [found.id for found in store.refs(store.ids())] == [record.id]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"code": 1}', "null"])
def test_a_damaged_file_is_no_class_and_no_student(book, tmp_path, damage):
    classroom, _ = book.open_class()
    student = book.join(classroom.code, "ada", "Ada")
    path = tmp_path / "classes" / classroom.code
    (path / "students" / f"{student.id}.json").write_text(damage)
    assert book.students(classroom.code) == ()
    assert book.class_of("ada") is None
    (path / "class.json").write_text(damage)
    with refused("class_damaged", code=classroom.code):
        book.find(classroom.code)


def test_a_full_disk_is_a_sentence_and_the_class_stays_as_it_was(book, tmp_path, monkeypatch):
    classroom, secret = book.open_class()

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for attempt in (
        lambda: book.change(classroom.code, secret, paused=True),
        lambda: book.join(classroom.code, "ada", "Ada"),
        book.open_class,
    ):
        with refused("class_not_saved", StorageError, reason=Message.of("disk_full")):
            attempt()
    assert book.find(classroom.code) == classroom
    assert book.students(classroom.code) == ()
    kept = (tmp_path / "classes" / classroom.code / "class.json").read_text()
    assert json.loads(kept)["paused"] is False
