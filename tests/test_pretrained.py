"""Every model that comes with the app is the one its card says, whole and small enough."""

import re

import numpy as np
import pytest

from ae_core import pretrained
from ae_core.data import IMAGE_SETS
from ae_core.metrics import psnr
from ae_core.pictures import from_png, rows_of_sheet
from ae_core.plan import parameters, plan
from ae_core.pretrained import FOLDER, RECIPES, card_for, cards, recipe, write_card
from ae_core.refit import image_shape
from ae_core.specs import PRESETS, change, preset
from ae_core.weights import from_bytes

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
MOST_BYTES = 6 << 20


def is_ours_to_show(name: str) -> bool:
    """Pictures of sets that are not embedded may not be in the repository."""
    return IMAGE_SETS[recipe(name).image_set].embedded


@pytest.fixture(params=NAMES)
def card(request):
    return cards()[request.param]


def test_there_are_models_and_each_has_its_files():
    assert "digits-dense" in NAMES
    files = {path.name for path in FOLDER.iterdir()}
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("json", "npz")}
    assert files == expected | {f"{name}.png" for name in NAMES if is_ours_to_show(name)}
    assert set(NAMES) <= set(RECIPES) <= set(PRESETS)


def test_a_card_is_of_what_its_recipe_trains(card):
    assert card.spec == recipe(card.name)
    assert card_for(card.name, card.figures) == card


def test_its_files_are_small(card):
    for path in FOLDER.glob(f"{card.name}.*"):
        assert 0 < path.stat().st_size <= MOST_BYTES


def named_sizes(layers, variational):
    """How many numbers each layer that learns has, under the layer's name in the network."""
    sizes = {}
    for part in ("encoder", "decoder"):
        for i, layer in enumerate(layer for layer in layers if layer.part == part):
            sizes[f"{part}_{i}"] = layer.parameters
    code = next(layer for layer in layers if layer.part == "code").parameters
    sizes |= {"z_mean": code // 2, "z_log_var": code // 2} if variational else {"code": code}
    sizes["output"] = layers[-1].parameters
    return {name: size for name, size in sizes.items() if size}


def test_its_weights_are_those_of_the_planned_layers(card):
    weights = from_bytes(card.weights.read_bytes())
    layers = plan(card.spec.autoencoder, image_shape(card.spec))
    found = {}
    for name, array in weights.items():
        layer, what = name.split("/")
        assert what in ("kernel", "bias")
        found[layer] = found.get(layer, 0) + array.size
    assert found == named_sizes(layers, card.spec.autoencoder.bottleneck == "variational")
    assert sum(array.size for array in weights.values()) == parameters(layers)


def test_its_weights_are_finite_float32(card):
    for array in from_bytes(card.weights.read_bytes()).values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


@pytest.mark.parametrize("name", [name for name in NAMES if is_ours_to_show(name)])
def test_its_preview_shows_pictures_and_what_became_of_them(name):
    card = cards()[name]
    shape = image_shape(card.spec)
    rows = rows_of_sheet(from_png(card.preview.read_bytes()), shape)
    assert rows.shape == (2, 8, *shape)
    clean, output = rows / np.float32(255)
    assert clean.std(axis=0).mean() > 0.01  # eight different pictures
    assert output.std(axis=0).mean() > 0.01
    shuffled = psnr(clean, np.roll(output, 1, axis=0))
    assert psnr(clean, output) > shuffled + 3
    assert psnr(clean, output) == pytest.approx(card.figures["val_psnr"], abs=3)


def test_a_card_names_its_data_and_its_terms(card):
    images = IMAGE_SETS[card.spec.image_set]
    assert card.terms == images.terms
    assert f"{images.train_count:,} training pictures, {images.test_count:,} held out" in card.data
    assert card.not_for.startswith("Not for recognising people")


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_preset_and_its_changes(name):
    assert recipe(name) == change(preset(name).spec, **RECIPES[name])


def test_an_unknown_recipe():
    sentence = f"name=foo must be one of {', '.join(RECIPES)}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        recipe("foo")


def test_a_card_survives_its_file(tmp_path, monkeypatch):
    card = card_for("digits-dense", {"loss": 0.1 + 0.2, "psnr": 20.0})
    write_card(card, tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    cards.cache_clear()
    try:
        assert cards() == {"digits-dense": card}
        assert card.weights.parent == tmp_path
    finally:
        cards.cache_clear()
