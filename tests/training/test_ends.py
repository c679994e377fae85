"""How a run ends before its last epoch: stopped, out of time, held, blown up, refused."""

import gc
import math
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tensorflow.python.framework.func_graph import FuncGraph

from ae_core.errors import Message
from ae_core.specs import (
    change,
)
from ae_core.text.sentences import sentence
from ae_core.training import control, steps
from ae_core.training.batches import MetricSums
from ae_core.training.control import NoControl
from ae_core.training.loop import fit
from ae_core.training.steps import TrainStep
from tests.helpers.refusals import check, refused
from tests.helpers.training import (
    DIVERGING,
    LINEAR,
    SMALL,
    Counting,
    assert_same,
    initial_weights,
    train,
    trained_one_by_one,
)


def test_a_stop_keeps_the_weights_of_the_last_complete_epoch(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)  # one step a call: 1 + 16 questions an epoch
    spec = replace(SMALL, epochs=5)
    control = Counting(last=2 * 17 + 8)  # in the middle of epoch 3
    outcome, epochs = train(spec, images, control)
    assert outcome.status == "stopped"
    assert outcome.reason == Message.of("stopped", epoch=3)
    assert control.asked == control.last  # and not once more
    assert control.epochs == [1] * 17 + [2] * 17 + [3] * 8
    assert len(outcome.history) == len(epochs) == 2
    assert_same(outcome, trained_one_by_one(replace(spec, epochs=2)))


@pytest.mark.parametrize("last", [1, 5])  # before the first step, and after some
def test_a_stop_in_the_first_epoch_leaves_the_initial_weights(images, monkeypatch, last):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    outcome, epochs = train(SMALL, images, Counting(last))
    assert (outcome.status, outcome.reason) == ("stopped", Message.of("stopped", epoch=1))
    assert outcome.history == ()
    assert epochs == []
    for name, array in initial_weights(SMALL, images).items():
        np.testing.assert_array_equal(outcome.weights[name], array)


@pytest.mark.thorough
def test_progress_is_told_as_shares_of_each_epoch(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    control = Counting()
    train(SMALL, images, control)
    shares = [32 * step / 500 for step in range(1, 16)] + [1.0]
    assert control.shares == pytest.approx(shares * 2)


def test_progress_ends_at_one_with_steps_per_epoch_too(images):
    control = Counting()
    train(replace(SMALL, steps_per_epoch=7), images, control)
    assert control.shares[-1] == pytest.approx(1.0)


@pytest.mark.thorough
def test_max_seconds_ends_a_run_with_its_weights(images):
    started = time.perf_counter()
    outcome, epochs = train(replace(SMALL, epochs=2000, max_seconds=1), images)
    assert time.perf_counter() - started < 20
    assert outcome.status == "stopped"
    number = len(outcome.history) + 1
    assert number <= 2000
    check(outcome.reason, "stopped_late", epoch=number, seconds=1)
    assert len(epochs) == len(outcome.history)


class Pausing(NoControl):
    """A control that lets the clock run in every wait, and says so or not."""

    def __init__(self, clock, told):
        self.clock, self.told = clock, told

    def wait(self, epoch):
        self.clock.now += 100.0
        return 100.0 if self.told else 0.0


@pytest.mark.samples(1)
@pytest.mark.parametrize("told", [True, False])
def test_a_pause_does_not_count_against_max_seconds(images, monkeypatch, told):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(control, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    outcome, _ = train(replace(SMALL, max_seconds=60), images, Pausing(clock, told))
    assert outcome.status == ("finished" if told else "stopped")
    assert all(m["seconds"] == 0 for m in outcome.history)  # pauses are not training either


def test_a_run_that_diverges_fails_with_finite_weights(images):
    outcome, epochs = train(DIVERGING, images)
    assert outcome.status == "failed"
    number = len(outcome.history) + 1
    check(outcome.reason, "diverged" if number > 1 else "diverged_at_once", epoch=number)
    assert len(epochs) == len(outcome.history)
    assert all(np.isfinite(array).all() for array in outcome.weights.values())


def test_a_run_that_diverges_in_its_first_epoch_says_that_nothing_is_kept(images, monkeypatch):
    nan = staticmethod(lambda vector: MetricSums(loss=math.nan, images=1.0))
    monkeypatch.setattr(TrainStep, "_sums", nan)
    outcome, epochs = train(LINEAR, images)
    check(outcome.reason, "diverged_at_once", epoch=1)
    assert "no weights could be kept" in sentence(outcome.reason)
    assert "keine Gewichte" in sentence(outcome.reason, "de")
    assert (outcome.history, epochs) == ((), [])


@pytest.mark.thorough
def test_weights_from_before_it_blew_up_are_kept(images, monkeypatch):
    """Sound for two epochs, NaN in the third: the second's weights and history are left."""
    sound = replace(LINEAR, epochs=2)
    expected, _ = train(sound, images)

    def poison(epoch):
        if epoch.number == 2:
            nan = staticmethod(lambda vector: MetricSums(loss=math.nan, images=1.0))
            monkeypatch.setattr(TrainStep, "_sums", nan)

    outcome = fit(replace(sound, epochs=5), images, on_epoch=poison)
    assert outcome.status == "failed"
    check(outcome.reason, "diverged", epoch=3)
    assert_same(outcome, expected)


# The loss of the last step is finite, but the step itself threw the weights far away.
FLUNG = change(
    SMALL,
    optimizer="sgd",
    learning_rate=0.1,
    pixel_scale=255,
    output_activation="linear",
    activation="linear",
    encoder="dense16, dense16, dense16",
    batch_size=500,
    epochs=2,
)


def test_no_figure_of_the_history_is_ever_nan(images):
    outcome, epochs = train(FLUNG, images)
    for m in outcome.history:
        assert all(math.isfinite(value) for value in m.values()), m
    assert all(np.isfinite(epoch.preview).all() for epoch in epochs)
    assert outcome.status == "failed"


def test_a_network_that_does_not_fit_the_pictures_is_refused(images):
    spec = change(SMALL, encoder="conv4/2", decoder="dense16, reshape4x4x1, conv4")
    with refused("decoder_pixels", value="4×4", height=8, width=8):
        train(spec, images)


def graphs():
    """How many of TensorFlow's graphs there are in this process."""
    gc.collect()
    return sum(isinstance(each, FuncGraph) for each in gc.get_objects())


@pytest.mark.samples(1)
@pytest.mark.parametrize("changes", [{}, {"optimizer": "sgd"}, {"optimizer": "rmsprop"}])
def test_a_training_leaves_nothing_of_its_graph_behind(images, changes):
    spec = change(SMALL, epochs=1, **changes)
    before = graphs()
    assert train(spec, images)[0].status == "finished"
    assert graphs() <= before
