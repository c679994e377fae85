"""The routes of a class's devices: what a ticket's bearer learns and may do."""

import asyncio
import json
import os
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from ae_core.classroom.leading import Leading
from ae_core.classroom.questions import Question
from ae_core.classroom.service import ClassroomService
from ae_core.errors import StorageError
from ae_core.storage.database import Database, database_in
from pages.ui.backend.leading import leading, relay
from pages.ui.shell.class_routes import MAX_BODY, routes
from pages.ui.state.class_ticket import HEADER, Ticket, read_ticket, written_ticket
from tests.helpers.lab_server import serving
from tests.helpers.refusals import says

CHOICE = Question("one/1", "Which?", ("a", "b"))
OTHER = "t" * 43


@pytest.fixture(autouse=True)
def with_secret(monkeypatch):
    monkeypatch.setenv("AE_COOKIE_SECRET", "s" * 43)


@pytest.fixture
def book(database):
    return ClassroomService(database)


@pytest.fixture
def opened(book):
    """A class with two students: its code, its teacher's secret, and their ids."""
    classroom, secret = book.open_class("eve")
    ada, bob = (book.join(classroom.code, name, name.title()) for name in ("ada", "bob"))
    return classroom.code, secret, ada.id, bob.id


@dataclass
class Answer:
    status_code: int
    headers: dict[str, str]
    text: str

    def json(self):
        return json.loads(self.text)


class Client:
    """Asks the routes as the server does."""

    def __init__(self):
        self.app = Starlette(routes=routes())

    def get(self, path, headers=None):
        return self.ask("GET", path, headers or {}, b"")

    def post(self, path, content, headers=None):
        written = content.encode() if isinstance(content, str) else content
        return self.ask("POST", path, headers or {}, written)

    def ask(self, method, path, headers, body):
        path, _, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        with ThreadPoolExecutor(1) as thread:  # browser tests have a loop in the main thread
            thread.submit(asyncio.run, self.app(scope, receive, send)).result()
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(each.get("body", b"") for each in sent).decode()
        return Answer(sent[0]["status"], names, text)


@pytest.fixture
def client():
    return Client()


def now(client, ticket):
    relay().forget(ticket.code)
    return client.get("/class/now", headers={HEADER: written_ticket(ticket)})


def guess(client, ticket, language="en", **about):
    body = json.dumps(about)
    headers = {HEADER: written_ticket(ticket)}
    return client.post(f"/class/guess?lang={language}", content=body, headers=headers)


@pytest.mark.parametrize("role", ["student", "projector", "teacher"])
def test_a_ticket_is_read_as_it_was_written(role):
    ticket = Ticket(role, "ABCDE", "0123456789abcdef" if role == "student" else "")
    assert read_ticket(written_ticket(ticket)) == ticket


def test_no_ticket_but_the_app_s_own_opens_anything(client, opened, monkeypatch):
    code, _, ada, _ = opened
    good = written_ticket(Ticket("student", code, ada))
    monkeypatch.setenv("AE_COOKIE_SECRET", OTHER)
    foreign = written_ticket(Ticket("teacher", code))
    monkeypatch.undo()
    monkeypatch.setenv("AE_COOKIE_SECRET", "s" * 43)
    forged = [
        good.replace("student", "teacher"),
        good.replace(ada, ""),
        good[:-1],
        f"{good}x",
        foreign,
        "",
        ".",
        "teacher.ABCDE.",
        "x" * 9999,
    ]
    for written in forged:
        assert client.get("/class/now", headers={HEADER: written}).status_code == 403
        answer = client.post("/class/guess", content="{}", headers={HEADER: written})
        assert answer.status_code == 403
    assert client.get("/class/now").status_code == 403


def test_each_role_learns_what_it_may(client, opened):
    code, secret, ada, bob = opened
    name = leading().ask(code, secret, CHOICE)
    student = Ticket("student", code, ada)
    assert guess(client, student, name=name, round=1, value=2).json()["question"]["mine"] == 2
    seen = now(client, student)
    assert seen.headers["cache-control"] == "no-store"
    assert "rounds" not in seen.json()["question"]
    assert now(client, Ticket("student", code, bob)).json()["question"]["mine"] is None
    assert now(client, Ticket("projector", code)).json()["question"]["rounds"] == [[0, 1]]
    teacher = now(client, Ticket("teacher", code))
    assert teacher.json()["question"]["names"] == [["Ada", 2.0]]
    for ticket in (student, Ticket("projector", code)):
        assert "Ada" not in now(client, ticket).text
    leading().reveal(code, secret, name, 2.0)
    shown = now(client, student).json()["question"]
    assert (shown["truth"], shown["rounds"], shown["mine"]) == (2.0, [[0, 1]], 2.0)
    for message in (now(client, Ticket(role, code)).text for role in ("teacher", "projector")):
        assert "visitor" not in message
        assert ada not in message


def test_nobody_answers_for_others_or_without_being_a_student(client, opened, book):
    code, secret, ada, bob = opened
    name = leading().ask(code, secret, CHOICE)
    about = {"name": name, "round": 1, "value": 1, "student": bob, "visitor": "bob"}
    assert guess(client, Ticket("student", code, ada), **about).status_code == 200
    assert list(relay().state(code).guesses[-1]) == [ada]
    others = Ticket("teacher", code), Ticket("projector", code), Ticket("student", code, "x")
    for ticket in others:
        assert guess(client, ticket, **about).status_code == 403
    book.remove(code, secret, ada)
    relay().forget(code)
    assert guess(client, Ticket("student", code, ada), **about).status_code == 403
    assert now(client, Ticket("student", code, ada)).status_code == 404


def test_a_late_guess_is_a_sentence_in_the_student_s_language(client, opened):
    code, secret, ada, _ = opened
    name = leading().ask(code, secret, CHOICE)
    leading().reveal(code, secret, name)
    for language in ("en", "de"):
        ticket = Ticket("student", code, ada)
        answer = guess(client, ticket, language, name=name, round=1, value=1)
        assert answer.status_code == 409
        assert says(answer.json()["problem"], "guess_late", language)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"name": "one/1", "round": 1}',
        b'{"name": "one/1", "round": "x", "value": 1}',
        b'{"name": "one/1", "round": 1, "value": []}',
        b'{"name": "one/1", "round": 1, "value": 1' + b"0" * 400 + b"}",
        b'{"name": "one/1", "round": 1e999, "value": 1}',
        b"[" * 1500,
    ],
)
def test_what_is_no_guess_is_refused(client, opened, body):
    code, secret, ada, _ = opened
    leading().ask(code, secret, CHOICE)
    headers = {HEADER: written_ticket(Ticket("student", code, ada))}
    assert client.post("/class/guess", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("value", ["1e999", "NaN", "-Infinity", "1.5", "true", '"2"'])
@pytest.mark.parametrize("name", ["one/1", "own/9", "", "\\u0000", "\\ud800"])
def test_a_strange_guess_breaks_nothing(client, opened, name, value):
    code, secret, ada, _ = opened
    leading().ask(code, secret, CHOICE)
    headers = {HEADER: written_ticket(Ticket("student", code, ada))}
    body = f'{{"name": "{name}", "round": 1, "value": {value}}}'
    answer = client.post("/class/guess", content=body, headers=headers)
    taken = name == "one/1" and value in ("true", '"2"')
    assert answer.status_code == (200 if taken else 409)


def test_a_guess_that_is_too_long_is_not_read(client, opened):
    headers = {HEADER: written_ticket(Ticket("student", opened[0], opened[2]))}
    answer = client.post("/class/guess", content=b" " * (MAX_BODY + 1), headers=headers)
    assert answer.status_code == 413


def test_a_database_that_is_away_is_asked_again_later(client, opened, monkeypatch):
    ticket = Ticket("student", opened[0], opened[2])

    def away(_):
        raise StorageError("database_unavailable")

    monkeypatch.setattr(Database, "reading", away)
    assert now(client, ticket).status_code == 503
    assert guess(client, ticket, name="x", round=1, value=1).status_code == 503


def test_a_class_that_is_over_is_gone(client, opened, book):
    code, secret, ada, _ = opened
    book.end(code, secret)
    every = Ticket("student", code, ada), Ticket("teacher", code), Ticket("projector", code)
    for ticket in every:
        assert now(client, ticket).status_code == 404


def asked_of(server, ticket, what="now", body=None):
    """Ask a real server."""
    address = urllib.request.Request(f"{server.url}/class/{what}", body)
    address.add_header(HEADER, written_ticket(ticket))
    with urllib.request.urlopen(address, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.mark.thorough
def test_a_server_that_is_killed_amid_a_question_has_lost_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("AE_DATABASE", raising=False)
    database = database_in(tmp_path)
    book = ClassroomService(database)
    classroom, secret = book.open_class("eve")
    ada, bob = (book.join(classroom.code, name, name.title()) for name in ("ada", "bob"))
    leads = Leading(book, database)
    name = leads.ask(classroom.code, secret, CHOICE)
    tickets = [Ticket("student", classroom.code, each.id) for each in (ada, bob)]
    with serving(tmp_path) as server:
        for ticket, value in zip(tickets, (1, 2), strict=True):
            body = json.dumps({"name": name, "round": 1, "value": value}).encode()
            assert asked_of(server, ticket, "guess", body)["question"]["mine"] == value
        os.kill(server.pid, signal.SIGKILL)
    with serving(tmp_path) as server:
        projector = asked_of(server, Ticket("projector", classroom.code))
        assert projector["question"]["rounds"] == [[1, 1]]
        assert [asked_of(server, each)["question"]["mine"] for each in tickets] == [1.0, 2.0]
        leads.reveal(classroom.code, secret, name, 2.0)
        for ticket in tickets:  # another server's act is seen soon
            deadline = time.monotonic() + 20
            while not asked_of(server, ticket)["question"]["revealed"]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    database.close()
