"""Steps of gradient descent and of Adam: those of NumPy, along every schedule."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.training import LINEAR, initial_weights, train


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


@pytest.mark.samples(3)
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
