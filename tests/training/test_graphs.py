"""Trainings that share graphs and take turns compute, bit for bit, what they compute alone."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from ae_core.specs import change
from ae_core.training import graphs as kept
from ae_core.training import steps
from ae_core.training.control import NoControl
from ae_core.training.graphs import Graphs
from ae_core.training.loop import fit
from ae_core.training.turns import Turn, Turns
from tests.helpers.training import KINDS, SMALL, assert_same, every_kind, train

SEEDS = (0, 1, 2**31 - 1)
PATIENCE = 120


@pytest.fixture(autouse=True)
def one_step_a_call(monkeypatch):
    """Even the rounding of the sums then repeats, and there are many moments to take turns."""
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)


class Traces:
    """Counts the graphs that are traced."""

    def __init__(self, monkeypatch):
        self.count = 0
        bound = kept.Graph.bound

        def counting(graph, function, mine):
            self.count += graph._traced is None
            return bound(graph, function, mine)

        monkeypatch.setattr(kept.Graph, "bound", counting)


@pytest.mark.samples(1)
@every_kind
def test_equal_trainings_share_their_graphs_and_nothing_else(spec, images, monkeypatch):
    alone = [train(replace(spec, seed=seed), images)[0] for seed in SEEDS]
    shared, traces = Graphs(), Traces(monkeypatch)
    counts = []
    for seed, before in zip(SEEDS, alone, strict=True):
        again = fit(replace(spec, seed=seed), images, on_epoch=lambda _: None, graphs=shared)
        assert_same(again, before)
        counts.append(traces.count)
    assert counts[0] == counts[-1] > 0
    different = [before.weights for before in alone]
    assert any((different[0][name] != different[1][name]).any() for name in different[0])


class InTurns(NoControl):
    """Takes turns at every question."""

    def __init__(self, turn):
        self._turn = turn
        self.passed = 0

    def wait(self, epoch):
        self.passed += self._turn.others > 0
        self._turn.let_others()
        return 0.0


@pytest.mark.thorough
@pytest.mark.parametrize("at_once", [2, 1])
def test_neighbours_in_other_threads_change_no_bit(images, at_once):
    specs = [
        replace(KINDS[kind], seed=seed) for kind in ("plain", "variational") for seed in (0, 7)
    ]
    specs.append(change(KINDS["noise layer"], optimizer="sgd", schedule="cosine"))
    alone = [train(spec, images)[0] for spec in specs]
    shared, turns, together = Graphs(), Turns(at_once), {}
    controls = [InTurns(Turn(turns, str(place), seconds=0.0)) for place in range(len(specs))]

    def run(place):
        with controls[place]._turn:
            together[place] = fit(
                specs[place],
                images,
                on_epoch=lambda _: None,
                control=controls[place],
                graphs=shared,
            )

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(specs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    for place, before in enumerate(alone):
        assert_same(together[place], before)
    assert sum(control.passed for control in controls) > 3 * len(specs)


def test_only_what_changes_the_graph_makes_another_kind(images, monkeypatch):
    shared, traces = Graphs(), Traces(monkeypatch)
    counts = []
    for spec in (
        SMALL,
        replace(SMALL, seed=3, epochs=3, max_seconds=60),
        replace(SMALL, learning_rate=0.01),
        replace(SMALL, schedule="cosine"),
        replace(SMALL, schedule="cosine", epochs=3),
    ):
        fit(spec, images, on_epoch=lambda _: None, graphs=shared)
        counts.append(traces.count)
    assert counts[0] == counts[1] < counts[2] < counts[3] < counts[4]


def test_the_last_few_kinds_are_kept(images):
    shared = Graphs(kept=2)
    first = shared.of("first")
    shared.of("second")
    assert shared.of("first") is first
    shared.of("third")
    assert shared.of("first") is first
    assert shared.of("second") == {}
    assert len(shared._graphs) == 2


def test_a_large_training_leaves_nothing(images, monkeypatch):
    monkeypatch.setattr(steps, "MOST_VALUES", 10)
    shared = Graphs()
    fit(replace(SMALL, epochs=1), images, on_epoch=lambda _: None, graphs=shared)
    assert not shared._graphs
    assert np.isfinite(train(SMALL, images)[0].history[-1]["loss"])
