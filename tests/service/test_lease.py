"""A scheduler keeps its runs as long as its server lives, whatever the dispatcher waits for."""

import gc
import threading
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from ae_core.errors import Message, ServiceUnavailable, StorageError
from ae_core.runs.store import RunStore
from ae_core.service import dispatcher, executor, lease
from ae_core.service.lease import Lease
from ae_core.service.queue_store import LEASE_SECONDS, QueueStore
from ae_core.service.service import TrainingService
from ae_core.specs import preset
from ae_core.storage.tables import SCHEDULERS
from ae_core.workers.connection import Connection
from tests.helpers.postgres import SECONDS as PATIENCE
from tests.helpers.refusals import refused

SLOW = "tcp://slow:8786"


class SlowConnection(Connection):
    """A connection to a scheduler that does not answer until it is told to refuse or to connect."""

    def __init__(self) -> None:
        super().__init__(SLOW)
        self.asked, self.answers = threading.Event(), threading.Event()
        self.connected = None

    def client(self):
        self.asked.set()
        self.answers.wait(PATIENCE)
        if self.connected is None:
            raise ServiceUnavailable("unreachable")
        return self.connected


class Renewals:
    """Counts the renewals of the slow scheduler's lease."""

    def __init__(self, monkeypatch) -> None:
        self._renew, self._each = QueueStore.renew, threading.Semaphore(0)
        monkeypatch.setattr(QueueStore, "renew", lambda queue: self._count(queue))

    def _count(self, queue):
        self._renew(queue)
        if queue.scheduler == SLOW:
            self._each.release()

    def wait_for_a_new_one(self):
        """Return after a renewal that began later than this call."""
        while self._each.acquire(blocking=False):
            pass
        for _ in range(2):  # the first one may have begun earlier
            assert self._each.acquire(timeout=PATIENCE)


@pytest.fixture
def renewals(monkeypatch) -> Renewals:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.02)
    return Renewals(monkeypatch)


@pytest.fixture
def slow(database, tmp_path, monkeypatch, renewals) -> Iterator[TrainingService]:
    """A server with a waiting run whose dispatcher waits for its scheduler."""
    connection = SlowConnection()
    service = TrainingService(RunStore(tmp_path / "runs"), connection)
    service.submit(preset("digits-dense"), "ada")
    assert connection.asked.wait(PATIENCE)
    yield service
    connection.answers.set()
    service.leave()


def pass_the_lease(monkeypatch):
    later = time.time() + LEASE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)


def test_a_dispatcher_that_waits_longer_than_the_lease_keeps_its_runs(
    slow, database, renewals, monkeypatch
):
    other = QueueStore(database, "other")
    pass_the_lease(monkeypatch)
    renewals.wait_for_a_new_one()
    assert not other.take_over()
    slow.connection.answers.set()
    slow.leave()
    pass_the_lease(monkeypatch)
    assert other.take_over()  # nobody renews it any more


def test_a_lease_that_nobody_holds_is_not_renewed(slow, database):
    queue = QueueStore(database, slow.connection.address)
    held = Lease(queue)
    thread = held._thread
    assert thread.is_alive()
    del held
    gc.collect()
    thread.join(PATIENCE)
    assert not thread.is_alive()


class Looks:
    """Stands in for a scheduler's `QueueStore.renew_if_used`: fails as long as it is told to."""

    def __init__(self, monkeypatch, scheduler: str) -> None:
        self._look, self._each = QueueStore.renew_if_used, threading.Semaphore(0)
        self._scheduler = scheduler
        self.failing = False
        monkeypatch.setattr(QueueStore, "renew_if_used", lambda queue: self._count(queue))

    def _count(self, queue):
        if queue.scheduler != self._scheduler:  # of a service of other tests, which is still there
            self._look(queue)
            return
        try:
            if self.failing:
                raise StorageError("database_unavailable")
            self._look(queue)
        finally:
            self._each.release()

    def wait_for(self, count):
        for _ in range(count):
            assert self._each.acquire(timeout=PATIENCE)


def test_a_scheduler_without_runs_writes_nothing(database, monkeypatch, renewals):
    looks = Looks(monkeypatch, "idle")
    idle = Lease(QueueStore(database, "idle"))
    looks.wait_for(3)
    idle.close()
    with database.reading() as connection:
        assert connection.execute(select(SCHEDULERS)).all() == []


def test_a_lease_is_renewed_again_after_the_database_was_away(slow, renewals, monkeypatch, caplog):
    looks = Looks(monkeypatch, SLOW)
    looks.failing = True
    looks.wait_for(4)
    looks.failing = False
    renewals.wait_for_a_new_one()
    said = [record for record in caplog.records if record.name == lease.__name__]
    assert len(said) == 1  # not one for each time


def test_a_service_that_has_ended_does_not_listen_to_a_late_scheduler(slow, monkeypatch):
    monkeypatch.setattr(executor, "CLOSE_SECONDS", 0.01)
    slow.leave()  # the dispatcher still waits
    slow.connection.connected = Mock()
    slow.connection.answers.set()
    slow._dispatcher._executor._thread.shutdown(wait=True)
    assert slow.connection.connected.mock_calls == []


def test_a_server_ends_although_its_database_is_away(database, tmp_path, monkeypatch):
    def away(*_):
        raise StorageError("database_unavailable")

    service = TrainingService(RunStore(tmp_path / "runs"), Connection())
    with monkeypatch.context() as outage:
        for method in ("read", "release"):
            outage.setattr(QueueStore, method, away)
        service.shut_down()
    with refused("not_started", ServiceUnavailable, problem=Message("ending")):
        service.connection.client()


def test_after_an_outage_nobody_takes_over_before_everybody_could_renew(
    database, tmp_path, monkeypatch
):
    clock, asked = [100.0], []
    service = TrainingService(RunStore(tmp_path / "runs"), Connection("tcp://nowhere:8786"))
    service.leave()  # its own thread asks no more

    def take_over(_):
        asked.append(clock[0])
        if len(asked) == 1:
            raise StorageError("database_unavailable")
        return False

    monkeypatch.setattr(QueueStore, "take_over", take_over)
    monkeypatch.setattr(dispatcher, "time", Mock(monotonic=lambda: clock[0]))
    for moment in (100.0, 102.0, 100.0 + LEASE_SECONDS - 0.1, 100.0 + LEASE_SECONDS):
        clock[0] = moment
        service._dispatcher._dispatch()
    assert asked == [100.0, 100.0 + LEASE_SECONDS]
