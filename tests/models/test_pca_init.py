"""Networks between principal components: they start as PCA, the layers add to it."""

import numpy as np
import pytest

from ae_core.models.autoencoder import Autoencoder
from ae_core.models.baselines import fit_pca
from ae_core.models.compatibility import apply_setting, network_shapes
from ae_core.models.networks import build
from ae_core.models.pca_init import importance, init_from_pca, without_encoder_projection
from ae_core.models.shapes import parameters
from ae_core.specs import AutoencoderSpec, TrainingSpec, change, parse_layers
from ae_core.specs.losses import LOSSES
from ae_core.training.loop import fit
from tests.helpers.refusals import refused

NETWORK = AutoencoderSpec(
    parse_layers("dense24, dense16"),
    parse_layers("dense16"),
    latent_dim=5,
    output_activation="linear",
    pca_components=20,
    dropout=0.1,
)
DIGITS = TrainingSpec(image_set="digits", image_size=8, autoencoder=NETWORK, epochs=1)


@pytest.fixture(scope="module")
def digits():
    from ae_core.data.loading import load_images

    return load_images("digits", 8)


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("bottleneck", ["plain", "variational"])
def test_it_starts_as_the_principal_components(digits, scale, bottleneck):
    spec = change(DIGITS, pixel_scale=scale, bottleneck=bottleneck, loss="gaussian-nll").autoencoder
    networks = build(spec, digits.image_shape, seed=0)
    init_from_pca(spec, networks, digits.train, LOSSES["gaussian-nll"])
    made = Autoencoder(spec, digits.image_shape, networks)
    wanted = fit_pca(digits.train, 5).reconstruct(digits.test)
    np.testing.assert_allclose(made.reconstruct(digits.test), wanted, atol=1e-4)
    codes = made.encode(digits.train)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(codes, rowvar=False), np.eye(5), atol=1e-2)


def test_what_counts_in_the_loss_counts_in_the_start(digits):
    """Of the images within 20 components, the codes are the first five axes when weighted."""
    loss = LOSSES["centre-nll"]
    spec = change(DIGITS, bottleneck="variational", loss=loss.name).autoencoder
    networks = build(spec, digits.image_shape, seed=0)
    init_from_pca(spec, networks, digits.train, loss)
    made = Autoencoder(spec, digits.image_shape, networks)
    roots = np.sqrt(importance(loss, *digits.image_shape))
    assert np.ptp(roots) > 1
    pca = fit_pca(digits.train, 20)

    def within(images):
        return ((images.reshape(len(images), -1) - pca.mean) @ pca.components.T) @ pca.components

    mean = pca.mean * roots
    axes = np.linalg.svd(within(digits.train) * roots, full_matrices=False)[2][:5]
    tests = within(digits.test) * roots + mean
    wanted = ((tests - mean) @ axes.T @ axes + mean) / roots
    found = made.reconstruct(digits.test).reshape(len(digits.test), -1)
    inside = (wanted > 0.01) & (wanted < 0.99)  # reconstructions are clipped
    np.testing.assert_allclose(found[inside], wanted[inside], atol=2e-3)
    np.testing.assert_allclose(
        np.cov(made.encode(digits.train), rowvar=False), np.eye(5), atol=0.02
    )


def test_the_analysis_need_not_be_kept(digits):
    spec = change(DIGITS, pixel_scale=255).autoencoder
    networks = build(spec, digits.image_shape, seed=0)
    init_from_pca(spec, networks, digits.train, LOSSES["mse"])
    made = Autoencoder(spec, digits.image_shape, networks)
    short = without_encoder_projection(made.weights())
    assert set(made.weights()) - set(short) == {"encoder_0/kernel", "encoder_0/bias"}
    again = Autoencoder.from_weights(spec, digits.image_shape, short)
    np.testing.assert_allclose(again.encode(digits.test), made.encode(digits.test), atol=1e-4)


def test_its_parameters_are_counted(digits):
    networks = build(NETWORK, digits.image_shape, seed=0)
    built = sum(int(np.prod(variable.shape)) for variable in networks.variables)
    assert parameters(network_shapes(DIGITS)) == built


def test_training_goes_on_from_there_and_beats_it(digits):
    outcome = fit(change(DIGITS, epochs=15, learning_rate=2e-3), digits, on_epoch=lambda _: None)
    linear = fit_pca(digits.train, 5).reconstruct(digits.test)
    psnr = -10 * np.log10(np.mean((linear - digits.test) ** 2))
    assert outcome.history[-1]["val_psnr"] > psnr + 0.3


def test_more_numbers_than_pixels_or_pictures_are_refused(digits):
    spec = change(DIGITS, pca_components=65)
    with refused("components_pictures", value=65, most=64):
        fit(spec, digits, on_epoch=lambda _: None)


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("output_activation", "sigmoid", "linear"),
        ("code_activation", "relu", "linear"),
        ("latent_dim", 21, "components_code"),
    ],
)
def test_what_it_does_not_go_with_is_refused(name, value, key):
    with refused(key, value=value):
        change(DIGITS, **{name: value})


def test_on_the_page_other_settings_follow_it():
    chosen = apply_setting(TrainingSpec(loss="bce"), "pca_components", 32)
    assert chosen.autoencoder.output_activation == "linear"
    assert chosen.loss == "mse"
    assert apply_setting(chosen, "loss", "bce").autoencoder.pca_components == 0
    assert apply_setting(chosen, "code_activation", "relu").autoencoder.pca_components == 0
    variational = apply_setting(
        apply_setting(TrainingSpec(), "bottleneck", "variational"), "pca_components", 32
    )
    assert variational.loss == "gaussian-nll"
