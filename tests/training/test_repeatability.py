"""Equal settings give equal runs, however many steps a call makes and whoever compiles them."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core.specs import (
    CHOICES,
    change,
)
from ae_core.training import steps
from ae_core.training.steps import WORTH_COMPILING
from tests.helpers.training import (
    KINDS,
    SMALL,
    Counting,
    assert_same,
    every_kind,
    figures,
    train,
    trained_one_by_one,
)

COMPILED = {
    name: CHOICES[name]
    for name in ("activation", "code_activation", "loss", "optimizer", "schedule")
}


@pytest.mark.thorough
@pytest.mark.parametrize("turn", range(max(map(len, COMPILED.values()))))
def test_whatever_xla_compiles_it_trains_as_without(images, monkeypatch, turn):
    chosen = {name: values[turn % len(values)] for name, values in COMPILED.items()}
    bottleneck = ("plain", "sparse")[turn % 2]
    spec = change(SMALL, **chosen, bottleneck=bottleneck, epochs=1, learning_rate=1e-3)
    assert steps.should_jit_compile(spec, WORTH_COMPILING)
    assert not steps.should_jit_compile(spec, WORTH_COMPILING - 1)
    assert not steps.should_jit_compile(replace(spec, precision="bfloat16"), WORTH_COMPILING)
    monkeypatch.setattr(steps, "PLAIN_EPOCHS", 0)
    monkeypatch.setattr(steps, "should_jit_compile", lambda *_: True)
    with_it, _ = train(spec, images)
    monkeypatch.setattr(steps, "should_jit_compile", lambda *_: False)
    without, _ = train(spec, images)
    assert with_it.history[0]["loss"] == pytest.approx(without.history[0]["loss"], rel=1e-4)


@pytest.mark.thorough
def test_nobody_waits_for_xla_to_see_a_curve(images, monkeypatch):
    spec = replace(SMALL, epochs=steps.PLAIN_EPOCHS + 1)
    ends = []
    for compiled in (True, False):
        monkeypatch.setattr(steps, "should_jit_compile", lambda *_, value=compiled: value)
        ends.append(train(spec, images)[0].history)
    same = [first["loss"] == other["loss"] for first, other in zip(*ends, strict=True)]
    assert same[:-1] == [True] * steps.PLAIN_EPOCHS
    assert ends[0][-1]["loss"] == pytest.approx(ends[1][-1]["loss"], rel=1e-4)


@pytest.mark.samples(1)
@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_another_seed_gives_another_run(kind):
    first = trained_one_by_one(KINDS[kind])
    other = trained_one_by_one(replace(KINDS[kind], seed=1))
    assert figures(first) != figures(other)
    assert not np.array_equal(first.weights["encoder_0/kernel"], other.weights["encoder_0/kernel"])


@pytest.mark.samples(1)
@every_kind
def test_a_run_repeats_itself_however_many_steps_a_call_makes(images, monkeypatch, spec):
    one_by_one = trained_one_by_one(spec)
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 10)
    control = Counting()
    at_once, _ = train(spec, images, control)
    assert at_once.status == "finished"
    assert len(at_once.history) == 2
    assert control.asked < 12  # of 2 epochs of 16 batches
    assert_same(one_by_one, at_once)  # to the last digit: the sums are in float64


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["conv", "variational"])
def test_bfloat16_learns_much_the_same(images, kind):
    spec = replace(KINDS[kind], epochs=4)
    full, _ = train(spec, images)
    half, _ = train(replace(spec, precision="bfloat16"), images)
    assert half.status == "finished"
    assert {array.dtype for array in half.weights.values()} == {np.dtype(np.float32)}
    assert half.history[-1]["val_loss"] == pytest.approx(full.history[-1]["val_loss"], rel=0.05)
    assert half.history[-1]["val_loss"] < half.history[0]["val_loss"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "spec",
    [
        change(SMALL, noise_kind="salt-and-pepper", noise_amount=0.1, seed=2**31 - 1),
        change(SMALL, noise_kind="gaussian", noise_amount=0.1, noise_stage="layer", seed=2**31 - 1),
        change(SMALL, bottleneck="variational", loss="bernoulli-nll", seed=2**31 - 1),
    ],
    ids=["batch", "layer", "variational"],
)
def test_the_largest_seed_is_a_seed(images, spec):
    assert train(replace(spec, epochs=1), images)[0].status == "finished"
