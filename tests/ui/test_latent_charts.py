"""Charts of codes: the numbers in them are those that were given."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest

from pages.ui.charts import latent

NAMES = ("z2", "z1")
LEGEND = ("this", "others")


def drawn(figure):
    return go.Figure(figure)  # refuses what Plotly does not know


def test_a_posterior_shows_means_and_deviations():
    figure = drawn(latent.posterior(np.array([1.0, -2.0]), np.array([0.5, 0.25]), NAMES))
    (points,) = figure.data
    assert points.x == NAMES
    assert points.y == (1.0, -2.0)
    assert points.error_y.array == (0.5, 0.25)


def test_kl_bars_show_a_picture_next_to_the_usual():
    figure = drawn(latent.kl_bars(np.array([3.0, 1.0]), np.array([2.0, 2.0]), NAMES, LEGEND, "KL"))
    assert figure.layout.yaxis.title.text == "KL"
    assert [bars.y for bars in figure.data] == [(3.0, 1.0), (2.0, 2.0)]
    assert [bars.name for bars in figure.data] == list(LEGEND)


@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_the_ellipse_is_two_deviations_from_its_centre(angle):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spread = turn @ np.diag([4.0, 0.25]) @ turn.T
    centre = np.array([1.0, -1.0])
    figure = drawn(latent.posterior_map(np.zeros((3, 2)), centre, spread, LEGEND))
    edge = np.stack([figure.data[1].x, figure.data[1].y], axis=1) - centre
    distances = np.einsum("ni,ij,nj->n", edge, np.linalg.inv(spread), edge)
    np.testing.assert_allclose(distances, latent.INSIDE**2)


def test_a_point_is_an_ellipse_too():
    figure = drawn(latent.posterior_map(np.zeros((1, 2)), np.ones(2), np.zeros((2, 2)), LEGEND))
    assert set(figure.data[1].x) == {1.0}


def test_a_table_of_factors_is_as_strong_as_the_correlations_and_marks_the_large_ones():
    found = np.array([[0.9, -0.1], [-0.7, 0.25], [0.0, 0.3]])
    shown = latent.factor_table(found, ("smile", "hair", "skin"), NAMES, "which follows which")
    assert re.findall(r"<th[^>]*>(\w+)", shown) == [*NAMES, "smile", "hair", "skin"]
    cells = re.findall(r'class="(\w*)" style="background:rgb\(53 88 216 / (\d+)%\)">(.*?)<', shown)
    assert [int(strength) for _, strength, _ in cells] == [90, 10, 70, 25, 0, 30]
    assert [float(written) for *_, written in cells] == found.ravel().tolist()
    assert [kind for kind, *_ in cells] == ["strong", "", "strong", "", "", "noted"]
