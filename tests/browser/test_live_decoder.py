"""The decoder in the browser, both its engines, against Keras: random weights, every layer."""

import numpy as np
import pytest

from ae_core.latent.browser_decoder import decoder_bytes
from ae_core.latent.explore import stored_decoder
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.compatibility import image_shape
from ae_core.models.networks import build
from ae_core.models.pretrained import cards
from ae_core.models.weights import dequantize, from_bytes, to_float16
from ae_core.specs import CHOICES, PRESETS, AutoencoderSpec, TrainingSpec, parse_layers

ONE = 1 / 255  # a step of an 8-bit pixel
CODES = 3


def in_browser(engines, spec, shape, weights, codes, *, half=False):
    """Return the pictures (N, H, W, C) of each engine."""
    made = decoder_bytes("any", spec, shape, weights, half=half)
    return [pixels.reshape(-1, *shape) for pixels in engines.decoded(made, codes)]


def with_random_weights(spec, shape, seed=0):
    """Return an autoencoder whose biases are random too: Keras' own are zeros at first."""
    autoencoder = Autoencoder(spec, shape, build(spec, shape, seed=seed))
    rng = np.random.default_rng(seed)
    weights = {
        name: (array if array.ndim > 1 else rng.normal(0, 0.3, array.shape)).astype(np.float32)
        for name, array in autoencoder.weights().items()
    }
    if spec.output_activation != "sigmoid":  # then most pixels would be beyond black or white
        weights["output/kernel"] *= np.float32(0.2)
        weights["output/bias"] = weights["output/bias"] * 0.1 + np.float32(spec.pixel_scale / 2)
    if spec.pca_components:  # nothing, until training begins
        kernel = weights["decoder_shortcut/kernel"]
        weights["decoder_shortcut/kernel"] = rng.normal(0, 0.1, kernel.shape).astype(np.float32)
    return Autoencoder.from_weights(spec, shape, weights), weights


def assert_equal_pictures(engines, spec, shape, seed=0):
    autoencoder, weights = with_random_weights(spec, shape, seed)
    codes = np.random.default_rng(seed).normal(0, 2, (CODES, spec.latent_dim)).astype(np.float32)
    keras = autoencoder.decode(codes)
    for pictures in in_browser(engines, spec, shape, weights, codes):
        np.testing.assert_allclose(pictures, keras, atol=ONE / 20, rtol=0)
    assert keras.std() > 0  # the pictures are some


@pytest.mark.samples(1)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_the_picture_that_keras_gives(engines, name):
    spec = PRESETS[name]
    assert_equal_pictures(engines, spec.autoencoder, image_shape(spec))


@pytest.mark.samples(7)
@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("output", CHOICES["output_activation"])
def test_every_activation(engines, activation, output):
    spec = AutoencoderSpec(
        decoder=parse_layers("dense36, reshape3x3x4, convT6/2, conv5"),
        latent_dim=3,
        activation=activation,
        output_activation=output,
    )
    assert_equal_pictures(engines, spec, (6, 6, 1))


@pytest.mark.samples(12)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("decoder", "shape"),
    [
        ("", (5, 3, 1)),
        ("dense7", (4, 4, 3)),
        ("dense40, reshape4x5x2, conv3, conv7/2, conv2", (2, 3, 1)),
        ("dense40, reshape4x5x2, conv3/3", (2, 2, 3)),
        ("dense70, reshape5x7x2, conv5-valid, conv6", (3, 5, 3)),
        ("dense96, reshape4x6x4, conv8, conv12, conv4", (4, 6, 1)),  # these are Winograd's
        ("dense192, reshape6x8x4, conv20-valid", (4, 6, 3)),
        ("dense640, reshape10x16x4, conv8", (10, 16, 1)),
        ("dense70, reshape5x7x2, conv9/2-valid", (2, 3, 1)),
        ("dense30, reshape5x3x2, convT6", (5, 3, 3)),
        ("dense30, reshape5x3x2, convT6-valid", (7, 5, 1)),
        ("dense30, reshape5x3x2, convT8/2", (10, 6, 1)),
        ("dense30, reshape5x3x2, convT3/2-valid", (11, 7, 3)),
        ("dense30, reshape5x3x2, convT2/3", (15, 9, 1)),
        ("dense30, reshape5x3x2, convT5/4-valid", (20, 12, 1)),
        ("dense30, reshape5x3x2, up2, conv9", (10, 6, 3)),
        ("dense30, reshape5x3x2, up3", (15, 9, 1)),
        ("dense70, reshape5x7x2, pool2, conv4", (3, 4, 1)),
        ("dense70, reshape5x7x2, pool3, up2, conv4", (4, 6, 3)),
        ("dense70, reshape7x5x2, pool4, conv4", (2, 2, 1)),
    ],
)
def test_every_layer_stride_padding_and_odd_size(engines, decoder, shape, seed):
    spec = AutoencoderSpec(decoder=parse_layers(decoder), latent_dim=6, activation="elu")
    assert_equal_pictures(engines, spec, shape, seed)


@pytest.mark.parametrize(("decoder", "shape"), [("", (5, 3, 1)), ("dense12, dense7", (6, 4, 3))])
def test_a_shortcut_from_code_to_picture(engines, decoder, shape):
    spec = AutoencoderSpec(
        decoder=parse_layers(decoder), latent_dim=7, output_activation="linear", pca_components=9
    )
    assert_equal_pictures(engines, spec, shape)


def test_pixels_to_255_come_out_between_0_and_1(engines):
    spec = AutoencoderSpec(output_activation="relu", pixel_scale=255, latent_dim=4)
    _, weights = with_random_weights(spec, (4, 4, 1))
    weights["output/bias"] = np.linspace(-50, 300, 16, dtype=np.float32)
    codes = np.zeros((1, 4), np.float32)
    keras = Autoencoder.from_weights(spec, (4, 4, 1), weights).decode(codes)
    assert keras.min() == 0
    assert keras.max() == 1
    for pictures in in_browser(engines, spec, (4, 4, 1), weights, codes):
        np.testing.assert_allclose(pictures, keras, atol=ONE / 20)


@pytest.mark.samples(1)
@pytest.mark.parametrize(
    "name", [n for n, card in cards().items() if isinstance(card.spec, TrainingSpec)]
)
def test_pretrained_decoders_with_rounded_weights_too(engines, name):
    card = cards()[name]
    spec, shape = card.spec.autoencoder, image_shape(card.spec)
    weights = dequantize(from_bytes(card.weights.read_bytes()))
    codes = np.random.default_rng(0).normal(0, 1, (CODES, spec.latent_dim)).astype(np.float32)
    stored = stored_decoder(card.model_file(), name)
    if stored is not None:  # as it travels: in float16, or in steps
        keras = Autoencoder.from_weights(spec, shape, weights).decode(codes)
        for pixels in engines.decoded(stored, codes):
            np.testing.assert_allclose(pixels.reshape(keras.shape), keras, atol=ONE / 10, rtol=0)
    for half, kept in ((False, weights), (True, dequantize(to_float16(weights)))):
        keras = Autoencoder.from_weights(spec, shape, kept).decode(codes)
        for pictures in in_browser(engines, spec, shape, weights, codes, half=half):
            np.testing.assert_allclose(pictures, keras, atol=ONE / 10, rtol=0)
