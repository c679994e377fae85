"""The training loop: against gradient steps in NumPy, repeated, cut, held, ended and blown up."""

import math
import time
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from ae_core import metrics
from ae_core.data import corruption
from ae_core.data.loading import load_images
from ae_core.errors import Message
from ae_core.models import autoencoder as ae
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.networks import build
from ae_core.specs import (
    CHOICES,
    AutoencoderSpec,
    Corruption,
    TrainingSpec,
    change,
    parse_layers,
    preset,
)
from ae_core.training import control, steps
from ae_core.training.batches import MetricSums
from ae_core.training.control import NoControl
from ae_core.training.loop import MAP_POINTS, PREVIEW_IMAGES, fit, preview_images
from ae_core.training.steps import WORTH_COMPILING, TrainStep
from tests.helpers.refusals import check, refused

SMALL = TrainingSpec(
    autoencoder=AutoencoderSpec(parse_layers("dense16"), parse_layers("dense16"), latent_dim=4),
    epochs=2,
    batch_size=32,
)
SIGNS = {"output_mean", "output_spread", "explained"}  # of any network, see `health_metrics`
LINEAR = TrainingSpec(
    autoencoder=AutoencoderSpec((), (), latent_dim=3, output_activation="linear"),
    optimizer="sgd",
    learning_rate=0.1,
    epochs=1,
    batch_size=500,
    seed=3,
)
# Diverges within an epoch: the gradient grows with the square of the pixel scale.
DIVERGING = change(
    SMALL, optimizer="sgd", learning_rate=1.0, pixel_scale=255, output_activation="linear", epochs=5
)


@cache
def some_digits():
    """500 digits to train on, 120 held out."""
    digits = load_images("digits")
    return replace(
        digits,
        train=digits.train[:500],
        train_labels=digits.train_labels[:500],
        test=digits.test[:120],
        test_labels=digits.test_labels[:120],
    )


@pytest.fixture(scope="module")
def images():
    return some_digits()


def train(spec, images, control=None):
    """The outcome and the epochs that were told of."""
    epochs = []
    return fit(spec, images, on_epoch=epochs.append, control=control), epochs


@cache
def trained_one_by_one(spec):
    """The outcome with one step a call, so that even the rounding of the sums repeats."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "SECONDS_PER_CALL", 0)
        return train(spec, some_digits())[0]


def figures(outcome):
    """The history without the clock's part."""
    return [{k: v for k, v in m.items() if k != "seconds"} for m in outcome.history]


def assert_same(one, other):
    assert set(one.weights) == set(other.weights)
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name])
    assert figures(one) == figures(other)


def initial_weights(spec, images):
    networks = build(spec.autoencoder, images.image_shape, seed=spec.seed)
    return ae.weights_of(networks)


def steps_of(spec, images):
    networks = build(
        spec.autoencoder, images.image_shape, seed=spec.seed, corruption=spec.corruption
    )
    return TrainStep(spec, networks, images)


# --- against NumPy ---------------------------------------------------------------------------


def numpy_step(spec, w, x):
    """One step of gradient descent of a linear autoencoder x̂ = (x·W + b)·V + c, in float64.

    Returns the weights after the step and the losses (N,) before it.
    """
    n, p = x.shape
    z = x @ w["code/kernel"] + w["code/bias"]
    error = z @ w["output/kernel"] + w["output/bias"] - x  # (N, P)
    squares = (error**2).sum(axis=1)
    if spec.loss == "mse":
        losses, slope = squares / p, 2 * error / (n * p)
    elif spec.loss == "l2":
        losses, slope = squares / 2, error
    else:  # gaussian-nll
        constant = p * (math.log(spec.sigma) + 0.5 * math.log(2 * math.pi))
        losses, slope = squares / (2 * spec.sigma**2) + constant, error / (n * spec.sigma**2)
    back = slope @ w["output/kernel"].T
    gradients = {
        "code/kernel": x.T @ back,
        "code/bias": back.sum(axis=0),
        "output/kernel": z.T @ slope,
        "output/bias": slope.sum(axis=0),
    }
    return {name: w[name] - spec.learning_rate * g for name, g in gradients.items()}, losses


def batches_of(spec, images):
    """All batches (B, P) of a training, float64; an epoch's last one is what is left."""
    rng = np.random.default_rng(spec.seed)
    x = images.train.reshape(len(images.train), -1).astype(np.float64)
    for _ in range(spec.epochs):
        order = rng.permutation(len(x))
        yield from np.split(x[order], range(spec.batch_size, len(x), spec.batch_size))


@pytest.mark.parametrize(
    ("loss", "learning_rate"), [("mse", 0.1), ("l2", 1e-5), ("gaussian-nll", 1e-4)]
)
@pytest.mark.parametrize("batch_size", [500, 400])
def test_an_epoch_of_gradient_descent_is_numpys(images, loss, learning_rate, batch_size):
    """One batch of all pictures; then one of 400 and the last one of 100, which counts too."""
    spec = replace(LINEAR, loss=loss, learning_rate=learning_rate, batch_size=batch_size, sigma=0.5)
    before = initial_weights(spec, images)
    outcome, _ = train(spec, images)

    w = {name: array.astype(float) for name, array in before.items()}
    losses = []
    for batch in batches_of(spec, images):
        w, of_batch = numpy_step(spec, w, batch)
        losses.extend(of_batch)
    assert len(losses) == 500
    assert outcome.history[0]["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    for name, expected in w.items():
        moved = np.abs(expected - before[name]).max()
        assert moved > 1e-4, name
        np.testing.assert_allclose(outcome.weights[name], expected, atol=2e-3 * moved)


def test_along_a_cosine_the_learning_rate_falls_to_zero(images):
    """Three epochs of two steps of gradient descent, each with its own rate."""
    spec = replace(
        LINEAR, learning_rate=0.1, batch_size=400, epochs=3, schedule="cosine", optimizer="sgd"
    )
    weights = {n: w.astype(np.float64) for n, w in initial_weights(spec, images).items()}
    for step, batch in enumerate(batches_of(spec, images)):
        rate = 0.1 * 0.5 * (1 + math.cos(math.pi * step / 6))
        weights, _ = numpy_step(replace(spec, learning_rate=rate), weights, batch)
    outcome, _ = train(spec, images)
    for name, wanted in weights.items():
        np.testing.assert_allclose(outcome.weights[name], wanted, rtol=1e-4, atol=1e-6)


def test_over_one_cycle_the_learning_rate_rises_for_a_tenth_of_the_steps_and_falls(images):
    """Ten epochs of two steps of gradient descent: two of them rise from zero."""
    spec = replace(LINEAR, batch_size=400, epochs=10, schedule="one-cycle")
    weights = {n: w.astype(np.float64) for n, w in initial_weights(spec, images).items()}
    rates = [0.0, 0.05] + [0.05 * (1 + math.cos(math.pi * step / 18)) for step in range(18)]
    for batch, rate in zip(batches_of(spec, images), rates, strict=True):
        weights, _ = numpy_step(replace(spec, learning_rate=rate or 1e-6), weights, batch)
    outcome, _ = train(spec, images)
    for name, wanted in weights.items():
        np.testing.assert_allclose(outcome.weights[name], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("epochs", [1, 2])
def test_one_cycle_fits_into_a_single_step(images, epochs):
    spec = replace(LINEAR, schedule="one-cycle", epochs=epochs, optimizer="adam")
    assert train(spec, images)[0].status == "finished"


def test_adam_in_one_pass_is_the_papers(images):
    """Algorithm 1 of arXiv 1412.6980, in the order of its section 2, for three epochs of two steps.

    The figures after them, too, so that the first steps' corrections count.
    """
    spec = replace(LINEAR, optimizer="adam", learning_rate=0.01, batch_size=400, epochs=3)
    weights = {n: w.astype(np.float64) for n, w in initial_weights(spec, images).items()}
    first = dict.fromkeys(weights, 0.0)
    second = dict.fromkeys(weights, 0.0)
    for step, batch in enumerate(batches_of(spec, images), start=1):
        moved, _ = numpy_step(replace(spec, learning_rate=1.0), weights, batch)
        rate = 0.01 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        for name in weights:
            gradient = weights[name] - moved[name]
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            weights[name] = weights[name] - rate * first[name] / (np.sqrt(second[name]) + 1e-7)
    outcome, _ = train(spec, images)
    for name, wanted in weights.items():
        np.testing.assert_allclose(outcome.weights[name], wanted, atol=2e-4)


def test_about_half_of_the_pictures_are_mirrored_anew_every_time(images, monkeypatch):
    seen = []
    forward = TrainStep._forward

    def watched(self, pictures, number, training):
        tf.numpy_function(lambda array: seen.append(array.copy()), [pictures], [])
        return forward(self, pictures, number, training)

    monkeypatch.setattr(TrainStep, "_forward", watched)
    steps = steps_of(replace(LINEAR, augment="mirror", batch_size=500), images)
    order = np.arange(500)
    list(steps.epoch(order))
    list(steps.epoch(order))
    straight = [[(p == x).all() for p, x in zip(s, images.train, strict=False)] for s in seen]
    mirrored = [
        [(p == x[:, ::-1]).all() for p, x in zip(s, images.train, strict=False)] for s in seen
    ]
    assert np.logical_or(straight, mirrored).all()
    assert 150 < np.sum(straight[0]) < 350
    assert straight[0] != straight[1]


COMPILED = {
    name: CHOICES[name]
    for name in ("activation", "code_activation", "loss", "optimizer", "schedule")
}


@pytest.mark.parametrize("turn", range(max(map(len, COMPILED.values()))))
def test_whatever_xla_compiles_it_trains_as_without(images, monkeypatch, turn):
    chosen = {name: values[turn % len(values)] for name, values in COMPILED.items()}
    bottleneck = ("plain", "sparse")[turn % 2]
    spec = change(SMALL, **chosen, bottleneck=bottleneck, epochs=1, learning_rate=1e-3)
    assert steps.should_jit_compile(spec, WORTH_COMPILING)
    assert not steps.should_jit_compile(spec, WORTH_COMPILING - 1)
    assert not steps.should_jit_compile(replace(spec, precision="bfloat16"), WORTH_COMPILING)
    monkeypatch.setattr(steps, "should_jit_compile", lambda *_: True)
    with_it, _ = train(spec, images)
    monkeypatch.setattr(steps, "should_jit_compile", lambda *_: False)
    without, _ = train(spec, images)
    assert with_it.history[0]["loss"] == pytest.approx(without.history[0]["loss"], rel=1e-4)


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


def test_psnr_is_of_pixels_up_to_one_whatever_the_network_sees(images):
    spec = change(SMALL, pixel_scale=255, output_activation="relu", learning_rate=1e-3)
    outcome, _ = train(spec, images)
    last = outcome.history[-1]
    # Outputs above 255 are clipped in the picture, not in the loss: never the better for it.
    assert last["val_psnr"] >= metrics.psnr_of_mse(last["val_loss"] / 255**2) - 1e-3
    assert 3 < last["val_psnr"] < 30


def test_average_loss_per_sample_divides_by_the_set_even_if_pictures_are_left_out(images):
    """R1 trains on 7·50 pictures an epoch and divides by 400."""
    spec = replace(LINEAR, loss="l2", learning_rate=1e-6, batch_size=50, steps_per_epoch=8)
    some, _ = train(spec, images)
    everything, _ = train(replace(spec, steps_per_epoch=0), images)
    ratio = some.history[0]["loss"] / everything.history[0]["loss"]
    assert ratio == pytest.approx(0.8, abs=0.02)  # 8·50 of 500


# --- batches ---------------------------------------------------------------------------------


def seen(spec, images):
    return sum(part.images for part in steps_of(spec, images).epoch(np.arange(len(images.train))))


@pytest.mark.parametrize("batch_size", [1, 32, 125, 499, 500, 501, 1024])
def test_an_epoch_takes_every_picture_once_the_last_smaller_batch_included(images, batch_size):
    assert seen(replace(SMALL, batch_size=batch_size), images) == 500


@pytest.mark.parametrize(("steps_per_epoch", "pictures"), [(1, 32), (7, 224), (15, 480)])
def test_steps_per_epoch_limits_the_batches(images, steps_per_epoch, pictures):
    assert seen(replace(SMALL, steps_per_epoch=steps_per_epoch), images) == pictures


@pytest.mark.parametrize("steps_per_epoch", [16, 1000])
def test_more_steps_than_the_pictures_give_are_as_many_as_they_give(images, steps_per_epoch):
    assert seen(replace(SMALL, steps_per_epoch=steps_per_epoch), images) == 500


def test_the_order_changes_from_epoch_to_epoch_but_not_the_set(images, monkeypatch):
    orders = []
    whole = TrainStep.epoch

    def noting(self, order):
        orders.append(order.copy())
        return whole(self, order)

    monkeypatch.setattr(TrainStep, "epoch", noting)
    train(SMALL, images)
    first, second = orders
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.arange(500))
    np.testing.assert_array_equal(np.sort(second), np.arange(500))


# --- equal specs, equal runs -----------------------------------------------------------------

KINDS = {
    "plain": SMALL,
    "noisy": change(SMALL, noise_kind="heteroscedastic", noise_amount=0.2),
    "noise layer": change(SMALL, noise_kind="gaussian", noise_amount=0.2, noise_stage="layer"),
    "variational": change(SMALL, bottleneck="variational", loss="bernoulli-nll", latent_dim=2),
    "conv": change(SMALL, encoder="conv4/2", decoder="dense16, reshape4x4x1, convT4/2"),
}
every_kind = pytest.mark.parametrize("spec", KINDS.values(), ids=KINDS.keys())


@every_kind
def test_a_run_repeats_itself(images, monkeypatch, spec):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    again, _ = train(spec, images)
    assert again.status == "finished"
    assert len(again.history) == 2
    assert_same(trained_one_by_one(spec), again)


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_another_seed_gives_another_run(kind):
    first = trained_one_by_one(KINDS[kind])
    other = trained_one_by_one(replace(KINDS[kind], seed=1))
    assert figures(first) != figures(other)
    assert not np.array_equal(first.weights["encoder_0/kernel"], other.weights["encoder_0/kernel"])


@every_kind
def test_how_many_steps_a_call_makes_changes_nothing(images, monkeypatch, spec):
    one_by_one = trained_one_by_one(spec)
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 10)
    control = Counting()
    at_once, _ = train(spec, images, control)
    assert control.asked < 12  # of 2 epochs of 16 batches
    assert_same(one_by_one, at_once)  # to the last digit: the sums are in float64


# --- what is learned -------------------------------------------------------------------------


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


@pytest.mark.parametrize(("beta", "loss"), [(0.0, "bernoulli-nll"), (4.0, "gaussian-nll")])
def test_variational_loss_is_reconstruction_plus_beta_times_kl(images, beta, loss):
    spec = change(SMALL, bottleneck="variational", loss=loss, beta=beta)
    outcome, _ = train(spec, images)
    for m in outcome.history:
        for prefix in ("", "val_"):
            parts = m[f"{prefix}reconstruction"] + beta * m[f"{prefix}kl"]
            assert m[f"{prefix}loss"] == pytest.approx(parts, rel=1e-5)
            assert m[f"{prefix}kl"] > 0
            assert f"{prefix}penalty" not in m


def test_total_correlation_is_priced_in_a_variational_loss(images):
    plain = change(SMALL, bottleneck="variational", loss="gaussian-nll")
    priced, _ = train(change(plain, total_correlation=5.0), images)
    metrics = priced.history[-1]
    wanted = metrics["reconstruction"] + metrics["kl"] + metrics["penalty"]
    assert metrics["loss"] == pytest.approx(wanted, rel=1e-5)
    assert "penalty" not in train(plain, images)[0].history[-1]


def test_held_out_kl_is_the_posteriors(images):
    spec = change(SMALL, bottleneck="variational", loss="bernoulli-nll")
    outcome, _ = train(spec, images)
    autoencoder = Autoencoder.from_weights(spec.autoencoder, (8, 8, 1), outcome.weights)
    mean, log_var = (a.astype(float) for a in autoencoder.posterior(images.test))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1).mean()
    assert outcome.history[-1]["val_kl"] == pytest.approx(kl, rel=1e-4)
    # What the pages show, and so what the PSNR is of, is the mean's picture.
    error = metrics.mse(images.test, autoencoder.reconstruct(images.test))
    assert outcome.history[-1]["val_psnr"] == pytest.approx(metrics.psnr_of_mse(error), abs=1e-3)


def test_a_larger_beta_leaves_less_kl(images):
    kl = []
    for beta in (0.1, 10.0):
        spec = change(SMALL, bottleneck="variational", loss="bernoulli-nll", beta=beta, epochs=10)
        kl.append(train(spec, images)[0].history[-1]["val_kl"])
    assert kl[1] < kl[0] / 2


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


# --- corruption ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["heteroscedastic", "salt-and-pepper"])
def test_held_out_noise_is_the_same_at_every_evaluation(images, kind):
    one = steps_of(change(SMALL, noise_kind=kind, noise_amount=0.3), images)
    clean = steps_of(SMALL, images).evaluate()
    first = one.evaluate()
    assert first.loss != clean.loss  # there is noise
    assert first.images == clean.images == 120
    assert one.evaluate() == first
    list(one.epoch(np.arange(500)))
    trained = one.evaluate()
    assert trained != first  # the network moved …
    assert one.evaluate() == trained  # … and counting the training's noise did not


def test_noise_is_drawn_afresh_for_every_batch_and_only_on_the_way_in(images, monkeypatch):
    """With a learning rate next to nothing, only the noise differs between two equal batches."""
    spec = change(
        SMALL,
        noise_kind="gaussian",
        noise_amount=0.5,
        optimizer="sgd",
        learning_rate=1e-6,
        batch_size=1,
    )
    same = replace(images, train=np.repeat(images.train[:1], 4, axis=0))
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    one = steps_of(spec, same)
    losses = [part.loss for part in one.epoch(np.arange(4))]
    losses += [part.loss for part in one.epoch(np.arange(4))]
    assert min(abs(a - b) for i, a in enumerate(losses) for b in losses[:i]) > 1e-6
    clean = [p.loss for p in steps_of(change(spec, noise_amount=0.0), same).epoch(np.arange(4))]
    assert np.ptp(clean) < 1e-5


def test_a_denoising_run_aims_at_the_clean_pictures(images):
    """Trained long on pictures of which nothing is left, all it can give is their mean."""
    spec = change(
        SMALL,
        noise_kind="masking",
        noise_amount=1.0,
        epochs=60,
        learning_rate=1e-2,
        encoder="",
        decoder="",
    )
    _, epochs = train(spec, images)
    mean = images.train.mean(axis=0)
    assert np.abs(epochs[-1].preview - mean).max() < 0.05


def test_probes_are_shown_as_the_encoder_gets_them(images):
    noisy = change(SMALL, noise_kind="gaussian", noise_amount=0.2)
    clean, shown = preview_images(noisy, images)
    np.testing.assert_array_equal(clean, images.test[:PREVIEW_IMAGES])
    assert shown.shape == clean.shape
    assert 0.05 < np.abs(shown - clean).mean() < 0.2
    np.testing.assert_array_equal(shown, preview_images(noisy, images)[1])
    np.testing.assert_array_equal(preview_images(SMALL, images)[1], clean)
    outcome, epochs = train(noisy, images)
    autoencoder = Autoencoder.from_weights(noisy.autoencoder, (8, 8, 1), outcome.weights)
    np.testing.assert_allclose(epochs[-1].preview, autoencoder.reconstruct(shown), atol=1e-5)


@pytest.mark.parametrize(("kind", "where"), [("gaussian", "batch"), ("masking", "layer")])
def test_no_amount_no_corruption(images, monkeypatch, kind, where):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    nothing, _ = train(replace(SMALL, corruption=Corruption(kind, 0.0, where)), images)
    assert_same(trained_one_by_one(SMALL), nothing)


def test_keras_tensors_are_corrupted_as_arrays_are(images):
    from keras import ops

    rng = np.random.default_rng(0)
    x = images.train[:20]
    normal, uniform = rng.standard_normal(x.shape, np.float32), rng.random(x.shape, np.float32)
    for kind in CHOICES["noise_kind"]:
        how = Corruption(kind, 0.4)
        of_arrays = corruption.apply(how, x, normal, uniform, np)
        of_tensors = np.asarray(
            corruption.apply(how, ops.convert_to_tensor(x), normal, uniform, ops)
        )
        np.testing.assert_allclose(of_tensors, of_arrays, atol=1e-6)


# --- splits ----------------------------------------------------------------------------------


def test_training_on_everything_holds_nothing_out(images):
    outcome, _ = train(replace(SMALL, split="none"), images)
    assert outcome.status == "finished"
    for m in outcome.history:
        assert set(m) == {"loss", "psnr", "code_mean", "near_zero_share", "seconds"} | SIGNS


def test_holding_out_gives_every_figure_twice(images):
    outcome, _ = train(SMALL, images)
    names = {"loss", "psnr", "code_mean", "near_zero_share"}
    for m in outcome.history:
        assert set(m) == names | {f"val_{name}" for name in names} | {"seconds"} | SIGNS


def test_held_out_images_have_no_influence(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    other, _ = train(SMALL, replace(images, test=1 - images.test))
    for name, array in trained_one_by_one(SMALL).weights.items():
        np.testing.assert_array_equal(array, other.weights[name])


# --- stop, time, pause -----------------------------------------------------------------------


class Counting(NoControl):
    """A control that only counts, and stops when asked the `last`-th time."""

    def __init__(self, last=math.inf):
        self.asked, self.last, self.epochs, self.shares = 0, last, [], []

    def wait(self, epoch):
        self.epochs.append(epoch)
        return 0.0

    def stopped(self, epoch):
        self.asked += 1
        return Message.of("stopped", epoch=epoch) if self.asked >= self.last else None

    def progress(self, share):
        self.shares.append(share)


def test_a_stop_keeps_the_weights_of_the_last_complete_epoch(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)  # one step a call: 1 + 16 questions an epoch
    spec = replace(SMALL, epochs=5)
    control = Counting(last=2 * 17 + 8)  # in the middle of epoch 3
    outcome, epochs = train(spec, images, control)
    assert outcome.status == "stopped"
    assert outcome.reason == Message.of("stopped", epoch=3)
    assert control.asked == control.last  # and not once more
    assert control.epochs == [1] * 17 + [2] * 17 + [3] * 8
    assert len(outcome.history) == len(epochs) == 2
    assert_same(outcome, train(replace(spec, epochs=2), images)[0])


@pytest.mark.parametrize("last", [1, 5])  # before the first step, and after some
def test_a_stop_in_the_first_epoch_leaves_the_initial_weights(images, monkeypatch, last):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    outcome, epochs = train(SMALL, images, Counting(last))
    assert (outcome.status, outcome.reason) == ("stopped", Message.of("stopped", epoch=1))
    assert outcome.history == ()
    assert epochs == []
    for name, array in initial_weights(SMALL, images).items():
        np.testing.assert_array_equal(outcome.weights[name], array)


def test_progress_is_told_as_shares_of_each_epoch(images, monkeypatch):
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    control = Counting()
    train(SMALL, images, control)
    shares = [32 * step / 500 for step in range(1, 16)] + [1.0]
    assert control.shares == pytest.approx(shares * 2)


def test_progress_ends_at_one_with_steps_per_epoch_too(images):
    control = Counting()
    train(replace(SMALL, steps_per_epoch=7), images, control)
    assert control.shares[-1] == pytest.approx(1.0)


def test_max_seconds_ends_a_run_with_its_weights(images):
    started = time.perf_counter()
    outcome, epochs = train(replace(SMALL, epochs=2000, max_seconds=1), images)
    assert time.perf_counter() - started < 20
    assert outcome.status == "stopped"
    number = len(outcome.history) + 1
    assert number <= 2000
    check(outcome.reason, "stopped_late", epoch=number, seconds=1)
    assert len(epochs) == len(outcome.history)


class Pausing(NoControl):
    """A control that lets the clock run in every wait, and says so or not."""

    def __init__(self, clock, told):
        self.clock, self.told = clock, told

    def wait(self, epoch):
        self.clock.now += 100.0
        return 100.0 if self.told else 0.0


@pytest.mark.parametrize("told", [True, False])
def test_a_pause_does_not_count_against_max_seconds(images, monkeypatch, told):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(control, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    outcome, _ = train(replace(SMALL, max_seconds=60), images, Pausing(clock, told))
    assert outcome.status == ("finished" if told else "stopped")
    assert all(m["seconds"] == 0 for m in outcome.history)  # pauses are not training either


# --- blown up --------------------------------------------------------------------------------


def test_a_run_that_diverges_fails_with_finite_weights(images):
    outcome, epochs = train(DIVERGING, images)
    assert outcome.status == "failed"
    number = len(outcome.history) + 1
    check(outcome.reason, "diverged", epoch=number)
    assert len(epochs) == len(outcome.history)
    assert all(np.isfinite(array).all() for array in outcome.weights.values())


def test_weights_from_before_it_blew_up_are_kept(images, monkeypatch):
    """Sound for two epochs, NaN in the third: the second's weights and history are left."""
    sound = replace(LINEAR, epochs=2)
    expected, _ = train(sound, images)

    def poison(epoch):
        if epoch.number == 2:
            nan = staticmethod(lambda vector: MetricSums(loss=math.nan, images=1.0))
            monkeypatch.setattr(TrainStep, "_sums", nan)

    outcome = fit(replace(sound, epochs=5), images, on_epoch=poison)
    assert outcome.status == "failed"
    check(outcome.reason, "diverged", epoch=3)
    assert_same(outcome, expected)


# The loss of the last step is finite, but the step itself threw the weights far away.
FLUNG = change(
    SMALL,
    optimizer="sgd",
    learning_rate=0.1,
    pixel_scale=255,
    output_activation="linear",
    activation="linear",
    encoder="dense16, dense16, dense16",
    batch_size=500,
    epochs=2,
)


def test_no_figure_of_the_history_is_ever_nan(images):
    outcome, epochs = train(FLUNG, images)
    for m in outcome.history:
        assert all(math.isfinite(value) for value in m.values()), m
    assert all(np.isfinite(epoch.preview).all() for epoch in epochs)
    assert outcome.status == "failed"


# --- precision, errors -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["conv", "variational"])
def test_bfloat16_learns_much_the_same(images, kind):
    spec = replace(KINDS[kind], epochs=4)
    full, _ = train(spec, images)
    half, _ = train(replace(spec, precision="bfloat16"), images)
    assert half.status == "finished"
    assert {array.dtype for array in half.weights.values()} == {np.dtype(np.float32)}
    assert half.history[-1]["val_loss"] == pytest.approx(full.history[-1]["val_loss"], rel=0.05)
    assert half.history[-1]["val_loss"] < half.history[0]["val_loss"]


def test_a_network_that_does_not_fit_the_pictures_is_refused(images):
    spec = change(SMALL, encoder="conv4/2", decoder="dense16, reshape4x4x1, conv4")
    with refused("decoder_pixels", value="4×4", height=8, width=8):
        train(spec, images)


@pytest.mark.parametrize(
    "spec",
    [
        change(SMALL, noise_kind="salt-and-pepper", noise_amount=0.1, seed=2**31 - 1),
        change(SMALL, noise_kind="gaussian", noise_amount=0.1, noise_stage="layer", seed=2**31 - 1),
        change(SMALL, bottleneck="variational", loss="bernoulli-nll", seed=2**31 - 1),
    ],
    ids=["batch", "layer", "variational"],
)
def test_the_largest_seed_is_a_seed(images, spec):
    assert train(replace(spec, epochs=1), images)[0].status == "finished"


def test_the_pictures_are_left_as_they_are(images):
    before = images.train.copy(), images.test.copy()
    train(change(SMALL, noise_kind="speckle", noise_amount=0.5), images)
    np.testing.assert_array_equal(images.train, before[0])
    np.testing.assert_array_equal(images.test, before[1])
