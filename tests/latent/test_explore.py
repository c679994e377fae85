"""What a worker answers the Latent space page, called in this process on models of the app."""

import json

import numpy as np
import pytest

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.latent import explore
from ae_core.latent.browser_decoder import (
    MAX_MACS,
    MAX_WEIGHTS,
    decoder_macs,
    decoder_weights,
)
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import Gaussian
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.models.pretrained import cards
from ae_core.pretrain.recipes import RECIPES
from ae_core.specs import PRESETS, AutoencoderSpec, parse_layers
from tests.helpers.refusals import refused

FACES, DIGITS = (cards()[name].model_file() for name in ("toy-faces-vae", "digits-dense"))


@pytest.fixture(scope="module")
def digits():
    return load_images("digits", cards()["digits-dense"].spec.image_size)


def header(decoder: bytes) -> dict:
    length = int.from_bytes(decoder[:4], "little")
    assert length % 4 == 0
    return json.loads(decoder[4 : 4 + length])


def test_a_decoder_that_is_kept_as_float16_needs_no_network():
    stored = explore.stored_decoder(DIGITS, "digits")
    assert stored == explore.live_decoder(DIGITS, "digits")
    found = header(stored)
    assert found["half"] is True
    assert (found["id"], found["input"], found["shape"]) == ("digits", [16], [32, 32, 1])
    own = sum(array.size for array in autoencoder(DIGITS, (32, 32, 1)).weights().values())
    assert len(stored) < 2 * own  # no encoder in it


def test_a_decoder_that_float16_would_change_travels_as_float32(tmp_path):
    kept = weights.dequantize(weights.from_bytes(cards()["digits-dense"].weights.read_bytes()))
    kept["output/kernel"] *= np.float32(30)  # steeper: small differences become large ones
    path = tmp_path / "weights.npz"
    path.write_bytes(weights.to_bytes(kept))
    model = ModelFile(DIGITS.spec, str(path), 1)
    assert explore.stored_decoder(model, "steep") is None
    assert header(explore.live_decoder(model, "steep"))["half"] is False


def test_weights_beyond_float16_travel_as_float32():
    spec = cards()["digits-dense"].spec
    own = autoencoder(DIGITS, (32, 32, 1)).weights() | {"output/bias": np.full(1024, 1e5, "f4")}
    assert not explore.float16_suffices(spec, own, Gaussian.standard(16))


def test_a_model_that_was_deleted_is_a_sentence(tmp_path):
    gone = ModelFile(DIGITS.spec, str(tmp_path / "abc" / "weights.npz"), 1)
    for ask in (explore.stored_decoder, explore.live_decoder):
        with refused("weights_gone"):
            ask(gone, "gone")


def test_only_small_decoders_are_for_the_browser():
    """All presets' are; a map of 32 × 32 with hundreds of channels is not."""
    for spec in PRESETS.values():
        assert decoder_macs(spec.autoencoder, image_shape(spec)) <= MAX_MACS
        assert decoder_weights(spec.autoencoder, image_shape(spec)) <= MAX_WEIGHTS
    decoder = parse_layers("dense64, reshape8x8x1, up4, conv128, conv256")
    assert decoder_macs(AutoencoderSpec(decoder=decoder), (32, 32, 1)) > MAX_MACS
    dense = AutoencoderSpec(decoder=parse_layers("dense5000"))
    assert decoder_macs(dense, (64, 64, 1)) <= MAX_MACS
    assert decoder_weights(dense, (64, 64, 1)) > MAX_WEIGHTS


def test_a_profile_tells_of_the_codes_that_the_model_gives(digits):
    profile = explore.latent_profile(DIGITS)
    trained = autoencoder(DIGITS, digits.image_shape)
    codes = trained.encode(digits.train)
    assert profile.count == len(codes)
    np.testing.assert_allclose(profile.mean, codes.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(profile.quantiles[2], np.median(codes, axis=0), atol=1e-4)
    np.testing.assert_allclose(profile.codes, trained.encode(digits.test), atol=1e-5)
    assert profile.labels.tolist() == digits.test_labels.tolist()


@pytest.mark.thorough
@pytest.mark.parametrize("name", [name for name in RECIPES if name in cards()])
def test_the_kept_profile_of_a_model_is_that_of_its_weights(name):
    card = cards()[name]
    if not IMAGE_SETS[card.spec.image_set].available:
        pytest.skip(f"needs {card.spec.image_set} in AE_DATA_DIR")
    model = card.model_file()
    kept = LatentProfile.from_bytes(card.profile_path.read_bytes())
    made = explore.latent_profile(model)
    scale = np.abs(made.codes).max()
    if IMAGE_SETS[card.spec.image_set].embedded:
        np.testing.assert_allclose(kept.codes, made.codes, atol=2e-3 * scale)
    else:  # with a decoder they are pictures that are not ours to show
        assert kept.codes.shape == (0, made.latent_dim)
        assert kept.labels is None
    np.testing.assert_allclose(kept.quantiles, made.quantiles, atol=2e-3 * scale)
    np.testing.assert_allclose(kept.effects, made.effects, rtol=2e-2, atol=0.05)
    assert kept.used.tolist() == made.used.tolist()
    if made.variational:
        np.testing.assert_allclose(kept.kl, made.kl, rtol=2e-2, atol=1e-3)
    else:
        assert kept.kl is None
    assert kept.direction_names == made.direction_names
    shown = RECIPES[name].shown
    lengths = np.array([1 / shown.get(each, 1.0) for each in made.direction_names])
    directions = made.directions * lengths[:, np.newaxis]
    np.testing.assert_allclose(kept.directions, directions, atol=2e-3 * scale)


def test_a_map_of_digits_needs_no_file(tmp_path, monkeypatch):
    """Without MNIST, the codes are those of the test images that come with the app."""
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    model = cards()["mnist-vae-2d"].model_file()
    known = explore.with_test_codes(model)
    assert known.codes.shape == (1000, 2)
    assert known.label_names == tuple("0123456789")
    for number in (0, 999):
        code, _ = explore.encode_test(model, model.spec.images, number)
        np.testing.assert_allclose(known.codes[number], code, atol=1e-4)
    np.testing.assert_allclose(known.mean, explore.kept_profile(model).mean)
    numbers = explore.sum_pictures(model)
    assert len(set(numbers)) == 3


def test_decoding_and_encoding_are_those_of_the_model(digits):
    trained = autoencoder(DIGITS, digits.image_shape)
    code, log_var = explore.encode_test(DIGITS, DIGITS.spec.images, 3)
    assert log_var is None
    np.testing.assert_allclose(code, trained.encode(digits.test[3:4])[0], atol=1e-5)
    picture = explore.decode(DIGITS, code[np.newaxis])[0]
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(
        picture / 255, trained.reconstruct(digits.test[3:4])[0], atol=0.5 / 255 + 1e-6
    )


def test_a_variational_model_gives_log_variances():
    mean, log_var = explore.encode_test(FACES, FACES.spec.images, 0)
    assert mean.shape == log_var.shape == (12,)


@pytest.mark.thorough
def test_neighbours_are_the_same_every_time_and_keep_classes_together(digits):
    codes = explore.latent_profile(DIGITS).codes
    points = explore.tsne(codes)
    np.testing.assert_array_equal(points, explore.tsne(codes))
    labels = digits.test_labels
    distances = np.square(points[:, np.newaxis] - points).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).mean() > 0.8


def test_a_model_encodes_a_picture_of_another_size(digits):
    picture = np.asarray(digits.test[3])
    own, _ = explore.encode(DIGITS, picture)
    larger, _ = explore.encode(DIGITS, picture.repeat(2, axis=0).repeat(2, axis=1))
    spread = explore.latent_profile(DIGITS).quantiles
    assert np.abs(own - larger).max() < 0.2 * (spread[-1] - spread[0]).max()


@pytest.mark.parametrize("model", [FACES, DIGITS], ids=["attributes", "classes"])
def test_a_sum_of_codes_begins_with_pictures_whose_sum_is_usual(model):
    """B has what C lacks, and A + B − C is no further from the mean than most pictures."""
    a, b, c = explore.sum_pictures(model)
    profile, labels = explore.latent_profile(model), load_images(*model.spec.images).test_labels
    assert len({a, b, c}) == 3
    if profile.attributes:
        most = int(profile.direction_effects.argmax())
        assert labels[b, most] > labels[c, most] + 0.5
        assert labels[a, most] < labels[b, most] - 0.5
    else:
        assert labels[b] == labels[c] != labels[a]
    codes = profile.codes.astype(np.float64) - profile.mean
    result = profile.codes[a] + profile.codes[b] - profile.codes[c] - profile.mean
    weights = profile.effects / codes.std(axis=0)
    lengths = np.linalg.norm(weights * codes, axis=1)
    assert np.linalg.norm(weights * result) < np.quantile(lengths, 0.9)
