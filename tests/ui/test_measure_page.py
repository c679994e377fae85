"""The Measure page: its two views, their figures and their links."""

import pytest

from pages.ui.evaluation.rates import _sized
from pages.ui.pickers.models import pretrained_autoencoders
from tests.helpers.app_page import metric, opened, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.mark.samples(2)
@pytest.mark.parametrize("view", ["Bytes", "Unknown"])
@pytest.mark.parametrize("model", ["digits-dense", "toy-faces-vae"])
def test_every_view_of_the_measure_page_opens(model, view):
    other = "toy-faces" if model == "digits-dense" else "digits"
    page = opened("pages/measure.py", model=model, view=view, **{"with": other})
    assert not texts(page.error)
    if view == "Bytes":
        assert metric(page, "Beats JPEG up to").endswith(" B")
        assert "pays off from" in texts(page.markdown)
    else:
        assert float(metric(page, "AUC")) > 0.99
        assert metric(page, "False alarms") in ("4%", "5%", "6%")


@pytest.mark.parametrize(
    ("view", "name", "written", "key", "values"),
    [
        ("Bytes", "model", "nope", "unknown_run", {"id": "nope"}),
        ("Bytes", "also", "000000000000", "unknown_run", {"id": "000000000000"}),
        ("Bytes", "bytes", "abc", "between", {"value": "abc"}),
        ("Bytes", "bytes", "-3", "between", {"value": -3}),
        ("Unknown", "threshold", "abc", "between", {"value": "abc"}),
        ("Unknown", "threshold", "nan", "between", {"value": "nan"}),
        ("Unknown", "threshold", "1e9", "between", {"value": 1e9}),
    ],
)
def test_a_bad_link_into_the_measure_page_is_one_sentence(view, name, written, key, values):
    query = {"model": "digits-dense", "view": view, name: written}
    page = opened("pages/measure.py", **query)
    assert says(texts(page.error), key, name=name, **values)
    assert page.metric


@pytest.mark.parametrize(
    "query",
    [{"view": "xyz"}, {"count": "xyz"}, {"source": "xyz"}, {"view": "Unknown", "with": "cats"}],
)
def test_a_choice_that_there_is_not_is_the_first_one(query):
    page = opened("pages/measure.py", **{"model": "digits-dense"} | query)
    assert not texts(page.error)
    assert page.metric


def test_a_higher_threshold_finds_less_and_alarms_less():
    query = {"model": "digits-dense", "view": "Unknown"}
    steps = opened("pages/measure.py", **query).select_slider(key="measure.threshold").options
    for step, share in ((steps[0], "100%"), (steps[-1], "0%")):
        page = opened("pages/measure.py", **query, threshold=step)
        assert (metric(page, "Unknown found"), metric(page, "False alarms")) == (share, share)


def test_a_model_s_name_says_once_how_many_numbers_it_has():
    for model in pretrained_autoencoders().values():
        size = f"{model.spec.autoencoder.latent_dim} numbers"
        assert _sized(model).count(size) == 1


def test_bytes_as_they_are_are_more_than_entropy_coded_ones():
    query = {"model": "toy-faces-vae"}
    coded = metric(opened("pages/measure.py", **query), "Size at best quality")
    plain = metric(opened("pages/measure.py", **query, count="plain"), "Size at best quality")
    assert float(coded.split()[0]) < float(plain.split()[0])
