"""Every view of the latent space, for codes of every size and for bad links."""

import re
import shutil

import numpy as np
import pytest

from ae_core.data.loading import card
from ae_core.latent.effects import VISIBLE
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import explained
from ae_core.models.pretrained import best_for, cards
from ae_core.specs import change, preset
from pages.ui.latent.component import heard
from tests.helpers.app_page import LATENT_VIEWS, metric, opened, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.mark.parametrize("view", LATENT_VIEWS)
def test_every_view_of_the_latent_space_opens(view):
    page = opened("pages/latent_space.py", model="toy-faces-vae", view=view)
    assert not texts(page.error)
    assert not page.info


@pytest.mark.parametrize("view", LATENT_VIEWS)
def test_missing_images_are_said_once(view, tmp_path, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    page = opened("pages/latent_space.py", model="faces", view=view)
    said = [each.value for each in page.info]
    assert len(said) == len(set(said))
    assert not texts(page.error)


@pytest.mark.parametrize(
    ("view", "name", "written", "key", "values"),
    [
        ("Sliders", "z", "1,2", "code_numbers", {"count": 2, "wanted": 12}),
        ("Sliders", "z", ",".join(["0"] * 11 + ["nan"]), "code_number", {"place": 12}),
        ("Walk", "from", "picture:9999", "code_picture", {"value": "picture:9999"}),
        ("Walk", "to", "picture:000000009999", "code_picture", {}),
        ("Walk", "to", "1", "code_numbers", {"count": 1, "wanted": 12}),
        ("Directions", "a", "picture:-1", "code_picture", {"value": "picture:-1"}),
        ("Sliders", "also", "000000000000", "unknown_run", {"id": "000000000000"}),
        ("Walk", "steps", "99", "whole", {"value": 99, "low": 3, "high": 15}),
        ("Walk", "at", "2", "between", {"value": 2, "low": 0, "high": 1}),
        ("Samples", "temperature", "-1", "between", {"value": -1, "low": 0, "high": 3}),
        ("Sliders", "model", "000000000000", "unknown_run", {"id": "000000000000"}),
    ],
)
def test_a_bad_link_into_the_latent_space_is_one_sentence(view, name, written, key, values):
    query = {"model": "toy-faces-vae", "view": view, name: written}
    page = opened("pages/latent_space.py", **query)
    assert says(texts(page.error), key, name=name, **values)


@pytest.mark.parametrize("written", ["9", "1,2", "x", ",".join(["0"] * 7 + ["nan"])])
def test_bad_strengths_of_directions_are_one_sentence(written):
    query = {"model": "toy-faces-vae", "view": "Directions", "strengths": written}
    page = opened("pages/latent_space.py", **query)
    assert "strengths: write 8 numbers between −2 and 2, not " in texts(page.error)


@pytest.mark.parametrize("written", ["x", "1;-2", "1;99999999", ";".join("123456789" * 2)])
def test_bad_groups_of_an_own_direction_are_one_sentence(written):
    query = {"model": "toy-faces-vae", "view": "Directions", "with": written, "without": "3"}
    page = opened("pages/latent_space.py", **query)
    assert not page.exception
    assert "with: write at most 12 numbers from 0 to " in texts(page.error)


def test_an_own_direction_is_the_way_between_two_groups():
    query = {"model": "toy-faces-vae", "view": "Directions", "with": "1;2", "without": "3"}
    page = opened("pages/latent_space.py", **query, own="1.5", called="<b>\u200bx</b>" * 9)
    assert not page.exception
    assert not texts(page.error)
    called = page.text_input(key="latent.called").value
    assert called.startswith("<b>x</b><b>x</b>")
    assert len(called) <= 24


def test_a_walk_that_has_no_way_or_goes_nowhere_says_so():
    ahead, back = ",".join(["1"] * 12), ",".join(["-1"] * 12)
    walk = {"model": "toy-faces-vae", "view": "Walk", "way": "Around the origin"}
    opposite = opened("pages/latent_space.py", **walk | {"from": ahead, "to": back})
    assert says(texts(opposite.info), "opposite")
    same = opened("pages/latent_space.py", **walk | {"from": "picture:3", "to": "picture:3"})
    assert "choose a different one" in texts(same.info)


@pytest.fixture(scope="module")
def trained():
    """Runs of one epoch by the size of their codes."""
    from pages.ui.backend.service import service

    made = {}
    for size in (1, 2, 512):
        spec = change(preset("digits-dense"), image_size=8, latent_dim=size, epochs=1)
        made[size] = service().submit(spec, f"visitor{size}", "digits-dense")
    for run_id in made.values():
        assert service().wait_until(run_id, lambda s: not s.live, 90).status == "finished"
    return made


@pytest.mark.samples(7)
@pytest.mark.parametrize("view", LATENT_VIEWS)
@pytest.mark.parametrize("size", [1, 2, 512])
def test_codes_of_one_number_of_two_and_of_512_have_every_view(trained, size, view):
    page = opened("pages/latent_space.py", model=trained[size], view=view)
    assert not texts(page.error)
    if size == 2 and view == "Samples":
        page = opened("pages/latent_space.py", model=trained[2], view=view, samples="Grid")
        assert not texts(page.error)


@pytest.mark.thorough
def test_a_run_without_weights_says_whether_they_come():
    from pages.ui.backend.service import service

    slow = change(preset("toy-faces-vae"), batch_size=1)  # whose first epoch takes a minute
    run_id = service().submit(slow, "visitor", "toy-faces-vae")
    page = opened("pages/latent_space.py", model=run_id)
    assert says(texts(page.error), "run_weights_later", id=run_id)
    service().stop(run_id)
    assert service().wait_until(run_id, lambda run: not run.live, 90).epoch == 0
    page.run()
    assert says(texts(page.error), "run_weights", id=run_id)


def test_a_model_deleted_meanwhile_is_a_sentence_and_another_is_shown(trained):
    from pages.ui.backend.service import service

    page = opened("pages/latent_space.py", model=trained[1])
    shutil.rmtree(service().store.folder(trained[1]))
    page.run()
    assert not page.exception
    assert says(texts(page.error), "unknown_run", id=trained[1])
    assert "Shown instead: a model that comes with the app" in texts(page.error)


def test_known_factors_are_held_against_the_numbers_of_the_code():
    page = opened("pages/latent_space.py", model="toy-faces-vae", view="Directions")
    assert 0 <= float(metric(page, "Lead of the best number")) <= 1
    assert metric(page, "Factors found").endswith("of 8")
    assert "Which latent variable encodes which property" not in texts(
        opened("pages/latent_space.py", model="digits-dense", view="Directions").markdown
    )


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_formula_of_a_random_code_adds_up_as_it_is_printed(lang):
    page = opened("pages/latent_space.py", view="Posterior", seed="4", lang=lang)
    written = page.latex[0].value.replace("{,}", ".")
    mean, deviation, noise, value = map(float, re.findall(r"-?\d+\.\d+", written))
    assert mean + deviation * noise == pytest.approx(value, abs=0.00051)


def test_charts_of_some_dimensions_say_how_many_these_are():
    few = texts(opened("pages/latent_space.py", view="Posterior").caption)
    assert "The charts show" not in few
    if not card("lfw-crop").available:
        pytest.skip("needs the faces")
    many = texts(opened("pages/latent_space.py", model="faces-vae", view="Posterior").caption)
    assert "The charts show the 20 dimensions" in many


def test_what_is_said_of_random_codes_is_what_the_codes_are():
    """A dimension that never leaves its place is named; a model without one is near N(0, I)."""
    page = opened("pages/latent_space.py", view="Samples")
    known = profile_of(best_for("latent").name)
    said = texts(page.caption)
    still = int(np.square(known.factor).sum(axis=1).argmin())
    assert (f"most of all z{still + 1} with" in said) == (known.effects[still] < VISIBLE)
    near = texts(opened("pages/latent_space.py", model="faces-vae", view="Samples").caption)
    assert "Here every dimension of the training codes is near N(0, 1)" in near


def test_a_map_is_coloured_by_what_its_plane_shows():
    model = best_for("latent").name
    page = opened("pages/latent_space.py", model=model, view="Map")
    known = profile_of(model)
    shown = explained(known.projection.project(known.codes), known.labels)
    most = known.label_names[int(shown.argmax())]
    assert page.selectbox(key="latent.colour").value == most
    assert f"explains {shown.max():.0%} of it" in texts(page.caption)


@pytest.mark.parametrize("view", ["", *LATENT_VIEWS])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_each_view_has_one_heading_and_one_sentence(view, lang):
    page = opened("pages/latent_space.py", lang=lang, **({"view": view} if view else {}))
    assert len(page.title) == len(page.header) == 1
    assert not page.subheader


def test_a_code_without_a_model_keeps_the_model_when_the_view_changes():
    page = opened("pages/latent_space.py", view="Map", z="0.5,-0.5")
    assert page.query_params["model"] == best_for("map").name
    assert not texts(page.error)


def profile_of(name):
    return LatentProfile.from_bytes(cards()[name].profile_path.read_bytes())


def test_a_plain_model_has_no_posterior_and_says_so():
    page = opened("pages/latent_space.py", model="digits-dense", view="Posterior")
    assert "not a distribution" in texts(page.info)


def test_the_late_message_of_a_view_that_is_gone_is_dropped():
    taken = []
    heard("numbers-of-a-view-that-is-gone", taken.append)()
    assert taken == []
