"""What becomes of a worker's messages, in whatever order and how late they are heard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import Message
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.record import RunOutcome, new_record
from ae_core.runs.timeline import EpochFrame
from ae_core.service.live_run import LiveRun
from ae_core.service.messages import KEPT, ProgressReporter
from ae_core.service.queue import Entry
from ae_core.specs import change, preset
from ae_core.training.turns import Turn, Turns
from tests.helpers.refusals import check

SPEC = change(preset("digits-dense"), image_size=8, latent_dim=2, epochs=2000)
EPOCHS = 40
PREVIEW_IMAGES = np.arange(2 * 3 * 64, dtype=np.uint8).reshape(2, 3, 8, 8, 1)


class Kept(ProgressReporter):
    """A `ProgressReporter` that keeps its messages."""

    def __init__(self) -> None:
        self._worker = self
        self._topic, self._turn = "", Turn(Turns(1), "ada")
        self._seq = self._summary_seq = 0
        self._history, self._start = [], {}
        self.messages: list[object] = []

    def log_event(self, topic, message):
        self.messages.append(message)


def metrics(epoch):
    return {"loss": 1 / (epoch + 1), "seconds": 0.1}


def output_and_codes(epoch):
    return np.full((3, 8, 8, 1), epoch % 256, np.uint8), np.full((3, 2), epoch, np.float32)


def told(epochs, behind=0):
    """The messages of an attempt that goes on ``behind`` an epoch."""
    reporter = Kept()
    reporter.send("loading")
    saved = None
    if behind:
        frames = tuple(EpochFrame(e + 1, *output_and_codes(e)) for e in range(behind))
        saved = Checkpoint(tuple(map(metrics, range(behind))), frames, {})
    reporter.started(PREVIEW_IMAGES, [0, 1, 2], ["a", "b", "c"], saved)
    for epoch in range(behind, epochs):
        reporter.send("progress", share=0.5)
        reporter.epoch(metrics(epoch), *output_and_codes(epoch))
    return reporter.messages


def fresh() -> LiveRun:
    run = LiveRun.queued(new_record(SPEC, "", "ada"))
    run.start_attempt(Entry(run.record.id, "ada", "", 0.0, attempt=1))
    return run


def assert_same(late, whole):
    assert late.snapshot.history == whole.snapshot.history
    np.testing.assert_array_equal(late.snapshot.pictures, whole.snapshot.pictures)
    np.testing.assert_array_equal(late.snapshot.map.codes, whole.snapshot.map.codes)
    assert (late.snapshot.status, late.snapshot.share) == ("running", 0.0)


@given(st.data())
def test_nothing_is_lost_or_doubled_for_who_comes_late(data):
    """Any split into what the scheduler keeps and what is heard, overlapping, gaps included."""
    messages = told(EPOCHS)
    whole, late = fresh(), fresh()
    for message in messages:
        assert whole.apply(message)
    late.pending = []
    kept_until = data.draw(st.integers(0, len(messages)))
    heard_from = data.draw(st.integers(0, kept_until))
    asked_at = data.draw(st.integers(heard_from, len(messages)))
    for message in messages[heard_from:asked_at]:
        assert late.apply(message)
    late.apply_all(messages[:kept_until])
    for place in range(asked_at, len(messages)):
        if not late.apply(messages[place]):  # a gap: as the dispatcher does
            late.pending = [messages[place]]
            late.apply_all(messages[: place + 1])
    assert_same(late, whole)
    assert [m.epoch for m in late.frames] == [m.epoch for m in whole.frames]


def test_of_a_long_run_the_newest_messages_are_enough():
    messages = told(1500)
    whole, late = fresh(), fresh()
    for message in messages:
        whole.apply(message)
    late.pending = []
    late.apply_all(messages[-KEPT:])
    assert_same(late, whole)
    assert late.frames[-1].epoch == 1500


def test_another_attempt_begins_anew_and_says_why():
    run = fresh()
    for message in told(3):
        run.apply(message)
    start_second_attempt(run)
    snapshot = run.snapshot
    assert (snapshot.status, snapshot.epoch, snapshot.first_epoch) == ("starting", 3, 0)
    assert (snapshot.lost, snapshot.lost_epoch) == ("worker", 4)
    for message in told(2):
        assert run.apply(message)
    assert (run.snapshot.epoch, run.snapshot.first_epoch) == (2, 1)
    assert [frame.epoch for frame in run.frames] == [1, 2]


@pytest.mark.parametrize("whole", [True, False], ids=["who saw the first", "who did not"])
def test_another_attempt_goes_on_behind_the_saved_epoch(whole):
    run, never_lost = fresh(), fresh()
    if whole:
        for message in told(6):
            run.apply(message)
    start_second_attempt(run)
    for message in told(4, behind=4):
        assert run.apply(message)
    assert (run.snapshot.epoch, run.snapshot.first_epoch) == (4, 5)
    for message in told(4):
        never_lost.apply(message)
    assert_same(run, never_lost)  # with the preview and the map of the saved epoch
    for message in told(9, behind=4)[2:]:
        assert run.apply(message)
    for message in told(9)[len(told(4)) :]:
        assert never_lost.apply(message)
    assert_same(run, never_lost)
    assert [frame.epoch for frame in run.frames] == [frame.epoch for frame in never_lost.frames]


def test_who_hears_only_a_summary_of_another_attempt_has_no_epoch_twice():
    run, whole = fresh(), fresh()
    for message in told(60):
        run.apply(message)
    start_second_attempt(run)
    run.pending = []
    run.apply_all(told(1500, behind=50)[-KEPT:])
    for message in told(1500):
        whole.apply(message)
    assert_same(run, whole)
    assert run.snapshot.first_epoch == 51
    epochs = [frame.epoch for frame in run.frames]
    assert epochs == sorted(set(epochs))


def test_a_run_that_is_stopped_while_it_waits_for_another_attempt_keeps_its_history():
    run = fresh()
    for message in told(3):
        run.apply(message)
    start_second_attempt(run)
    run.end(RunOutcome("stopped", Message.of("stopped", epoch=4)))
    assert len(run.record.history) == 3


def start_second_attempt(run):
    run.start_attempt(Entry(run.record.id, "ada", "", 0.0, attempt=2, lost="worker", lost_epoch=4))


def test_a_stopped_run_that_cannot_be_saved_says_both():
    run = fresh()
    stopped, full = Message.of("stopped", epoch=3), Message.of("run_not_saved", reason="full")
    run.end(RunOutcome("stopped", stopped))
    run.keep_unsaved(full)
    check(run.snapshot.reason, "ended_not_saved", problem=stopped, unsaved=full)
    assert run.snapshot.status == "stopped"
