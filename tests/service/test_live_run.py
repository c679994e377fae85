"""What becomes of a worker's messages, in whatever order and how late they are heard."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.errors import Message
from ae_core.runs.record import RunOutcome, new_record
from ae_core.service.live_run import LiveRun
from ae_core.service.messages import KEPT, ProgressReporter
from ae_core.service.queue import Entry
from ae_core.specs import change, preset
from tests.helpers.refusals import check

SPEC = change(preset("digits-dense"), image_size=8, latent_dim=2, epochs=2000)
EPOCHS = 40
PREVIEW_IMAGES = np.arange(2 * 3 * 64, dtype=np.uint8).reshape(2, 3, 8, 8, 1)


class Kept(ProgressReporter):
    """A `ProgressReporter` that keeps its messages."""

    def __init__(self) -> None:
        self._worker = self
        self._topic = ""
        self._seq = self._summary_seq = 0
        self._history, self._start = [], {}
        self.messages: list[object] = []

    def log_event(self, topic, message):
        self.messages.append(message)


def told(epochs):
    reporter = Kept()
    reporter.send("loading")
    reporter.started(PREVIEW_IMAGES, [0, 1, 2], ["a", "b", "c"])
    for epoch in range(epochs):
        reporter.send("progress", share=0.5)
        output = np.full((3, 8, 8, 1), epoch % 256, np.uint8)
        codes = np.full((3, 2), epoch, np.float32)
        reporter.epoch({"loss": 1 / (epoch + 1), "seconds": 0.1}, output, codes)
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


@settings(deadline=None)
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
    run.start_attempt(Entry(run.record.id, "ada", "", 0.0, attempt=2, lost="worker", lost_epoch=4))
    snapshot = run.snapshot
    assert (snapshot.status, snapshot.epoch, snapshot.pictures) == ("starting", 0, None)
    assert (snapshot.lost, snapshot.lost_epoch, run.frames) == ("worker", 4, ())
    for message in told(2):
        assert run.apply(message)
    assert run.snapshot.epoch == 2


def test_a_stopped_run_that_cannot_be_saved_says_both():
    run = fresh()
    stopped, full = Message.of("stopped", epoch=3), Message.of("run_not_saved", reason="full")
    run.end(RunOutcome("stopped", stopped))
    run.keep_unsaved(full)
    check(run.snapshot.reason, "ended_not_saved", problem=stopped, unsaved=full)
    assert run.snapshot.status == "stopped"
