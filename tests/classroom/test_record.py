"""What a class did: work that is handed in, tables and the page to print."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.classroom.hand_ins import MAX_HAND_INS, MAX_USER_NAME, MAX_WORDS, HandIn, HandIns
from ae_core.classroom.lead import Asked
from ae_core.classroom.leading import Leading
from ae_core.classroom.model import Student
from ae_core.classroom.questions import Question
from ae_core.classroom.record import ClassRecord, read_record
from ae_core.classroom.run_card import RunCard
from ae_core.classroom.service import ClassroomService
from ae_core.export.class_page import printed
from ae_core.export.class_tables import (
    GUESS_COLUMNS,
    STUDENT_COLUMNS,
    WORK_COLUMNS,
    guesses_table,
    students_table,
    work_table,
)
from ae_core.runs.record import new_record
from ae_core.runs.snapshot import Snapshot
from ae_core.runs.store import RunStore
from ae_core.specs import change, preset
from ae_core.storage.tables import HAND_INS
from tests.helpers.refusals import refused

DIGITS = change(preset("digits-dense"), image_size=8)
MARKUP = "<img src=x onerror=alert(1)>"
CHOICE = Question("one/1", f"Which {MARKUP}?", (MARKUP, "b"), truth=1.0)
NUMBER = Question("one/2", "How many?", low=0.0, high=30.0, unit="dB", truth=9.4, close=3.0)


@pytest.fixture
def book(database):
    return ClassroomService(database)


@pytest.fixture
def work(database):
    return HandIns(database)


@pytest.fixture
def code(book):
    classroom, _ = book.open_class("eve")
    for name in ("ada", "bob"):
        book.join(classroom.code, name, name.title())
    return classroom.code


@pytest.fixture
def run_of(database, tmp_path):
    """Begin a run of an owner; return its id."""

    def begin(owner):
        record = new_record(DIGITS, "digits-dense", owner)
        RunStore(tmp_path / "runs").begin([record])
        return record.id

    return begin


# --- handing in -------------------------------------------------------------------------------


def test_own_runs_are_handed_in_and_again(work, code, run_of, database):
    first, second = run_of("ada"), run_of("ada")
    work.hand_in("ada", first, " It draws\u202e eights. \n Badly. ")
    work.hand_in("ada", second, MARKUP, " ada.l ")
    work.hand_in("ada", first, "Better now.", "ada.l")
    found = read_record(database, code).hand_ins
    assert [(each.run, each.words, each.user_name) for each in found] == [
        (second, MARKUP, "ada.l"),
        (first, "Better now.", "ada.l"),
    ]


def test_nothing_else_is_handed_in(work, code, run_of, book):
    own, other = run_of("ada"), run_of("mallory")
    for visitor, run in (("bob", own), ("mallory", other), ("ada", "nothing"), ("", "")):
        with refused("hand_in_run"):
            work.hand_in(visitor, run, "Words.")
    book.leave("ada")
    with refused("hand_in_run"):
        work.hand_in("ada", own, "Words.")


@pytest.mark.parametrize(
    ("words", "user_name", "key"),
    [
        ("", "", "hand_in_empty"),
        ("\u200b \n", "", "hand_in_empty"),
        ("x" * (MAX_WORDS + 1), "", "hand_in_long"),
        ("x", "y" * (MAX_USER_NAME + 1), "user_name_long"),
    ],
)
def test_bad_words_are_a_sentence(work, code, run_of, words, user_name, key):
    with refused(key):
        work.hand_in("ada", run_of("ada"), words, user_name)


def test_a_student_hands_in_so_much_and_no_more(work, code, run_of):
    runs = [run_of("ada") for _ in range(MAX_HAND_INS + 1)]
    for run in runs[:-1]:
        work.hand_in("ada", run, "Words.")
    with refused("hand_ins_many", most=MAX_HAND_INS):
        work.hand_in("ada", runs[-1], "Words.")
    work.hand_in("ada", runs[0], "Other words.")


def test_the_record_names_nobody_who_has_left(work, code, run_of, book, database):
    leads = Leading(book, database)
    for name in ("ada", "bob"):
        leads.guess_in_lesson(name, NUMBER, 5.0)
        leads.visit(name, "one/1")
        work.hand_in(name, run_of(name), "Words.")
    book.leave("ada")
    record = read_record(database, code)
    assert [student.nickname for student in record.students] == ["Bob"]
    assert list(record.guesses["one/2", 1]) == ["bob"]
    assert [each.visitor for each in record.hand_ins] == ["bob"]
    book.join(code, "ada", "Ada")
    assert len(read_record(database, code).hand_ins) == 2


def test_the_end_of_a_class_is_the_end_of_its_work(work, run_of, book, database):
    classroom, secret = book.open_class("eve")
    book.join(classroom.code, "ada", "Ada")
    work.hand_in("ada", run_of("ada"), "Words.")
    book.end(classroom.code, secret)
    with database.reading() as connection:
        assert connection.execute(HAND_INS.select()).all() == []


# --- tables and the page ----------------------------------------------------------------------


def card(run, psnr, numbers=16):
    spec = change(DIGITS, latent_dim=numbers)
    shot = Snapshot(run, spec, "", "", "finished", history=({"loss": 0.1, "val_psnr": psnr},))
    return replace(RunCard.of(shot, 0.0), images=np.full((1, 2, 8, 8, 1), 99, np.uint8))


def record_of(nickname="Ada", words="Words."):
    return ClassRecord(
        [Student("ada", nickname, 0.0), Student("bob", "Bob", 60.0)],
        [Asked(CHOICE, 1, True, 1.0), Asked(NUMBER, 2, True, 2.0)],
        {
            ("one/1", 1): {"ada": (2.0, 1.0), "bob": (1.0, 2.0)},
            ("one/2", 1): {"ada": (30.0, 3.0)},
            ("one/2", 2): {"ada": (11.5, 4.0)},
        },
        {"ada": ["one/1", "one/2"]},
        [HandIn("ada", "run1", words, "ada.l", 5.0)],
    )


CARDS = {"ada": [card("run1", 20.0), card("run2", 23.456, 4)], "bob": []}


def rows_of(table, columns, language="en"):
    text = io.StringIO(table.decode("utf-8-sig"), newline="")
    rows = list(csv.DictReader(text, delimiter=";" if language == "de" else ","))
    assert all(tuple(row) == columns for row in rows)
    return rows


def test_students_have_a_line_each():
    ada, bob = rows_of(students_table(record_of(), CARDS), STUDENT_COLUMNS)
    assert (ada["steps"], ada["steps_seen"]) == ("2", "one/1 one/2")
    assert (ada["guesses"], ada["guesses_right"], ada["runs"]) == ("2", "1", "2")
    assert (ada["best_run"], ada["best_psnr"], ada["best_numbers"]) == ("run2", "23.46", "4")
    assert (ada["handed_in"], bob["handed_in"]) == ("1", "0")
    assert (bob["guesses"], bob["guesses_right"], bob["best_psnr"]) == ("1", "1", "")


def test_guesses_have_a_line_each():
    found = rows_of(guesses_table(record_of(), "de"), GUESS_COLUMNS, "de")
    said = [tuple(row[name] for name in ("nickname", "round", "guess", "right")) for row in found]
    assert said == [
        ("Ada", "1", "b", "no"),
        ("Bob", "1", MARKUP, "yes"),
        ("Ada", "1", "30", "no"),
        ("Ada", "2", "11,5", "yes"),
    ]


def test_work_has_columns_for_grades():
    by_id = {each.run.id: each for each in CARDS["ada"]}
    (row,) = rows_of(work_table(record_of(), by_id), WORK_COLUMNS)
    assert (row["username"], row["nickname"], row["sentences"]) == ("ada.l", "Ada", "Words.")
    assert (row["run"], row["psnr"], row["grade"], row["feedback"]) == ("run1", "20.00", "", "")
    (row,) = rows_of(work_table(record_of(), {}), WORK_COLUMNS)
    assert (row["run"], row["psnr"]) == ("run1", "")


class Reader(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@given(st.text(min_size=1, max_size=30), st.sampled_from(["en", "de"]))
def test_a_printed_page_holds_what_was_typed_as_text_alone(typed, language):
    plain = Reader(printed("ABCDE", record_of(), CARDS, language, 0.0))
    page = Reader(printed("ABCDE", record_of(typed, typed), CARDS, language, 0.0))
    assert page.elements == plain.elements
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "a", "link", "iframe", "object"})
    assert all(about["src"].startswith("data:image/png;base64,")
               for tag, about in page.elements if tag == "img")  # fmt: skip
    assert not any(name.startswith("on") for _, about in page.elements for name in about)


def test_a_printed_page_says_what_was_done():
    said = " ".join(Reader(printed("ABCDE", record_of(), CARDS, "de", 0.0)).texts)
    for words in ("Klasse ABCDE", "23,5 dB", "1 / 2", MARKUP, "Die Lösung: 9,4 dB.", "Words."):
        assert words in said
    assert Reader(printed("ABCDE", ClassRecord([], [], {}, {}, []), {}, "en", 0.0)).texts
