"""Training on corrupted images: the noise, what is aimed at, and what is shown."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core.data import corruption
from ae_core.models.autoencoder import Autoencoder
from ae_core.specs import (
    CHOICES,
    Corruption,
    change,
)
from ae_core.training import steps
from ae_core.training.loop import PREVIEW_IMAGES, preview_images
from tests.helpers.training import SMALL, assert_same, steps_of, train, trained_one_by_one


@pytest.mark.parametrize("kind", ["heteroscedastic", "salt-and-pepper"])
def test_held_out_noise_is_the_same_at_every_evaluation(images, kind):
    one = steps_of(change(SMALL, noise_kind=kind, noise_amount=0.3), images)
    clean = steps_of(SMALL, images).evaluate()
    first = one.evaluate()
    assert first.loss != clean.loss  # there is noise
    assert first.images == clean.images == 120
    assert one.evaluate() == first
    list(one.epoch(np.arange(500), 1))
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
    repeated = np.repeat(images.train[:1], 4, axis=0)
    same = replace(images, read_train=lambda: repeated, train_count=4)
    monkeypatch.setattr(steps, "SECONDS_PER_CALL", 0)
    one = steps_of(spec, same)
    losses = [part.loss for part in one.epoch(np.arange(4), 1)]
    losses += [part.loss for part in one.epoch(np.arange(4), 1)]
    assert min(abs(a - b) for i, a in enumerate(losses) for b in losses[:i]) > 1e-6
    clean = [p.loss for p in steps_of(change(spec, noise_amount=0.0), same).epoch(np.arange(4), 1)]
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


@pytest.mark.samples(1)
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
