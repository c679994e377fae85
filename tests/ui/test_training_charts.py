"""Figures that Plotly accepts, with every line where it belongs and its first and last epoch."""

import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.runs.snapshot import CodeMap
from ae_core.specs import CHOICES
from pages.ui.charts.training import MAX_POINTS, code_map, comparison, loss_curves

PLAIN = ("loss", "psnr", "code_mean", "near_zero_share")
VAE = (*PLAIN, "reconstruction", "kl")


def history(epochs, names=PLAIN, held_out=True):
    """Every metric has values of its own: 100, 200, … plus a fraction of the epoch."""
    every = [*names, *(f"val_{name}" for name in names if held_out)]
    rows = [{name: 100 * (i + 1) for i, name in enumerate(every)} | {"seconds": 1.0}]
    return tuple(
        {name: value + epoch / 1000 for name, value in row.items()}
        for row in rows
        for epoch in range(epochs)
    )


def metric_of(trace, past):
    """Which metric a line shows, found by its first value."""
    return next(name for name, value in past[0].items() if value == trace["y"][0])


def accepted(figure):
    """Plotly checks every name and value; the browser gets JSON."""
    go.Figure(figure)
    json.dumps(figure)
    return figure


@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("names", [PLAIN, VAE])
@pytest.mark.parametrize("held_out", [True, False])
@pytest.mark.parametrize("epochs", [0, 1, 2, 40])
def test_plotly_accepts_every_loss_figure(loss, names, held_out, epochs):
    figure = accepted(loss_curves(history(epochs, names, held_out), loss, 50, str))
    shown = [] if epochs == 0 else [*names[:1], *names[2:], *(["val_loss"] if held_out else [])]
    assert len(figure["data"]) == len(shown)


def test_the_words_of_a_loss_and_its_lines_are_on_the_figure():
    titles = loss_curves(history(3), "Average loss", 3, str.upper)["layout"]["annotations"]
    assert titles[0]["text"].startswith("Average loss: ")
    assert "HELD_OUT" in titles[0]["text"]


def rows_of(figure, past):
    """The metrics of every row, from top to bottom."""
    axes = {}
    for trace in figure["data"]:
        axis = "yaxis" + trace["yaxis"][1:]
        assert trace["xaxis"][1:] == trace["yaxis"][1:]
        axes.setdefault(axis, set()).add(metric_of(trace, past))
    return [axes[name] for name in sorted(axes, key=lambda a: -figure["layout"][a]["domain"][0])]


def test_a_variational_run_shows_reconstruction_and_kl_in_rows_of_their_own():
    past = history(5, VAE)
    rows = rows_of(loss_curves(past, "bernoulli-nll", 5, str), past)
    assert rows[:3] == [{"loss", "val_loss"}, {"val_reconstruction"}, {"val_kl"}]
    past = history(5, VAE, held_out=False)
    rows = rows_of(loss_curves(past, "bernoulli-nll", 5, str), past)
    assert rows[:3] == [{"loss"}, {"reconstruction"}, {"kl"}]


def test_the_code_s_mean_and_idle_share_are_below_the_loss():
    past = history(5)
    rows = rows_of(loss_curves(past, "mse", 5, str), past)
    assert rows[0] == {"loss", "val_loss"}
    assert set.union(*rows[1:]) == {"code_mean", "near_zero_share"}


@pytest.mark.parametrize("names", [PLAIN, VAE])
def test_rows_do_not_overlap(names):
    layout = loss_curves(history(3, names), "gaussian-nll", 3, str)["layout"]
    domains = sorted(layout[key]["domain"] for key in layout if re.match(r"yaxis\d*$", key))
    edges = [edge for domain in domains for edge in domain]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)
    assert edges[0] >= 0
    assert edges[-1] <= 1
    assert len(layout["annotations"]) == len(domains)


def test_the_axis_is_as_long_as_the_training_will_be():
    layout = loss_curves(history(3), "mse", 50, str)["layout"]
    axes = [layout[key] for key in layout if key.startswith("xaxis")]
    assert [axis["range"] for axis in axes] == [[0.5, 50.5]] * len(axes)


@given(st.integers(1, 2000))
@settings(max_examples=50)
def test_thinning_keeps_the_first_and_the_last_epoch(epochs):
    past = history(epochs)
    for trace in loss_curves(past, "mse", epochs, str)["data"]:
        assert trace["x"][0] == 1
        assert trace["x"][-1] == epochs
        assert len(trace["x"]) == len(trace["y"]) <= MAX_POINTS + 1
        assert len(trace["x"]) >= min(epochs, MAX_POINTS // 2)
        assert trace["x"] == sorted(set(trace["x"]))
        name = metric_of(trace, past)
        assert trace["y"] == [past[epoch - 1][name] for epoch in trace["x"]]


def test_a_single_epoch_is_a_visible_point():
    assert all("markers" in t["mode"] for t in loss_curves(history(1), "mse", 9, str)["data"])
    assert all("markers" not in t["mode"] for t in loss_curves(history(9), "mse", 9, str)["data"])


def test_comparison_draws_the_runs_that_have_the_metric():
    runs = {"a": history(4), "b": history(2, VAE), "waiting": (), "c": history(3, VAE)}
    figure = accepted(comparison(runs, "val_kl", "KL", "epoch"))
    assert [trace["name"] for trace in figure["data"]] == ["b", "c"]
    assert figure["layout"]["yaxis"]["title"]["text"] == "KL"
    assert len(accepted(comparison(runs, "loss", "Loss", "epoch"))["data"]) == 3
    assert accepted(comparison({}, "loss", "Loss", "epoch"))["data"] == []


def test_compared_runs_have_colours_of_their_own():
    figure = comparison({str(i): history(2) for i in range(8)}, "loss", "Loss", "epoch")
    assert len({trace["line"]["color"] for trace in figure["data"]}) == 8


@given(st.lists(st.integers(0, 9), max_size=60))
def test_the_map_shows_every_code_once_with_its_class(labels):
    codes = np.arange(2 * len(labels), dtype=np.float32).reshape(-1, 2)
    figure = code_map(CodeMap(codes, tuple(labels), tuple("abcdefghij")))
    found = [
        (x, y, trace["name"])
        for trace in figure["data"]
        for x, y in zip(trace["x"], trace["y"], strict=True)
    ]
    wanted = [(*code, "abcdefghij"[label]) for code, label in zip(codes, labels, strict=True)]
    assert sorted(found) == sorted(wanted)


def test_plotly_accepts_the_map_before_and_after_the_first_epoch():
    labels, names = (0, 1, 1), ("zero", "one")
    accepted(code_map(CodeMap(np.zeros((0, 2), np.float32), labels, names)))
    figure = accepted(code_map(CodeMap(np.ones((3, 2), np.float32), labels, names)))
    assert len({trace["marker"]["color"] for trace in figure["data"]}) == 2
