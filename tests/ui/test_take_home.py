"""The page that takes a model home: how large it is, what is in it, and what it never says."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ae_core.data.user_image_sets import user_sets
from ae_core.models import weights
from ae_core.models.pretrained import cards
from ae_core.runs.home_file import HomeFile, blocks
from ae_core.runs.home_reader import read
from ae_core.runs.record import RunOutcome, new_record
from ae_core.specs import TrainingSpec, change, preset
from pages.ui.backend import home_file
from pages.ui.backend.home_file import brought, home_model
from pages.ui.backend.service import service
from pages.ui.latent.take_home import home_page
from pages.ui.pickers.models import TrainedAutoencoder, pretrained_autoencoders, trained_run
from pages.ui.widgets import one_file
from pages.ui.widgets.component import browser_files
from tests.helpers.app_page import opened
from tests.helpers.home_files import EPOCH, FILE, weights_for
from tests.helpers.refusals import refused

pytestmark = pytest.mark.usefixtures("own_runs")
SMALL = [name for name in cards() if name.startswith(("mnist-", "digits-", "toy-"))]


def page_of(model: TrainedAutoencoder) -> str:
    return home_page(model, home_model(model.file, model.id))


def ended_run(spec: TrainingSpec, owner: str = "ada") -> TrainedAutoencoder:
    """Return a run with random weights that is stored as one that has ended."""
    store = service().store
    record = new_record(spec, "digits-dense", owner)
    store.begin([record])
    outcome = RunOutcome("finished", history=(EPOCH,) * spec.epochs, weights=weights_for(spec))
    files = {"weights.npz": weights.to_bytes(outcome.weights)}
    assert store.finish(record.ended(outcome), files)
    return trained_run(service().snapshot(record.id))


@pytest.mark.samples(1)
@pytest.mark.parametrize("name", SMALL)
def test_a_small_model_of_the_app_has_two_megabytes_at_most(name):
    page = page_of(pretrained_autoencoders()[name])
    assert len(page.encode()) <= 2_000_000
    assert read(page.encode()).model == name
    assert "https:" not in page.replace("https://html.spec.whatwg.org", "")
    assert re.search(r"\bimport\b[^;\n]*\bfrom\b", page) is None
    assert page.count("</script>") == page.count("<script") == 4


def test_an_own_run_of_digits_dense_has_three_megabytes_at_most_and_comes_back():
    spec = preset("digits-dense")
    page = page_of(ended_run(spec)).encode()
    assert len(page) <= 3_000_000
    assert set(one_file.NEVER_ASKED) <= set(browser_files())
    found = read(page)
    assert found.spec == spec
    assert len(found.history) == spec.epochs


def test_of_a_network_that_is_too_large_to_come_back_the_decoder_goes_home(monkeypatch):
    monkeypatch.setattr(home_file, "ROOM", 2_000_000)
    model = ended_run(preset("digits-dense"))
    made = home_model(model.file, model.id)
    assert not made.returns
    page = home_page(model, made)
    assert "too large" in page
    with refused("home_decoder"):
        read(page.encode())


@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e6])
def test_a_network_that_learned_nothing_comes_back_and_has_its_pages(factor):
    own = {name: factor * array for name, array in weights_for(FILE.spec).items()}
    run = brought(blocks(replace(FILE, weights=own)).encode())
    for path in ("pages/latent_space.py", "pages/train.py"):
        assert not opened(path, model=run, run=run, view="Sliders").exception


def test_a_network_whose_numbers_grow_beyond_all_bounds_is_refused():
    own = {name: np.float32(1e30) * array for name, array in weights_for(FILE.spec).items()}
    before = service().store.trained_on(FILE.spec.image_set)
    with refused("home_draws"):
        brought(blocks(replace(FILE, weights=own)).encode())
    assert service().store.trained_on(FILE.spec.image_set) == before


def test_a_run_from_pictures_of_another_server_is_refused():
    made = user_sets().create("ada", "Anna's <b>digits</b>", 28)
    spec = change(FILE.spec, image_set=made.image_set, image_size=28)
    user_sets().delete(made.id, "ada")
    file = HomeFile(spec, FILE.saved, history=(EPOCH,), weights=weights_for(spec))
    with refused("home_own_pictures"):
        brought(blocks(file).encode())
