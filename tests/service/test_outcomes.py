"""What becomes of an outcome that the disk refuses."""

import logging

import pytest

from ae_core.errors import Message
from ae_core.runs.record import RunOutcome, new_record
from ae_core.runs.store import RunStore
from ae_core.service import outcomes
from ae_core.service.active_runs import ActiveRuns
from ae_core.service.outcomes import MAX_SECONDS, OutcomeWriter
from ae_core.service.queue_store import QueueStore
from ae_core.specs import preset
from tests.helpers.full_disk import FULL, no_room
from tests.helpers.refusals import check


class Desk:
    """A writer with a clock of its own, and an ended run; it counts the tries to store that."""

    def __init__(self, store, monkeypatch) -> None:
        self.store, self.now = store, 0.0
        self.tries: list[float] = []
        self.active = ActiveRuns(store, QueueStore(store.database, "here"))
        self.writer = OutcomeWriter(store, self.active, lambda: self.now)
        record = new_record(preset("digits-dense"), "", "ada")
        self.active.enqueue([record])
        self.run = self.active.live(record.id)
        self._finish = store.finish
        monkeypatch.setattr(store, "finish", self._try)

    def _try(self, *args):
        self.tries.append(self.now)
        return self._finish(*args)

    def end(self):
        self.run.end(RunOutcome("stopped", Message("stopped_waiting")))
        self.run.files = {"preview.png": b"a file"}
        self.writer.save(self.run)

    def pass_seconds(self, seconds):
        """Look once a second, as long as that."""
        for _ in range(seconds):
            self.now += 1
            self.writer.save_due()


@pytest.fixture
def desk(database, tmp_path, monkeypatch) -> Desk:
    return Desk(RunStore(tmp_path / "runs"), monkeypatch)


@pytest.fixture
def said(caplog):
    """The levels of what the writer has logged."""
    caplog.set_level(logging.WARNING, outcomes.__name__)
    return lambda: [r.levelname for r in caplog.records if r.name == outcomes.__name__]


def test_a_run_is_tried_again_ever_more_rarely_and_the_log_says_so_once(
    desk, said, caplog, monkeypatch
):
    with monkeypatch.context() as disk:
        no_room(disk, "open")
        desk.end()
        check(desk.run.snapshot.reason, "ended_not_saved", unsaved=_full())
        desk.pass_seconds(200)
        assert desk.tries == [0, 2, 6, 14, 30, 62, 122, 182]
        assert said() == ["ERROR"]
        assert FULL in caplog.text
    desk.pass_seconds(int(MAX_SECONDS))
    assert said() == ["ERROR", "WARNING"]
    assert desk.store.has_ended(desk.run.record.id)
    assert desk.store.file(desk.run.record.id, "preview.png") == b"a file"
    assert desk.active.unsaved() == []


def _full():
    return Message.of("run_not_saved", reason=Message("disk_full"))


def test_a_run_that_somebody_else_has_saved_is_said_and_forgotten(desk, said, monkeypatch):
    with monkeypatch.context() as disk:
        no_room(disk, "open")
        desk.end()
    desk.store.finish(desk.run.record, desk.run.files)  # as the page's button does
    desk.active.drop(desk.run.record.id)
    desk.pass_seconds(1)
    assert said() == ["ERROR", "WARNING"]
    assert len(desk.tries) == 2


def test_a_run_that_is_saved_at_once_is_not_in_the_log(desk, said):
    desk.end()
    desk.pass_seconds(5)
    assert (desk.tries, said()) == ([0], [])
