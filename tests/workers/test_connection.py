"""The way to the workers: what a page is told where there is none."""

import math
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from unittest.mock import Mock

import pytest
from distributed import CancelledError
from distributed.comm import CommClosedError

from ae_core.errors import Message, ServiceUnavailable, UserError
from ae_core.workers import cluster, questions
from ae_core.workers import connection as module
from ae_core.workers.connection import Connection
from tests.helpers.refusals import check, refused

PATIENCE = 120


@pytest.fixture
def unconnected():
    made = Connection()
    yield made
    made.close()


def test_a_cluster_that_ends_at_once_says_how_and_nothing_of_the_server(monkeypatch, unconnected):
    monkeypatch.setattr(cluster.sys, "executable", shutil.which("false"))
    with refused("cluster_ended", code=1):
        cluster.start()
    with refused("not_started", ServiceUnavailable, problem=Message.of("cluster_ended", code=1)):
        unconnected.client()


def test_who_asks_again_soon_is_told_the_same_without_another_try(monkeypatch, unconnected):
    tries = []

    def start(*workers):
        tries.append(workers)
        raise UserError("cluster_ended", code=2)

    monkeypatch.setattr(cluster, "start", start)
    for _ in range(3):
        with refused("not_started", ServiceUnavailable):
            unconnected.client()
    assert len(tries) == 1
    monkeypatch.setattr(module, "REFUSED_SECONDS", 0.0)
    unconnected._refused = (0.0, unconnected._refused[1])
    with refused("not_started", ServiceUnavailable):
        unconnected.client()
    assert len(tries) == 2


def test_a_server_that_ends_starts_no_workers(unconnected):
    unconnected.close()
    with refused("not_started", ServiceUnavailable) as told:
        unconnected.client()
    check(told.value.values["problem"], "ending")


def test_an_error_in_a_worker_is_raised_here_and_dask_does_not_log_the_call(connection):
    with pytest.raises(ValueError, match="domain"):
        connection.answer(math.sqrt, -123456789.5)
    with pytest.raises(TypeError):
        connection.answer(partial(max, key="of-a-visitor"), (1, 2))
    logged = str(connection.client().get_worker_logs())
    assert "sqrt" not in logged
    assert "of-a-visitor" not in logged


def test_an_error_is_logged_by_the_name_of_the_question_without_its_arguments(monkeypatch, caplog):
    monkeypatch.setattr(questions, "report", Mock())
    for function, arguments, error in (
        (math.sqrt, (-123456789.5,), ValueError),
        (partial(max, key="of-a-visitor"), ((1, 2),), TypeError),
    ):
        assert isinstance(questions.answered(function, arguments, {}, "key", 60), error)
    assert caplog.messages == ["sqrt failed", "a question failed"]
    assert "123456789.5" not in caplog.text
    assert "of-a-visitor" not in caplog.text


# Python's regular expressions try 2**40 ways for this text, and no other thread runs meanwhile.
@pytest.mark.parametrize(
    ("function", "arguments"), [(time.sleep, (300,)), (re.match, ("(a+)+$", "a" * 40 + "b"))]
)
def test_a_question_that_takes_too_long_ends_and_those_behind_it_are_answered(
    connection, function, arguments
):
    assert connection.answer(abs, -3) == 3  # the worker is there
    events = len(connection.client().get_events(questions.BEGUN))
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(connection.answer_within, 2.0, function, *arguments)
        while len(connection.client().get_events(questions.BEGUN)) == events:
            assert not slow.done()
        behind = threads.submit(connection.answer, abs, -4)
        with refused("too_slow", ServiceUnavailable, seconds=2):
            slow.result(timeout=PATIENCE)
        assert behind.result(timeout=PATIENCE) == 4


def test_a_worker_that_does_not_answer_in_time_is_given_up(connection, monkeypatch):
    assert connection.answer(abs, -3) == 3  # the worker is there
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    started = time.monotonic()
    with refused("no_answer", ServiceUnavailable):
        connection.answer(time.sleep, 3)
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize("lost", [CommClosedError, CancelledError])
def test_a_connection_lost_meanwhile_is_a_sentence(monkeypatch, unconnected, lost):
    class Client:
        status = "closed"

        def submit(self, *args, **kwargs):
            raise lost("tcp://10.0.0.7:8786 is gone")

        def scheduler_info(self, n_workers):
            return {"workers": {}}

    monkeypatch.setattr(unconnected, "client", Client)
    with refused("connection_lost", ServiceUnavailable):
        unconnected.answer(abs, -3)
    with refused("connection_lost", ServiceUnavailable):
        unconnected.train_slots()


def test_a_refusal_in_a_worker_is_one_here(connection):
    with refused("between", name="x", value=2, low=0, high=1):
        connection.answer(_refuse, 2)


def _refuse(value):
    raise UserError("between", name="x", value=value, low=0, high=1)


def test_the_workers_memory_is_known_by_what_they_do(connection, unconnected):
    assert unconnected.workers_memory() is None  # it does not connect for that
    connection.answer(abs, -3)
    found = connection.workers_memory()
    assert set(found) == {"train", "infer", "upload"}
    assert all(1e6 < each < 1e11 for kind in found.values() for each in kind)
    assert found["infer"]
