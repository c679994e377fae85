"""Every model that comes with the app is the one its card says, whole and small enough."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.denoising.filters import FILTERS, filtered
from ae_core.images import from_png, rows_of_sheet
from ae_core.latent.browser_decoder import MAX_MACS, decoder_macs
from ae_core.latent.explore import stored_decoder
from ae_core.latent.profile import LatentProfile
from ae_core.metrics import psnr
from ae_core.models import pretrained
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.compatibility import image_shape
from ae_core.models.denoiser import Denoiser
from ae_core.models.inference import ModelFile
from ae_core.models.pca_init import with_encoder_projection
from ae_core.models.pretrained import (
    FACE_DISTANCES,
    FOLDER,
    ModelCard,
    NoiseResult,
    best_for,
    cards,
    write_card,
)
from ae_core.models.shapes import infer_shapes, parameters
from ae_core.models.weights import dequantize, from_bytes
from ae_core.pretrain.build import benchmark_autoencoder
from ae_core.pretrain.noise_benchmark import benchmark
from ae_core.pretrain.recipes import DENOISERS, RECIPES, recipe
from ae_core.specs import PRESETS, Corruption, change, preset
from ae_core.storage.files import ROOT
from ae_core.text.sentences import say

PAGES = (ROOT / "app.py", *(ROOT / "pages").rglob("*.py"))
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
PARTS = ("encoder", "decoder")
# The places that the pages ask for, and those that the cards name.
PLACES = {
    *(place for path in PAGES for place in re.findall(r'\bbest_for\("(.+?)"\)', path.read_text())),
    *(place for card in cards().values() for place in card.best_for),
}
AUTOENCODERS = [name for name in NAMES if name in RECIPES]
MOST_BYTES = 6 << 20


def has_attributes(name: str) -> bool:
    """Faces with measured or chosen properties, which have directions."""
    return IMAGE_SETS[recipe(name).image_set].label_names[:1] == ("smile",)


def is_ours_to_show(name: str) -> bool:
    """Pictures of sets that are not embedded may not be in the repository."""
    return IMAGE_SETS[recipe(name).image_set].embedded


@pytest.fixture(params=AUTOENCODERS)
def card(request):
    return cards()[request.param]


@pytest.fixture(params=NAMES)
def any_card(request):
    return cards()[request.param]


def test_there_are_models_and_each_has_its_files():
    assert "digits-dense" in NAMES
    files = {path.name for path in FOLDER.iterdir()}
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("json", "npz", "thumbnail.png")}
    expected |= {f"{name}.atlas.npz" for name in AUTOENCODERS}
    expected |= {f"{name}.samples.jpg" for name in AUTOENCODERS if RECIPES[name].samples}
    labelled = [name for name in AUTOENCODERS if RECIPES[name].samples and has_attributes(name)]
    expected |= {f"{name}.directions.jpg" for name in labelled}
    expected |= {f"{name}.png" for name in AUTOENCODERS if is_ours_to_show(name)}
    assert files == expected | {f"{name}.npz" for name in FACE_DISTANCES.values()}
    assert set(NAMES) <= set(RECIPES) | set(DENOISERS)
    assert {each.preset or name for name, each in RECIPES.items()} <= set(PRESETS)


def test_a_card_is_of_what_its_recipe_trains(card):
    assert card.spec == recipe(card.name)


def test_its_files_are_small(any_card):
    for path in FOLDER.glob(f"{any_card.name}.*"):
        assert 0 < path.stat().st_size <= MOST_BYTES


def named_sizes(layers, network):
    """How many numbers each layer has, shortcuts apart, under its name in the network."""
    shortcut = network.pca_components * network.latent_dim
    sizes = {}
    for part in PARTS:
        for i, layer in enumerate(layer for layer in layers if layer.part == part):
            added = shortcut if layer.is_linear and part == "decoder" else 0
            sizes[f"{part}_{i}"] = layer.parameters - added
    code = next(layer for layer in layers if layer.part == "code").parameters - shortcut
    variational = network.bottleneck == "variational"
    sizes |= {"z_mean": code // 2, "z_log_var": code // 2} if variational else {"code": code}
    sizes["output"] = layers[-1].parameters
    return {name: size for name, size in sizes.items() if size}


def test_its_weights_are_those_of_the_planned_layers(card):
    weights = dequantize(from_bytes(card.weights.read_bytes()))
    network = card.spec.autoencoder
    if network.pca_components:
        weights = with_encoder_projection(weights)
    layers = infer_shapes(card.spec.autoencoder, image_shape(card.spec))
    found = {}
    for name, array in weights.items():
        layer, what = name.split("/")
        assert what in ("kernel", "bias")
        found[layer] = found.get(layer, 0) + array.size
    shortcuts = {f"{part}_shortcut": found.pop(f"{part}_shortcut", 0) for part in PARTS}
    assert set(shortcuts.values()) == {network.pca_components * network.latent_dim}
    assert found == named_sizes(layers, network)
    assert sum(array.size for array in weights.values()) == parameters(layers)


def test_its_weights_are_finite_float32(any_card):
    for array in dequantize(from_bytes(any_card.weights.read_bytes())).values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


@pytest.mark.parametrize("name", [name for name in AUTOENCODERS if is_ours_to_show(name)])
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


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_preset_and_its_changes(name):
    assert recipe(name) == change(preset(RECIPES[name].preset or name), **RECIPES[name].changes)


def test_an_unknown_recipe():
    sentence = f"name=foo must be one of {', '.join(RECIPES)}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        recipe("foo")


def test_a_card_survives_its_file(tmp_path, monkeypatch):
    results = (NoiseResult("digits", "gaussian", 0.1, 20.0, 25.5),)
    figures = {"loss": 0.1 + 0.2, "psnr": 20.0}
    digits = recipe("digits-dense")
    card = ModelCard("digits-dense", digits, figures, results, best_for=("home", "map"))
    denoiser = ModelCard("face-denoiser", DENOISERS["face-denoiser"], {}, results, (27.5, 27.0))
    write_card(card, tmp_path)
    write_card(denoiser, tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    cards.cache_clear()
    try:
        assert cards() == {"digits-dense": card, "face-denoiser": denoiser}
        assert card.weights.parent == tmp_path
    finally:
        cards.cache_clear()


@pytest.mark.parametrize("place", sorted(PLACES))
def test_each_place_that_asks_for_its_best_model_has_one(place):
    assert place in best_for(place).best_for


def test_home_s_model_is_alive_in_a_browser_without_a_worker():
    card = best_for("home")
    file = card.model_file()
    assert isinstance(file, ModelFile)
    decoder = stored_decoder(file, card.name)
    assert decoder is not None
    assert len(decoder) < 1e6
    assert decoder_macs(card.spec.autoencoder, image_shape(card.spec)) <= MAX_MACS
    profile = LatentProfile.from_bytes(card.profile_path.read_bytes())
    assert len(profile.direction_names) >= 4


@pytest.mark.parametrize("name", [name for name in AUTOENCODERS if is_ours_to_show(name)])
def test_the_first_codes_of_its_profile_are_those_of_its_preview(name):
    card = cards()[name]
    shape = image_shape(card.spec)
    pictures = rows_of_sheet(from_png(card.preview.read_bytes()), shape)[0] / np.float32(255)
    known = LatentProfile.from_bytes(card.profile_path.read_bytes()).codes[: len(pictures)]
    kept = dequantize(from_bytes(card.weights.read_bytes()))
    codes = Autoencoder.from_weights(card.spec.autoencoder, shape, kept).encode(pictures)
    assert np.abs(codes - known).max() < 0.05 * np.abs(known).max()  # of 8-bit pictures


def test_a_place_without_a_best_model_is_an_error_of_the_programmer():
    with pytest.raises(ValueError, match=r"^best_for=nowhere must be named by one card, not 0$"):
        best_for("nowhere")


# --- models that remove noise: the figures of their cards, and the classical filters ---------

FEW = 20  # pictures for the slow filters


@pytest.fixture(scope="module")
def faces():
    if not IMAGE_SETS["lfw-crop"].available:
        pytest.skip("needs lfwcrop_grey64.npz in AE_DATA_DIR")
    return load_images("lfw-crop")


OF_DENOISERS = pytest.mark.parametrize("name", [n for n in cards() if n not in AUTOENCODERS])


def denoiser(name="face-denoiser"):
    card = cards()[name]
    return Denoiser(card.spec, dequantize(from_bytes(card.weights.read_bytes())))


def strangers(card):
    """The held-out faces of a denoiser's own set, people whom it has not seen."""
    known = IMAGE_SETS[card.spec.image_set]
    if not known.available:
        pytest.skip(f"needs {known.file} in AE_DATA_DIR")
    return load_images(known.name, channels=card.spec.channels).test


def assert_stated(found, stated, within=None):
    """Results are those of a card: as good as its rounding, or within so many dB on a sample."""
    for ours, theirs in zip(found, stated, strict=True):
        assert (ours.kind, ours.amount) == (theirs.kind, theirs.amount)
        assert ours.noisy == pytest.approx(theirs.noisy, abs=within or 0.02)
        assert ours.denoised == pytest.approx(theirs.denoised, abs=within or 0.05)


@OF_DENOISERS
def test_a_denoisers_figures_on_few_faces_are_nearly_those_of_its_card(name):
    card = cards()[name]
    clean = strangers(card)[:FEW]
    found = benchmark(denoiser(name).denoise, card.spec.image_set, clean)
    assert_stated(found, card.noise_results, 2.0)
    assert all(
        stated.denoised > stated.noisy for stated in card.noise_results
    )  # it gains for every kind


@OF_DENOISERS
@pytest.mark.recipes
def test_a_denoisers_figures_are_those_of_its_card(name):
    card = cards()[name]
    found = benchmark(denoiser(name).denoise, card.spec.image_set, strangers(card))
    assert_stated(found, card.noise_results)


def test_the_denoiser_beats_every_classical_filter_on_gaussian_noise(faces):
    clean = faces.test[:FEW]
    noises = [Corruption("gaussian", amount) for amount in (0.1, 0.2, 0.3)]
    ours = benchmark(denoiser().denoise, "lfw-crop", clean, noises)
    for name in FILTERS:
        theirs = benchmark(
            lambda noisy, name=name: np.stack([filtered(name, image) for image in noisy]),
            "lfw-crop",
            clean,
            noises,
        )
        assert all(a.denoised > b.denoised > b.noisy for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("name", ["lfw-crop", "lfw-faces"])
def test_the_people_of_the_figures_were_not_trained_on(name):
    if not IMAGE_SETS[name].available:
        pytest.skip(f"needs {IMAGE_SETS[name].file} in AE_DATA_DIR")
    faces = load_images(name)
    assert not set(faces.train_groups) & set(faces.test_groups)
    people = len(set(faces.train_groups.tolist()))
    assert say(f"pictures.{name}.people").startswith(f"{people:,} people")


def noise_results(card, few):
    """What an autoencoder of faces does with noise, on `FEW` pictures or on all."""
    if not IMAGE_SETS[card.spec.image_set].available:
        pytest.skip(f"needs {card.spec.image_set} in AE_DATA_DIR")
    small = load_images("lfw-crop", card.spec.image_size)
    small = replace(small, test=small.test[: FEW if few else None])
    autoencoder = Autoencoder.from_weights(
        card.spec.autoencoder, small.image_shape, dequantize(from_bytes(card.weights.read_bytes()))
    )
    return benchmark_autoencoder(card.spec, autoencoder.reconstruct, small)


OF_FACES = pytest.mark.parametrize(
    "name", [name for name in AUTOENCODERS if name.startswith("olivetti")]
)


@OF_FACES
def test_an_autoencoders_noise_figures_on_few_faces_are_nearly_those_of_its_card(name, faces):
    card = cards()[name]
    assert_stated(noise_results(card, few=True), card.noise_results, 2.0)


@OF_FACES
@pytest.mark.recipes
def test_an_autoencoders_noise_figures_are_those_of_its_card(name, faces):
    card = cards()[name]
    assert_stated(noise_results(card, few=False), card.noise_results)
