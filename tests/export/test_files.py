"""What a visitor takes home: a .keras file that Keras loads, and exactly the run's pictures."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.export.files import keras_file, picture_file
from ae_core.models import autoencoder as ae
from ae_core.models import weights
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile
from ae_core.models.networks import build
from ae_core.models.pretrained import cards
from ae_core.specs import ImageChoice, TrainingSpec, change
from tests.helpers.exported import CONV, FAMILIES
from tests.helpers.refusals import refused

KERAS_38 = json.loads((Path(__file__).parents[1] / "fixtures/keras-3.8.json").read_text())

# Keras itself warns when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SPECS = {
    "dense": change(TrainingSpec(), encoder="dense16", decoder="dense16", latent_dim=4),
    "map": CONV,
    "components": FAMILIES["components, dropout, jitter"],
    "pixels up to 255": FAMILIES["a noise layer"],
    "bfloat16": FAMILIES["variational components in bfloat16"],
}


def loaded(data, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(data)
    return keras.models.load_model(path)


@pytest.mark.parametrize("name", SPECS)
def test_a_keras_file_reconstructs_as_the_app_does(name, tmp_path):
    spec = SPECS[name]
    shape = image_shape(spec)
    # Weights far from the first ones, so that outputs reach beyond 0 and 1.
    rng = np.random.default_rng(0)
    drawn = {
        key: array + rng.normal(0, 0.2, array.shape).astype(np.float32)
        for key, array in ae.weights_of(build(spec.autoencoder, shape, seed=1)).items()
    }
    path = tmp_path / "weights.npz"
    path.write_bytes(weights.to_bytes(drawn))
    model = loaded(keras_file(ModelFile(spec, str(path), 1)), tmp_path)
    images = load_images(*spec.images).test[:50]
    own = Autoencoder.from_weights(spec.autoencoder, shape, drawn).reconstruct(images)
    assert own.std() > 0.01
    np.testing.assert_allclose(model.predict(images, verbose=0), own, atol=1e-6)


@pytest.mark.thorough
def test_a_variational_model_of_the_app_is_its_mean(tmp_path):
    card = cards()["toy-faces-vae"]
    model = loaded(keras_file(card.model_file()), tmp_path)
    images = load_images(*card.spec.images).test[:20]
    kept = weights.dequantize(weights.from_bytes(card.weights.read_bytes()))
    own = Autoencoder.from_weights(card.spec.autoencoder, images.shape[1:], kept)
    np.testing.assert_allclose(model.predict(images, verbose=0), own.reconstruct(images), atol=1e-6)


OLDER = SPECS | {"pooling, he_uniform": FAMILIES["the l2 recipe"]}


@pytest.mark.parametrize("name", [*OLDER, "toy-faces-vae"])
def test_an_older_keras_knows_all_that_a_keras_file_sets(name, tmp_path):
    if name in OLDER:
        spec = OLDER[name]
        path = tmp_path / "weights.npz"
        networks = build(spec.autoencoder, image_shape(spec), seed=1)
        path.write_bytes(weights.to_bytes(ae.weights_of(networks)))
        model = ModelFile(spec, str(path), 1)
    else:
        model = cards()[name].model_file()
    with zipfile.ZipFile(io.BytesIO(keras_file(model))) as file:
        assert file.testzip() is None
        network = json.loads(file.read("config.json"))
    met = set()
    for kind, config in configs(network):
        assert set(config) <= set(KERAS_38[kind]), kind
        met.add(kind)
    assert {"Functional", "Dense", "GlorotUniform"} <= met or {"Functional", "Conv2D"} <= met


def configs(part):
    """Every class in a network and its settings."""
    if isinstance(part, dict) and isinstance(part.get("config"), dict):
        yield part["class_name"], part["config"]
    if isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from configs(inner)


def test_a_deleted_model_is_a_sentence(tmp_path):
    gone = ModelFile(SPECS["dense"], str(tmp_path / "abc" / "weights.npz"), 1)
    with refused("weights_gone"):
        keras_file(gone)


@pytest.mark.samples(1)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("split", ["held-out", "none"])
def test_the_pictures_are_exact(split, channels):
    choice = ImageChoice("toy-faces", 32, split, channels)
    images = load_images(*choice)
    assert images.image_shape == (32, 32, channels)
    with np.load(io.BytesIO(picture_file(choice)), allow_pickle=False) as file:
        for part in ("train", "test"):
            kept = file[part]
            assert kept.dtype == (np.uint8 if channels == 3 else np.float32)  # as they are drawn
            kept = kept / np.float32(255) if channels == 3 else kept
            np.testing.assert_array_equal(kept, getattr(images, part))


def test_pictures_of_256_steps_are_kept_as_such(monkeypatch):
    steps = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    stepped = replace(load_images("digits"), read_train=lambda: steps / np.float32(255))
    monkeypatch.setattr("ae_core.data.loading.load_images", lambda *_: stepped)
    with np.load(io.BytesIO(picture_file(ImageChoice("digits", 8))), allow_pickle=False) as file:
        assert file["train"].dtype == np.uint8
        np.testing.assert_array_equal(file["train"], steps)
        assert file["test"].dtype == np.float32
