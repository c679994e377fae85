"""A class that is led: in any order of acts, everybody sees what was sent and what they may see."""

import json
import math
from contextlib import closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from ae_core.classroom import leading as module
from ae_core.classroom.lead import MAX_QUERY, Lead
from ae_core.classroom.leading import MAX_ROUNDS, Leading
from ae_core.classroom.questions import Question
from ae_core.classroom.relay import FRESH_SECONDS, Relay, read_state
from ae_core.classroom.service import ClassroomService
from ae_core.errors import UserError
from ae_core.storage.database import Database
from ae_core.storage.tables import CLASSES, GUESSES, HAND_INS, QUESTIONS, STEPS, STUDENTS
from tests.helpers.refusals import refused

CHOICE = Question("one/1", "Which?", ("a", "b", "c"))
NUMBER = Question("one/2", "How many?", low=0.0, high=30.0, step=1.0, unit="dB")
QUESTIONS_ASKED = (CHOICE, NUMBER)
VISITORS = ("ada", "bob", "cem")
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def book(database):
    return ClassroomService(database)


@pytest.fixture
def leads(book, database):
    return Leading(book, database)


@pytest.fixture
def opened(book):
    """The code of a class with three students, and its teacher's secret."""
    classroom, secret = book.open_class("eve")
    for name in VISITORS:
        book.join(classroom.code, name, name.title())
    return classroom.code, secret


def ids(database, code):
    return {each.visitor: each.id for each in read_state(database, code).students.values()}


# --- any order --------------------------------------------------------------------------------

who, which = st.sampled_from(VISITORS), st.sampled_from(QUESTIONS_ASKED)
value = st.sampled_from([1.0, 2.0, 3.0, 3.5, 30.0, 31.0, -1.0, math.nan, math.inf])
ACTS = st.one_of(
    st.tuples(st.just("guess"), who, which, st.integers(0, 3), value),
    st.tuples(st.just("guess"), who, which, st.just(None), value),  # in the present round
    st.tuples(st.just("lesson"), who, which, value),
    st.tuples(st.just("ask"), which),
    st.tuples(st.just("reveal"), which, st.sampled_from([None, 2.0])),
    st.tuples(st.just("away")),
    st.tuples(st.just("leave"), who),
    st.tuples(st.just("join"), who),
)


class Oracle:
    """The same in plain Python."""

    def __init__(self):
        self.there = set(VISITORS)
        self.open = None
        self.asked = {}  # by question: the round, revealed, whether the teacher asked, truth
        self.guesses = {}  # by question, round, visitor

    def allows(self, question, value):
        if question.choices:
            return value in (1.0, 2.0, 3.0)
        return 0 <= value <= 30

    def guess(self, name, question, round_, value):
        about = self.asked.get(question.name)
        if name not in self.there or self.open is not question or about["revealed"]:
            return
        if (about["round"] if round_ is None else round_) != about["round"]:
            return
        if self.allows(question, value):
            self.guesses[question.name, about["round"], name] = value

    def lesson(self, name, question, value):
        if name not in self.there or not self.allows(question, value):
            return
        new = {"round": 1, "revealed": False, "asked": False, "truth": None}
        about = self.asked.setdefault(question.name, new)
        if not about["revealed"]:
            self.guesses[question.name, about["round"], name] = value

    def ask(self, question):
        before = self.asked.get(question.name)
        round_ = 1 if before is None else before["round"] + before["asked"]
        about = {"round": round_, "revealed": False, "asked": True, "truth": None}
        self.asked[question.name] = about
        self.open = question

    def reveal(self, question, truth):
        if question.name in self.asked:
            about = self.asked[question.name]
            about["revealed"] = True
            about["truth"] = about["truth"] if truth is None else truth
            self.open = question

    def rounds(self):
        name, about = self.open.name, self.asked[self.open.name]
        return [
            {who: self.guesses[name, n, who] for who in VISITORS
             if (name, n, who) in self.guesses and who in self.there}
            for n in range(1, about["round"] + 1)
        ]  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(st.lists(ACTS, max_size=25))
def test_what_everybody_sees_is_what_was_sent(database, acts):
    with closing(Database(database.address)) as elsewhere:
        book = ClassroomService(database)
        classroom, secret = book.open_class("eve" if acts else "")
        code = classroom.code
        for name in VISITORS:
            book.join(code, name, name.title())
        servers = [Leading(book, database), Leading(ClassroomService(elsewhere), elsewhere)]
        oracle = Oracle()
        for turn, (act, *about) in enumerate(acts):
            leads = servers[turn % 2]
            with suppress(UserError):
                if act == "guess":
                    name, question, round_, value = about
                    known = oracle.asked.get(question.name, {"round": 1})["round"]
                    sent = known if round_ is None else round_
                    oracle.guess(name, question, round_, value)
                    leads.guess(name, question.name, sent, value)
                elif act == "lesson":
                    oracle.lesson(*about)
                    leads.guess_in_lesson(*about)
                elif act == "ask":
                    oracle.ask(*about)
                    leads.ask(code, secret, *about)
                elif act == "reveal":
                    oracle.reveal(*about)
                    leads.reveal(code, secret, about[0].name, about[1])
                elif act == "away":
                    oracle.open = None
                    leads.put_away(code, secret)
                elif act == "leave":
                    oracle.there.discard(*about)
                    book.leave(*about)
                else:
                    oracle.there.add(*about)
                    book.join(code, *about, about[0].title())
            check(read_state(elsewhere, code), oracle)
        book.end(code, secret)
        with database.reading() as connection:
            for table in (QUESTIONS, GUESSES, STUDENTS):
                rows = connection.execute(select(table).where(table.c.code == code)).all()
                assert rows == []


def check(state, oracle):
    shown = {each.visitor: state.for_student(each.id) for each in state.students.values()}
    assert set(shown) == oracle.there
    projector, teacher = state.for_projector(), state.for_teacher()
    if oracle.open is None:
        assert [each["question"] for each in (projector, teacher, *shown.values())] == [None] * (
            2 + len(shown)
        )
        return
    rounds, about = oracle.rounds(), oracle.asked[oracle.open.name]
    for seen in (projector["question"], teacher["question"]):
        assert (seen["round"], seen["revealed"]) == (about["round"], about["revealed"])
        assert seen["guessed"] == len(rounds[-1])
        assert counted(oracle.open, seen) == [
            [sum(place <= v < end for v in each.values()) for place, end in bins(oracle.open, seen)]
            for each in rounds
        ]
        assert [sum(row) for row in seen["rounds"]] == [len(each) for each in rounds] or not any(
            rounds
        )
    assert dict(teacher["question"]["names"]) == {n.title(): v for n, v in rounds[-1].items()}
    assert "names" not in projector["question"]
    for name, message in shown.items():
        seen = message["question"]
        assert seen["mine"] == rounds[-1].get(name)
        assert "names" not in seen
        assert "places" not in message
        if about["revealed"]:
            assert seen["rounds"] == teacher["question"]["rounds"]
            assert seen["truth"] == about["truth"]
        else:
            assert {"rounds", "edges", "truth"}.isdisjoint(seen)


def bins(question, seen):
    if question.choices:
        return [(place, place + 1) for place in (1, 2, 3)]
    return list(zip(seen["edges"], seen["edges"][1:], strict=False))


def counted(question, seen):
    return [list(row) for row in seen["rounds"]]


# --- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "x", "\ud800"])
@pytest.mark.parametrize("visitor", ["", "ada", "mallory"])
def test_only_the_teacher_leads(leads, opened, database, secret, visitor):
    code, right = opened
    name = leads.ask(code, right, CHOICE)
    before = read_state(database, code)
    for attempt in (
        lambda: leads.send(code, secret, "train", {}, visitor=visitor),
        lambda: leads.ask(code, secret, NUMBER, visitor=visitor),
        lambda: leads.reveal(code, secret, name, 1.0, visitor=visitor),
        lambda: leads.put_away(code, secret, visitor=visitor),
    ):
        with refused("class_secret", code=code):
            attempt()
    assert read_state(database, code) == before


def test_who_is_in_another_class_or_in_none_answers_nothing(book, leads, opened, database):
    code, secret = opened
    name = leads.ask(code, secret, CHOICE)
    other, _ = book.open_class("eve")
    book.join(other.code, "dan", "Dan")
    for visitor in ("dan", "mallory", "", "eve"):
        with refused("guess_late"):
            leads.guess(visitor, name, 1, 1.0)
    assert not leads.guess_in_lesson("mallory", CHOICE, 1.0)
    assert leads.guess_in_lesson("dan", CHOICE, 1.0)
    assert read_state(database, code).guesses == ({},)


def test_a_guess_after_the_answer_comes_too_late(leads, opened, database):
    code, secret = opened
    name = leads.ask(code, secret, CHOICE)
    leads.guess("ada", name, 1, 1.0)
    leads.guess("ada", name, 1, 2.0)  # the last one counts
    leads.reveal(code, secret, name, 3.0)
    with refused("guess_late"):
        leads.guess("ada", name, 1, 3.0)
    assert not leads.guess_in_lesson("bob", CHOICE, 3.0)
    assert list(read_state(database, code).guesses[-1].values()) == [2.0]


@pytest.mark.parametrize("value", [0.0, 1.5, 4.0, math.nan, -math.inf])
def test_a_choice_that_is_none_is_refused(leads, opened, value):
    name = leads.ask(*opened, CHOICE)
    with refused("guess_choice", most=3):
        leads.guess("ada", name, 1, value)


@pytest.mark.parametrize("value", [-0.5, 30.5, 1e300, math.nan, math.inf])
def test_a_number_beyond_its_bounds_is_refused(leads, opened, value):
    name = leads.ask(*opened, NUMBER)
    with refused("guess_number", low=0.0, high=30.0):
        leads.guess("ada", name, 1, value)


def test_a_student_who_was_taken_out_is_nowhere(book, leads, opened, database):
    code, secret = opened
    name = leads.ask(code, secret, CHOICE)
    leads.guess("ada", name, 1, 1.0)
    leads.visit("ada", "one/1")
    own = ids(database, code)["ada"]
    book.remove(code, secret, own)
    state = read_state(database, code)
    assert state.for_student(own) is None
    assert "Ada" not in json.dumps([state.for_teacher(), state.for_projector()])
    assert state.places == {}
    with refused("guess_late"):
        leads.guess("ada", name, 1, 2.0)


# --- bounds -----------------------------------------------------------------------------------


def test_a_class_keeps_so_many_questions_and_rounds(leads, opened, monkeypatch):
    code, secret = opened
    monkeypatch.setattr(module, "MAX_QUESTIONS", 2)
    assert leads.ask(code, secret, Question("", "One?")) == "own/1"
    assert leads.ask(code, secret, Question("", "Two?")) == "own/2"
    with refused("questions_many", most=2):
        leads.ask(code, secret, Question("", "Three?"))
    assert not leads.guess_in_lesson("ada", CHOICE, 1.0)
    for _ in range(MAX_ROUNDS - 1):
        leads.ask(code, secret, Question("own/2", "Two?"))
    with refused("rounds_many", most=MAX_ROUNDS):
        leads.ask(code, secret, Question("own/2", "Two?"))


def test_a_question_that_is_gone_is_not_revealed(leads, opened):
    with refused("question_gone"):
        leads.reveal(*opened, "none")


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("https://evil.example", {}),
        ("../train", {}),
        ("Train", {}),
        ("train", {"preset": "x" * MAX_QUERY}),
        ("train", {"preset": "\0"}),
        ("train", {"\ud800": ""}),
    ],
)
def test_a_class_is_sent_to_pages_of_the_app_alone(leads, opened, page, query):
    with refused("lead_address", most=MAX_QUERY):
        leads.send(*opened, page, query)
    assert leads.lead(opened[0]) == Lead()


@pytest.mark.parametrize("place", ["one/two", "../x", "one/1/2", "x" * 99, "Ä", "one/1234"])
def test_a_place_that_is_none_is_a_programming_error(leads, opened, place):
    with pytest.raises(ValueError, match="place="):
        leads.visit("ada", place)


def test_a_student_sees_so_many_steps(leads, opened, database, monkeypatch):
    monkeypatch.setattr(module, "MAX_STEPS", 3)
    for step in range(9):
        leads.visit("ada", f"one/{step}")
    leads.visit("mallory", "one/1")
    leads.visit("bob", "train")
    with database.reading() as connection:
        seen = connection.execute(select(STEPS.c.visitor, STEPS.c.place).order_by("place")).all()
    assert seen == [("ada", "one/0"), ("ada", "one/1"), ("ada", "one/2")]
    assert read_state(database, opened[0]).places == {"one/8": 1, "train": 1}


def test_who_left_without_runs_leaves_nothing_behind(book, leads, opened, database, monkeypatch):
    code, secret = opened
    leads.guess("ada", leads.ask(code, secret, CHOICE), 1, 1.0)
    leads.visit("ada", "one/1")
    book.leave("ada")
    later = ClassroomService(database, lambda: book._now() + 60)
    later.join(code, "dan", "Dan")
    with database.reading() as connection:
        for table in (GUESSES, STEPS, HAND_INS, STUDENTS):
            visitors = connection.scalars(select(table.c.visitor)).all()
            assert "ada" not in visitors


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"number": "x"}', '{"page": "../x"}', "null"])
def test_a_damaged_lead_leads_nowhere_and_is_mended_by_the_next_one(
    leads, opened, database, damage
):
    code, secret = opened
    with database.changing() as connection:
        connection.execute(update(CLASSES).values(lead_json=damage))
    assert read_state(database, code).lead == Lead()
    leads.send(code, secret, "train", {"preset": "digits-dense"})
    assert read_state(database, code).lead.page == "train"


def test_a_damaged_question_is_not_shown(leads, opened, database):
    code, secret = opened
    leads.ask(code, secret, CHOICE)
    with database.changing() as connection:
        connection.execute(update(QUESTIONS).values(question_json="{"))
    state = read_state(database, code)
    assert state.for_teacher()["question"] is None
    assert leads.asked(code) == []
    with refused("guess_late"):
        leads.guess("ada", CHOICE.name, 1, 1.0)


# --- the relay --------------------------------------------------------------------------------


def test_all_devices_share_a_reading(opened, database, monkeypatch):
    code, _ = opened
    clock = [0.0]
    relay = Relay(database, lambda: clock[0])
    first = relay.state(code)
    monkeypatch.setattr(Database, "reading", lambda self: pytest.fail("it reads once more"))
    clock[0] = FRESH_SECONDS - 0.01
    assert all(relay.state(code) is first for _ in range(200))


def test_a_change_is_seen_at_once_here_and_soon_elsewhere(leads, opened, database):
    code, secret = opened
    clock = [0.0]
    here, elsewhere = (Relay(database, lambda: clock[0]) for _ in range(2))
    assert here.state(code).lead == elsewhere.state(code).lead == Lead()
    leads.send(code, secret, "train", {"preset": "digits-dense"}, taken=True)
    here.forget(code)
    assert here.state(code).lead.number == 1
    assert elsewhere.state(code).lead.number == 0
    clock[0] = FRESH_SECONDS
    wanted = Lead(1, "train", (("preset", "digits-dense"),), taken=True)
    assert here.state(code).lead == elsewhere.state(code).lead == wanted


def test_there_is_no_state_of_no_class(database):
    relay = Relay(database)
    assert relay.state("ABCDE") is None
    relay.forget("FGHJK")


def test_each_act_of_the_teacher_has_its_number(leads, opened):
    code, secret = opened
    acts = [
        lambda: leads.send(code, secret, "lessons", {"lesson": "one", "step": "1"}),
        lambda: leads.ask(code, secret, CHOICE),
        lambda: leads.reveal(code, secret, CHOICE.name, 1.0),
        lambda: leads.ask(code, secret, CHOICE),
        lambda: leads.put_away(code, secret),
    ]
    for number, act in enumerate(acts, 1):
        act()
        assert leads.lead(code).number == number
    assert leads.lead(code).page == "lessons"
    leads.ask(code, secret, CHOICE)
    leads.send(code, secret, "train", {})
    assert leads.lead(code).question == ""
