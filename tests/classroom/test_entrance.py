"""Bounds on opening classes and on trying codes: a script is slowed down, a class is not."""

from collections import Counter

import pytest

from ae_core.classroom.bounds import MAX_WAIT, Openings
from ae_core.classroom.entrance import Caller, Entrance
from ae_core.classroom.model import CODE_LETTERS
from ae_core.classroom.service import ClassroomService
from ae_core.errors import StorageError, UserError
from ae_core.runs.record import new_record
from ae_core.runs.rows import to_row
from ae_core.specs import preset
from ae_core.storage.database import Database, database_in
from ae_core.storage.tables import RUNS
from tests.helpers.refusals import refused

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
TEACHER = Caller("teacher", HERE)
A_MINUTE = 60


class Clock:
    def __init__(self):
        self.time = 1_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def book(tmp_path, clock):
    """Classes in SQLite: what counts here is in memory."""
    return ClassroomService(database_in(tmp_path), clock)


@pytest.fixture
def everywhere(database, clock):
    """Classes in each kind of database."""
    return ClassroomService(database, clock)


@pytest.fixture
def entrance(book, clock):
    return Entrance(book, clock)


def key_of(action):
    """Do something; return the key of its refusal, empty if it works."""
    try:
        action()
    except UserError as error:
        return error.key
    return ""


class Script:
    """It opens classes and tries codes, with a new cookie for every request."""

    def __init__(self, entrance, address=HERE):
        self.entrance, self.address = entrance, address
        self.answers = Counter()

    def caller(self):
        return Caller(f"{self.address} {self.answers.total()}", self.address)

    def open_class(self):
        self.answers[key_of(lambda: self.entrance.open_class(self.caller()))] += 1

    def guess(self):
        guess = code(self.answers.total())
        self.answers[key_of(lambda: self.entrance.find(guess, self.caller()))] += 1


def code(number):
    """The code of no class."""
    letters = []
    for _ in range(5):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)


def seconds_until(action, clock, while_waiting=lambda: None):
    """Do what is refused again after as many seconds as the refusal says, until it works."""
    began = clock.time
    while True:
        try:
            action()
            return clock.time - began
        except UserError as error:
            for _ in range(int(error.values["seconds"])):
                clock.time += 1
                while_waiting()


# --- opening ----------------------------------------------------------------------------------


def test_a_script_opens_few_classes_and_a_new_teacher_beside_it_opens_one(entrance, clock):
    script = Script(entrance)

    def eight_times():
        for _ in range(8):
            script.open_class()

    eight_times()
    eight_times()
    with refused("classes_of_network", seconds=20):
        entrance.open_class(TEACHER)
    waited = seconds_until(lambda: entrance.open_class(TEACHER), clock, eight_times)
    assert waited <= 20
    while clock.time < 1_000_000 + A_MINUTE - 1:
        clock.time += 1
        eight_times()
    assert script.answers.total() > 450
    assert script.answers.keys() == {"", "classes_of_network"}
    assert script.answers[""] <= 20
    entrance.open_class(Caller("elsewhere", ELSEWHERE))


def test_a_script_that_comes_back_with_its_cookies_opens_20_in_any_minute():
    openings, opened = Openings(), []
    for second in range(300):
        for number in range(50):
            try:
                openings.count(HERE, f"name {number}", float(second), known=False)
            except UserError:
                continue
            opened.append(second)
    in_a_minute = [sum(then <= each < then + A_MINUTE for each in opened) for then in opened]
    assert max(in_a_minute) == 20


def trained(database, visitor):
    record = new_record(preset("digits-dense"), "digits-dense", visitor)
    with database.changing() as connection:
        connection.execute(RUNS.insert(), to_row(record) | {"begun": 2.0, "ended": 3.0})


def taught(book, clock, visitor):
    book.join(book.open_class(visitor)[0].code, "ada", "Ada")
    clock.time += 3601


def attended(book, clock, visitor):
    book.join(book.open_class("eve")[0].code, visitor, "Ada")
    clock.time += 3601


@pytest.mark.parametrize("how", ["trained", "taught", "attended"])
def test_who_was_here_before_is_not_held_up(how, everywhere, clock, database):
    entrance = Entrance(everywhere, clock)
    if how == "trained":
        trained(database, TEACHER.visitor)
    else:
        {"taught": taught, "attended": attended}[how](everywhere, clock, TEACHER.visitor)
    script = Script(entrance)
    for _ in range(12):
        script.open_class()
    assert script.answers == {"": 10, "classes_of_network": 2}
    entrance.open_class(TEACHER)
    with refused("classes_of_network"):
        entrance.open_class(Caller("stranger", HERE))


def test_opening_or_joining_a_class_just_now_makes_nobody_known(everywhere, clock):
    book = everywhere
    classroom, _ = book.open_class("first")
    for number in range(5):
        book.join(classroom.code, f"joined {number}", f"n{number}")
    book.open_class("alone")
    assert not any(book.knows(name) for name in ("first", "joined 0", "alone"))
    clock.time += 3601
    assert [book.knows(name) for name in ("first", "joined 0", "alone")] == [True, True, False]


def test_those_who_are_known_have_a_bound_too():
    openings = Openings()
    for number in range(60):
        openings.count(HERE, f"known {number}", 0.0, known=True)
    with refused("classes_of_network", seconds=60):
        openings.count(HERE, "another", 0.0, known=True)
    openings.count(HERE, "stranger", 0.0, known=False)


# --- codes ------------------------------------------------------------------------------------


def test_a_visitor_waits_longer_after_each_wrong_code(entrance, book, clock):
    right = book.open_class("eve")[0].code
    waits = []
    for number in range(12):
        with refused("class_unknown"):
            entrance.find(code(number), TEACHER)
        waits.append(seconds_until(lambda: entrance.find(right, TEACHER), clock))
    assert waits == [0, 0, 2, 4, 8, 16, 32, *[MAX_WAIT] * 5]
    assert entrance.find(right, Caller("neighbour", HERE)).code == right
    clock.time += 601
    with refused("class_unknown"):
        entrance.find("99999", TEACHER)
    entrance.find(right, TEACHER)  # all is forgotten


def test_a_page_that_is_drawn_again_tries_nothing(entrance):
    for _ in range(50):
        with refused("class_unknown"):
            entrance.find(" a2b 3c", TEACHER)
    with refused("class_unknown"):
        entrance.find("A2B3D", TEACHER)


def test_a_class_of_200_that_mistypes_twice_each_joins(entrance, book):
    right = book.open_class("eve")[0].code
    for number in range(200):
        student = Caller(f"student {number}", HERE)
        for wrong in (code(number), code(1000 + number)):
            with refused("class_unknown"):
                entrance.find(wrong, student)
        assert entrance.find(right, student).code == right


def test_a_script_learns_little_and_a_student_beside_it_joins_in_seconds(entrance, book, clock):
    right = book.open_class("eve")[0].code
    script = Script(entrance)

    def guesses():
        for _ in range(50):
            script.guess()

    for _ in range(20):
        guesses()
    assert script.answers["class_unknown"] == 500
    student = Caller("student", HERE)
    with refused("wrong_codes_of_network", seconds=10):
        entrance.find(right, student)
    assert seconds_until(lambda: entrance.find(right, student), clock, guesses) <= 10
    assert script.answers["class_unknown"] == 500
    assert entrance.find(right, Caller("student", ELSEWHERE)).code == right


def test_who_is_in_a_class_sees_it_whatever_the_neighbours_try(entrance, book):
    classroom, secret = book.open_class("teacher")
    book.join(classroom.code, "ada", "Ada")
    script = Script(entrance)
    for _ in range(510):
        script.guess()
    for visitor in ("ada", "teacher"):
        assert entrance.find(classroom.code, Caller(visitor, HERE)).code == classroom.code
    assert entrance.as_teacher(classroom.code, secret, Caller("new", HERE)).code == classroom.code
    with refused("wrong_codes_of_network"):
        entrance.find(classroom.code, Caller("stranger", HERE))


def test_a_wrong_secret_does_not_tell_more_than_a_wrong_code(entrance, book):
    classroom, _ = book.open_class("eve")
    for number in range(3):
        with refused("class_unknown"):
            entrance.as_teacher(code(number), "x", TEACHER)
    for tried in (classroom.code, code(99)):
        with refused("wrong_codes", seconds=2):
            entrance.as_teacher(tried, "x", TEACHER)


def test_a_database_that_does_not_answer_is_no_wrong_code(entrance, monkeypatch):
    def silent(self):
        raise StorageError("database_unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "reading", silent)
        for number in range(10):
            with refused("database_unavailable", StorageError):
                entrance.find(code(number), TEACHER)
    with refused("class_unknown"):
        entrance.find(code(99), TEACHER)


# --- memory ------------------------------------------------------------------------------------


def test_what_is_over_is_forgotten(entrance, clock):
    for number in range(20):
        script = Script(entrance, f"198.51.100.{number}")
        for _ in range(12):
            script.open_class()
            script.guess()
    clock.time += 1300
    last = Script(entrance)
    last.open_class()
    for _ in range(12):
        last.guess()
    for _ in range(11):
        last.open_class()
    kept = {
        name: len(found)
        for of in (entrance._wrong_codes._addresses, entrance._openings._strangers)
        for name, found in vars(of).items()
        if isinstance(found, dict)
    }
    assert kept["_due"] == 2
    assert len(entrance._wrong_codes._visitors) == 12
    assert len(entrance._openings._strangers._newcomers._times) == 1
