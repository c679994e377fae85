"""Classes in a database: two servers see the same one, and only its teacher changes it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from ae_core.classroom import service as module
from ae_core.classroom.model import CODE_LETTERS, DAYS, ClassLimits
from ae_core.classroom.service import MAX_TAUGHT, ClassroomService
from ae_core.errors import Message, StorageError, UserError
from ae_core.runs.record import new_record
from ae_core.runs.store import RunStore
from ae_core.specs import preset
from ae_core.storage.database import Database
from ae_core.storage.tables import CLASSES, STUDENTS, TABLES
from tests.helpers.refusals import refused

HOUR, DAY = 3600, 86_400


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
def book(database, clock):
    return ClassroomService(database, clock)


def rows(database: Database, table):
    with database.reading() as connection:
        return connection.execute(select(table)).mappings().all()


def test_codes_are_short_and_have_no_letters_that_look_alike(book):
    codes = {book.open_class(f"t{n}")[0].code for n in range(40)}
    assert len(codes) == 40
    assert all(len(code) == 5 and set(code) <= set(CODE_LETTERS) for code in codes)
    assert not set("O0I1L") & set(CODE_LETTERS)


def test_a_code_in_use_is_not_given_again(book, monkeypatch):
    offered = iter(["AAAAA", "AAAAA", "BBBBB"])
    monkeypatch.setattr(module, "_new_code", lambda: next(offered))
    assert [book.open_class("eve")[0].code for _ in range(2)] == ["AAAAA", "BBBBB"]


def test_a_secret_has_at_least_128_bits_and_is_kept_nowhere(book, database):
    secrets = [book.open_class(f"t{n}")[1] for n in range(20)]
    assert len(set(secrets)) == 20
    assert all(len(secret) * 6 >= 128 for secret in secrets)  # base64: 6 bits a letter
    kept = str([rows(database, table) for table in TABLES.sorted_tables])
    assert len(rows(database, CLASSES)) == 20
    assert not any(secret in kept for secret in secrets)


@pytest.mark.parametrize("secret", ["", "x", "Ä" * 32, "\ud800"])
@pytest.mark.parametrize("visitor", ["", "ada"])
def test_another_secret_opens_and_changes_nothing(book, secret, visitor):
    classroom, right = book.open_class("eve")
    assert book.as_teacher(classroom.code, right) == classroom
    for attempt in (
        lambda: book.as_teacher(classroom.code, secret, visitor),
        lambda: book.change(classroom.code, secret, visitor=visitor, paused=True),
        lambda: book.remove(classroom.code, secret, "x", visitor=visitor),
        lambda: book.end(classroom.code, secret, visitor=visitor),
    ):
        with refused("class_secret", code=classroom.code):
            attempt()
    assert book.find(classroom.code) == classroom


def test_the_secret_of_one_class_is_none_of_another(book):
    (one, _), (_, secret) = book.open_class("eve"), book.open_class("eve")
    with refused("class_secret", code=one.code):
        book.as_teacher(one.code, secret)


def test_who_opened_a_class_needs_no_secret(book):
    classroom, _ = book.open_class("eve")
    other, _ = book.open_class("eve")
    book.open_class("ada")
    assert [each.code for each in book.taught_by("eve")] == [other.code, classroom.code]
    assert book.as_teacher(classroom.code, "", "eve") == classroom
    assert book.change(classroom.code, "", visitor="eve", paused=True).paused
    student = book.join(classroom.code, "bob", "Bob")
    book.remove(classroom.code, "", student.id, visitor="eve")
    assert book.students(classroom.code) == ()
    book.end(classroom.code, "", visitor="eve")
    assert [each.code for each in book.taught_by("eve")] == [other.code]


def test_nobody_opened_a_class_of_an_earlier_version(book, database):
    classroom, secret = book.open_class("")
    assert book.taught_by("") == []
    with refused("class_secret"):
        book.as_teacher(classroom.code, "", "")
    assert book.as_teacher(classroom.code, secret, "").code == classroom.code


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30))
def test_two_servers_on_one_database_see_each_other_s_changes(database, nickname):
    with closing(Database(database.address)) as elsewhere:
        one, other = ClassroomService(database), ClassroomService(elsewhere)
        classroom, secret = one.open_class(nickname)
        assert other.find(classroom.code) == classroom
        student = one.join(classroom.code, "ada", nickname)
        classroom = one.find(classroom.code)  # which is used
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
    classroom, _ = book.open_class("eve")
    assert book.find(f" {classroom.code[:2].lower()} {classroom.code[2:].lower()}\n") == classroom


@pytest.mark.parametrize("code", ["", "ABCD", "ABCDE", "../../etc", "O0I1L", "members", "x" * 99])
def test_an_unknown_code_is_a_sentence(book, code):
    with refused("class_unknown", code="".join(code.upper().split()), length=5):
        book.find(code)
    with refused("class_unknown"):
        book.join(code, "ada", "Ada")


def test_a_class_ends_some_days_after_its_last_use_and_then_makes_room(book, clock, database):
    classroom, secret = book.open_class("eve")
    clock.time += 50 * DAY
    book.join(classroom.code, "ada", "Ada")
    joined = clock.time
    clock.time = joined + DAYS * DAY - 10
    classroom = book.find(classroom.code)
    assert [each.code for each in book.taught_by("eve")] == [classroom.code]
    clock.time = joined + DAYS * DAY + 10
    expired = datetime.fromtimestamp(classroom.expires, UTC).date()
    for attempt in (
        lambda: book.find(classroom.code),
        lambda: book.as_teacher(classroom.code, secret),
        lambda: book.join(classroom.code, "bob", "Bob"),
    ):
        with refused("class_old", code=classroom.code, days=DAYS, date=expired):
            attempt()
    assert book.class_of("ada") is None
    assert book.taught_by("eve") == []
    book.tidy()
    with refused("class_unknown"):
        book.find(classroom.code)
    assert rows(database, STUDENTS) == []


def test_a_class_in_use_is_not_tidied_away(book, clock):
    classroom, secret = book.open_class("eve")
    for use in (
        lambda: book.join(classroom.code, "ada", "Ada"),
        lambda: book.class_of("ada"),
        lambda: book.as_teacher(classroom.code, secret),
        lambda: book.change(classroom.code, secret, cleared=1.0),
    ):
        clock.time += (DAYS - 1) * DAY
        use()
        book.tidy()
        assert book.find(classroom.code).used >= clock.time - 10


def test_use_is_noted_once_an_hour(book, clock, database, monkeypatch):
    classroom, secret = book.open_class("eve")
    book.join(classroom.code, "ada", "Ada")
    before = rows(database, CLASSES)
    clock.time += HOUR - 20
    with monkeypatch.context() as patch:
        patch.setattr(Database, "changing", lambda self: pytest.fail("a page writes"))
        book.class_of("ada")
        book.as_teacher(classroom.code, secret)
    clock.time += 20
    book.class_of("ada")
    assert rows(database, CLASSES)[0]["used"] >= before[0]["used"] + HOUR


def test_opening_a_class_deletes_the_ones_over_their_time(book, clock, database):
    book.open_class("eve")
    clock.time += DAYS * DAY + 10
    classroom, _ = book.open_class("ada")
    assert [row["code"] for row in rows(database, CLASSES)] == [classroom.code]


def test_a_teacher_ends_a_class_and_its_students_may_go_elsewhere(book, database):
    (classroom, secret), (other, _) = book.open_class("eve"), book.open_class("eve")
    book.join(classroom.code, "ada", "Ada")
    book.join(other.code, "bob", "Bob")
    book.end(classroom.code, secret)
    with refused("class_unknown", code=classroom.code):
        book.find(classroom.code)
    assert book.class_of("ada") is None
    assert [row["visitor"] for row in rows(database, STUDENTS)] == ["bob"]
    assert book.join(other.code, "ada", "Ada").nickname == "Ada"


def test_there_are_so_many_classes(book, clock, database, monkeypatch):
    monkeypatch.setattr(module, "MAX_CLASSES", 2)
    one, _ = book.open_class("eve")
    book.open_class("ada")
    with refused("too_many_classes", most=2, days=DAYS):
        book.open_class("bob")
    clock.time += HOUR
    book.join(one.code, "cem", "Cem")
    third, _ = book.open_class("bob")  # in place of the one that nobody has joined
    assert {row["code"] for row in rows(database, CLASSES)} == {one.code, third.code}


def test_a_full_server_deletes_the_youngest_empty_class_of_the_address_with_most(
    book, clock, database, monkeypatch
):
    monkeypatch.setattr(module, "MAX_CLASSES", 7)
    prepared = book.open_class("teacher", "192.0.2.1")[0].code
    neighbour = book.open_class("neighbour", "192.0.2.2")[0].code
    forged = [book.open_class(f"forged {number}", "192.0.2.2")[0].code for number in range(4)]
    joined = book.open_class("joined", "192.0.2.2")[0].code
    book.join(joined, "ada", "Ada")
    clock.time += HOUR
    for number in range(4):
        forged.append(book.open_class(f"more {number}", "192.0.2.2")[0].code)
        left = {prepared, neighbour, joined, *forged[: 3 - number], *forged[4:]}
        assert {row["code"] for row in rows(database, CLASSES)} == left


def test_a_visitor_has_so_many_classes_and_the_oldest_empty_one_makes_room(book, clock):
    codes = [book.open_class("eve")[0].code for _ in range(MAX_TAUGHT)]
    with refused("too_many_taught", most=MAX_TAUGHT, names=tuple(sorted(codes))):
        book.open_class("eve")  # none is an hour old
    book.open_class("ada")
    clock.time += HOUR
    book.join(codes[0], "bob", "Bob")
    newest = book.open_class("eve")[0].code
    there = [newest, *codes[:1:-1], codes[0]]
    assert [each.code for each in book.taught_by("eve")] == there
    for number, code in enumerate(codes[2:]):
        book.join(code, f"s{number}", "Bob")
    with refused("too_many_taught"):  # the one without students is new
        book.open_class("eve")
    assert [each.code for each in book.taught_by("eve")] == there


def test_a_teacher_who_asks_many_servers_at_once_opens_no_more_classes(database, tmp_path):
    made = [Database(database.address, tmp_path) for _ in range(4)]

    def ask(number):
        try:
            ClassroomService(made[number % 4]).open_class("eve")
        except UserError as full:
            return full.message.key
        return ""

    with ThreadPoolExecutor(12) as pool:
        told = [*pool.map(ask, range(12))]
    for each in made:
        each.close()
    assert sorted(told) == [""] * MAX_TAUGHT + ["too_many_taught"] * (12 - MAX_TAUGHT)


def test_a_closed_class_keeps_who_is_in_and_takes_nobody_else(book):
    classroom, secret = book.open_class("eve")
    book.join(classroom.code, "ada", "Ada")
    book.join(classroom.code, "cem", "Cem")
    book.leave("cem")
    assert book.change(classroom.code, secret, closed=True).closed
    for visitor in ("bob", "cem"):
        with refused("class_closed", code=classroom.code):
            book.join(classroom.code, visitor, "Bob")
    assert book.join(classroom.code, "ada", "Lady A").nickname == "Lady A"
    assert book.class_of("ada")[0].closed
    book.change(classroom.code, secret, closed=False)
    book.join(classroom.code, "bob", "Bob")
    assert [each.nickname for each in book.students(classroom.code)] == ["Lady A", "Bob"]


def test_who_only_passed_by_takes_no_place(book, database, monkeypatch):
    monkeypatch.setattr("ae_core.classroom.model.MAX_STUDENTS", 10)
    classroom, _ = book.open_class("eve")
    for number in range(21):
        book.join(classroom.code, f"v{number}", "Ada")
        book.leave(f"v{number}")
    assert len(rows(database, STUDENTS)) <= 5  # those of the last ten seconds


def test_who_left_with_runs_counts_and_keeps_the_time_of_joining(
    book, clock, tmp_path, monkeypatch
):
    monkeypatch.setattr("ae_core.classroom.model.MAX_STUDENTS", 1)
    classroom, _ = book.open_class("eve")
    joined = {}
    runs = RunStore(tmp_path)
    for visitor in ("ada", "bob"):
        joined[visitor] = book.join(classroom.code, visitor, "A").joined
        record = new_record(preset("digits-dense"), "digits-dense", visitor)
        runs.begin([replace(record, created=clock.time)])
        book.leave(visitor)
    clock.time += 20
    with refused("class_full", code=classroom.code):
        book.join(classroom.code, "cem", "C")
    assert book.join(classroom.code, "ada", "A").joined == joined["ada"]


def test_a_class_that_joins_at_once_has_no_place_and_no_nickname_twice(database, monkeypatch):
    monkeypatch.setattr("ae_core.classroom.model.MAX_STUDENTS", 12)
    book = ClassroomService(database)
    classroom, _ = book.open_class("eve")

    def join(number):
        try:
            return book.join(classroom.code, f"v{number}", f"n{number % 15}")
        except UserError as error:
            return error.key

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(join, range(40)))
    students = book.students(classroom.code)
    assert len(students) == 12
    assert len({each.nickname for each in students}) == 12
    assert {each for each in found if isinstance(each, str)} <= {"class_full", "nickname_taken"}


def test_a_visitor_who_joins_two_classes_at_once_is_in_one(database):
    book = ClassroomService(database)
    codes = [book.open_class("eve")[0].code for _ in range(2)]

    def join(number):
        try:
            book.join(codes[number % 2], "ada", "Ada")
        except StorageError as error:
            return error.key
        return ""

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(join, range(20)))
    assert found <= {"", "database_unavailable"}
    assert sum(len(book.students(code)) for code in codes) == 1


def test_students_stand_in_the_order_of_joining(book):
    classroom, _ = book.open_class("eve")
    for name in ("Zoe", "Ada", "Mia"):
        book.join(classroom.code, name.lower(), name)
    assert [student.nickname for student in book.students(classroom.code)] == ["Zoe", "Ada", "Mia"]


def test_joining_again_is_another_nickname_and_no_second_student(book):
    classroom, _ = book.open_class("eve")
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
    (one, _), (other, _) = book.open_class("eve"), book.open_class("eve")
    book.join(one.code, "ada", "Ada")
    book.join(other.code, "ada", "Ada")
    assert book.students(one.code) == ()
    assert book.class_of("ada")[0].code == other.code
    with refused("class_unknown"):
        book.join("ABCDE", "ada", "Ada")
    assert book.class_of("ada")[0].code == other.code  # what fails changes nothing


def test_a_teacher_takes_a_student_out(book):
    classroom, secret = book.open_class("eve")
    ada, bob = book.join(classroom.code, "ada", "Ada"), book.join(classroom.code, "bob", "Bob")
    book.remove(classroom.code, secret, ada.id)
    assert book.students(classroom.code) == (bob,)
    assert book.class_of("ada") is None


def test_a_student_s_id_does_not_tell_the_visitor(book):
    classroom, _ = book.open_class("eve")
    student = book.join(classroom.code, "0123456789abcdef", "Ada")
    assert student.visitor not in student.id
    assert student.id == book.join(classroom.code, "0123456789abcdef", "Bea").id


LIMITS = '{"epochs": 5, "image_sets": [], "runs": 0}'


@pytest.mark.parametrize(
    "damage",
    [
        *({"limits_json": text} for text in ("", "{", "[]", "null", "[" * 100_000)),
        {"limits_json": LIMITS.replace("5", '"5"')},
        {"limits_json": LIMITS.replace("[]", "7")},
        {"limits_json": LIMITS.replace("[]", '["none"]')},
        {"limits_json": LIMITS.replace("{", '{"colour": "red", ')},  # of a newer version
        *({"challenge_json": text} for text in ("", "{", '"win"', '{"latent_dim": 8}')),
    ],
)
def test_a_damaged_row_is_no_class_and_the_others_stay(book, database, caplog, damage):
    (classroom, _), (other, _) = book.open_class("eve"), book.open_class("eve")
    book.join(classroom.code, "ada", "Ada")
    with database.changing() as connection:
        there = CLASSES.c.code == classroom.code
        connection.execute(update(CLASSES).where(there).values(damage))
    with refused("class_damaged", code=classroom.code):
        book.find(classroom.code)
    assert f"{classroom.code} is damaged" in caplog.text
    assert book.class_of("ada") is None
    assert [each.code for each in book.taught_by("eve")] == [other.code]
    book.join(other.code, "ada", "Ada")
    assert book.class_of("ada")[0].code == other.code


def test_a_database_that_refuses_is_a_sentence_and_the_class_stays_as_it_was(
    book, clock, database, monkeypatch
):
    classroom, secret = book.open_class("eve")
    joined = book.join(classroom.code, "ada", "Ada")
    clock.time += 2 * HOUR

    def full(self):
        raise StorageError("database_refused", reason=Message.of("disk_full"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "changing", full)
        for attempt in (
            lambda: book.change(classroom.code, secret, paused=True),
            lambda: book.join(classroom.code, "bob", "Bob"),
            lambda: book.open_class("eve"),
        ):
            with refused("database_refused", StorageError, reason=Message.of("disk_full")):
                attempt()
        assert book.class_of("ada")[1] == joined  # pages go on, though its use is not noted
    assert not book.find(classroom.code).paused
    assert book.students(classroom.code) == (joined,)
