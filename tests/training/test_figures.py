"""The figures of a history: NumPy's, and what they say of every loss and bottleneck."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core import metrics
from ae_core.data.loading import load_images
from ae_core.models.autoencoder import Autoencoder
from ae_core.specs import (
    CHOICES,
    change,
    preset,
)
from ae_core.training import steps
from ae_core.training.loop import MAP_POINTS, PREVIEW_IMAGES
from tests.helpers.training import SMALL, train, trained_one_by_one


def test_held_out_figures_are_numpys(images):
    """PSNR, code mean and share of idle units of the network as it is after the epoch."""
    outcome, epochs = train(SMALL, images)
    autoencoder = Autoencoder.from_weights(SMALL.autoencoder, (8, 8, 1), outcome.weights)
    codes, output = autoencoder.encode(images.test), autoencoder.reconstruct(images.test)
    last = outcome.history[-1]
    error = metrics.mse(images.test, output)
    assert last["val_loss"] == pytest.approx(error, rel=1e-4)
    assert last["val_psnr"] == pytest.approx(metrics.psnr_of_mse(error), abs=1e-3)
    assert last["val_code_mean"] == pytest.approx(float(codes.mean()), abs=1e-4)
    assert last["val_near_zero_share"] == pytest.approx(
        float((np.abs(codes) < metrics.NEAR_ZERO).mean()), abs=5e-3
    )
    np.testing.assert_allclose(epochs[-1].preview, output[:PREVIEW_IMAGES], atol=1e-5)


@pytest.mark.thorough
def test_psnr_is_of_pixels_up_to_one_whatever_the_network_sees(images):
    spec = change(SMALL, pixel_scale=255, output_activation="relu", learning_rate=1e-3)
    outcome, _ = train(spec, images)
    last = outcome.history[-1]
    # Outputs above 255 are clipped in the picture, not in the loss: never the better for it.
    assert last["val_psnr"] >= metrics.psnr_of_mse(last["val_loss"] / 255**2) - 1e-3
    assert 3 < last["val_psnr"] < 30


def test_the_digits_preset_learns():
    spec = replace(preset("digits-dense"), epochs=4)
    outcome, epochs = train(spec, load_images(*spec.images))
    losses = [m["loss"] for m in outcome.history]
    assert losses == sorted(losses, reverse=True)
    assert outcome.history[-1]["val_loss"] < 0.9 * outcome.history[0]["val_loss"]
    assert outcome.history[-1]["val_psnr"] > outcome.history[0]["val_psnr"] + 1
    assert [e.number for e in epochs] == [1, 2, 3, 4]
    assert [e.metrics for e in epochs] == list(outcome.history)
    for epoch in epochs:
        assert epoch.preview.shape == (PREVIEW_IMAGES, 32, 32, 1)
        assert ((epoch.preview >= 0) & (epoch.preview <= 1)).all()
        assert epoch.codes is None
    assert all(m["seconds"] > 0 for m in outcome.history)


@pytest.mark.samples(2)
@pytest.mark.parametrize(
    ("loss", "optimizer"),
    [(loss, "adam") for loss in CHOICES["loss"]]
    + [("l2", "sgd"), ("mse", "sgd"), ("mse", "rmsprop")],
)
def test_every_loss_falls_and_every_optimizer_works(images, loss, optimizer):
    # `l2` sums over pixels and batch, the likelihoods over pixels: steps as small as that.
    summed = loss in ("l2", "gaussian-nll", "bernoulli-nll")
    rate = (1e-4 if summed else 0.1) if optimizer == "sgd" else 3e-3
    spec = replace(SMALL, loss=loss, optimizer=optimizer, learning_rate=rate, epochs=3)
    outcome, _ = train(spec, images)
    assert outcome.status == "finished"
    assert outcome.history[-1]["val_loss"] < outcome.history[0]["val_loss"]


VARIATIONAL = change(SMALL, bottleneck="variational", loss="bernoulli-nll")


@pytest.fixture(scope="module")
def variational(images):
    return train(VARIATIONAL, images)[0]


@pytest.mark.samples(1)
@pytest.mark.parametrize(("beta", "loss"), [(0.0, "bernoulli-nll"), (4.0, "gaussian-nll")])
def test_variational_loss_is_reconstruction_plus_beta_times_kl(images, beta, loss):
    outcome, _ = train(change(VARIATIONAL, loss=loss, beta=beta), images)
    for m in outcome.history:
        for prefix in ("", "val_"):
            parts = m[f"{prefix}reconstruction"] + beta * m[f"{prefix}kl"]
            assert m[f"{prefix}loss"] == pytest.approx(parts, rel=1e-5)
            assert m[f"{prefix}kl"] > 0
            assert f"{prefix}penalty" not in m


@pytest.mark.thorough
def test_total_correlation_is_priced_in_a_variational_loss(images, variational):
    priced, _ = train(change(VARIATIONAL, loss="gaussian-nll", total_correlation=5.0), images)
    metrics = priced.history[-1]
    wanted = metrics["reconstruction"] + metrics["kl"] + metrics["penalty"]
    assert metrics["loss"] == pytest.approx(wanted, rel=1e-5)
    assert "penalty" not in variational.history[-1]


def test_held_out_kl_is_the_posteriors(images, variational):
    spec, outcome = VARIATIONAL, variational
    autoencoder = Autoencoder.from_weights(spec.autoencoder, (8, 8, 1), outcome.weights)
    mean, log_var = (a.astype(float) for a in autoencoder.posterior(images.test))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean()
    assert outcome.history[-1]["val_kl"] == pytest.approx(kl, rel=1e-4)
    # What the pages show, and so what the PSNR is of, is the mean's picture.
    error = metrics.mse(images.test, autoencoder.reconstruct(images.test))
    assert outcome.history[-1]["val_psnr"] == pytest.approx(metrics.psnr_of_mse(error), abs=1e-3)


@pytest.mark.thorough
def test_a_larger_beta_leaves_less_kl(images):
    kl = []
    for beta in (0.1, 10.0):
        spec = change(SMALL, bottleneck="variational", loss="bernoulli-nll", beta=beta, epochs=10)
        kl.append(train(spec, images)[0].history[-1]["val_kl"])
    assert kl[1] < kl[0] / 2


@pytest.mark.thorough
def test_a_sparse_code_is_sparser_and_its_penalty_is_in_the_loss(images):
    plain = change(SMALL, latent_dim=16, code_activation="sigmoid", epochs=20, learning_rate=1e-2)
    sparse = change(plain, bottleneck="sparse", sparsity=1e-2)
    without, _ = train(plain, images)
    with_it, _ = train(sparse, images)
    for m in with_it.history:
        for prefix in ("", "val_"):
            parts = m[f"{prefix}reconstruction"] + m[f"{prefix}penalty"]
            assert m[f"{prefix}loss"] == pytest.approx(parts, rel=1e-5)
    # λ·Σ|z|: of 16 sigmoid units the sum is 16 times the mean.
    last = with_it.history[-1]
    assert last["val_penalty"] == pytest.approx(1e-2 * 16 * last["val_code_mean"], rel=1e-4)
    assert "penalty" not in without.history[-1]
    assert last["val_near_zero_share"] > without.history[-1]["val_near_zero_share"] + 0.2
    assert last["val_code_mean"] < without.history[-1]["val_code_mean"] / 2


def test_a_sparse_bottleneck_without_a_penalty_trains_as_a_plain_one(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    sparse, _ = train(change(SMALL, bottleneck="sparse", sparsity=0.0), images)
    for name, array in trained_one_by_one(SMALL).weights.items():
        np.testing.assert_array_equal(array, sparse.weights[name])


def test_a_code_of_two_numbers_comes_with_its_map(images):
    spec = change(SMALL, latent_dim=2, epochs=1)
    outcome, epochs = train(spec, images)
    codes = epochs[-1].codes
    assert codes.shape == (min(120, MAP_POINTS), 2)
    autoencoder = Autoencoder.from_weights(spec.autoencoder, (8, 8, 1), outcome.weights)
    np.testing.assert_allclose(codes, autoencoder.encode(images.test), atol=1e-5)
