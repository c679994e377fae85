"""What is missing is said before a training begins; colour begins where gray has ended."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ae_core.data import loading
from ae_core.models.autoencoder import Autoencoder, weights_of
from ae_core.models.compatibility import image_shape
from ae_core.models.denoiser import Denoiser
from ae_core.models.denoiser import build as build_denoiser
from ae_core.models.networks import build
from ae_core.pretrain.build import denoiser_in_colour, in_colour, pretrain
from ae_core.pretrain.noise_benchmark import KINDS
from ae_core.pretrain.recipes import DENOISERS, RECIPES, recipe
from ae_core.specs import DenoiserSpec, change
from ae_core.training.loop import fit
from tests.helpers.image_set_files import write_fake
from tests.helpers.refusals import refused


def test_faces_need_a_file_with_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    loading._load.cache_clear()
    path = write_fake("lfw-faces", tmp_path)
    with np.load(path) as measured:
        arrays = {name: measured[name] for name in ("jpeg", "offset", "person")}
    np.savez(path, **arrays)
    with refused("needs_labels", name="faces", file="lfw_faces.npz"):
        pretrain("faces", tmp_path / "out")
    loading._load.cache_clear()


@pytest.mark.thorough
def test_a_denoiser_in_colour_is_trained_and_written(tmp_path, monkeypatch):
    small = DenoiserSpec("toy-faces", channels=3, widths=(4, 8), blocks=(1, 1), steps=2)
    monkeypatch.setitem(DENOISERS, "small", small)
    pretrain("small", tmp_path)
    kept = json.loads((tmp_path / "small.json").read_text())
    assert DenoiserSpec.from_json(json.dumps(kept["spec"])) == small
    assert len(kept["noise_results"]) == len(KINDS)
    with Image.open(tmp_path / "small.thumbnail.png") as thumbnail:
        assert thumbnail.mode == "RGB"
    assert not list(tmp_path.glob("*.part.npz"))


GRAY_FIRST = [name for name, each in RECIPES.items() if each.gray]


@pytest.mark.parametrize("name", GRAY_FIRST)
def test_colour_begins_with_a_network_that_does_what_the_gray_one_does(name):
    spec, gray = recipe(name), change(recipe(name), **RECIPES[name].gray)
    networks = build(gray.autoencoder, image_shape(gray), seed=1)
    before = weights_of(networks)
    ours = Autoencoder(gray.autoencoder, image_shape(gray), networks)
    theirs = Autoencoder.from_weights(spec.autoencoder, image_shape(spec), in_colour(before))
    images = np.random.default_rng(0).random((3, *image_shape(gray)), np.float32)
    same = np.repeat(images, 3, axis=3)
    np.testing.assert_allclose(theirs.encode(same), ours.encode(images), atol=1e-4)
    codes = ours.encode(images)
    drawn = np.repeat(ours.decode(codes), 3, axis=3)
    np.testing.assert_allclose(theirs.decode(codes), drawn, atol=1e-5)


def test_a_denoiser_in_colour_begins_with_what_the_gray_one_does():
    spec = DenoiserSpec("toy-faces", widths=(4, 8), blocks=(1, 1))
    network = build_denoiser(spec, seed=1)
    rng = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, 0.2, variable.shape))
    gray = {each.path: each.numpy() for each in network.trainable_variables}
    images = rng.random((2, 16, 16, 1), np.float32)
    ours = Denoiser(spec, gray).denoise(images)
    theirs = Denoiser(replace(spec, channels=3), denoiser_in_colour(gray))
    drawn = theirs.denoise(np.repeat(images, 3, axis=3))
    assert not np.allclose(ours, images, atol=0.01)
    np.testing.assert_allclose(drawn, np.repeat(ours, 3, axis=3), atol=1e-5)


def test_a_training_begins_with_the_weights_that_it_is_given():
    spec = change(recipe("digits-dense"), epochs=1, steps_per_epoch=1, learning_rate=1e-6)
    images = loading.load_images(*spec.images)
    networks = build(spec.autoencoder, images.image_shape, seed=7)
    start = weights_of(networks)
    ended = fit(spec, images, on_epoch=lambda _: None, start=start).weights
    for name, array in start.items():
        np.testing.assert_allclose(ended[name], array, atol=1e-5)
    with refused("weights"):
        fit(spec, images, on_epoch=lambda _: None, start={})
