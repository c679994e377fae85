"""Computes the measurements of lessons in an ``infer`` worker."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from ae_core.data import corruption
from ae_core.data.gallery import images_of, tests_of
from ae_core.data.loading import load_images
from ae_core.denoising import filters
from ae_core.denoising.denoise import cleaned
from ae_core.errors import UserError
from ae_core.evaluation.baselines import pca_by_size
from ae_core.images import reduced, to_bytes_range
from ae_core.latent import explore
from ae_core.latent.disentanglement import FOLLOWS, correlations
from ae_core.latent.statistics import Gaussian
from ae_core.lessons.figures import MEASUREMENTS, MeasurementResult
from ae_core.metrics import NEAR_ZERO, psnr
from ae_core.models import baselines
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import DenoiserFile, ModelFile, open_model
from ae_core.models.pretrained import cards
from ae_core.specs import Corruption, TrainingSpec, preset

MAX_IMAGES = 200  # images in each mean
SHOWN = 8  # images per row
ENCODED = 4000  # training images to encode
DRAWN = 500  # random codes
OFTEN = 0.01  # share of them: a rarer class does not count
BINS = 30
BITS = 8  # per dimension, for counting bytes
SEED = 2026
FILTERS = ("Gaussian", "Median", "Total variation")


def measure(
    what: str,
    settings: tuple[tuple[str, str | int | float], ...],
    model: ModelFile | DenoiserFile | None,
) -> MeasurementResult:
    """Compute a measurement for a lesson.

    Args:
        what: one of `ae_core.lessons.figures.MEASUREMENTS`.
        settings: the measurement's settings by name.
        model: the run that its setting ``train`` names, if it has one.

    Raises:
        UserError: a setting is not allowed.
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    given = dict(settings)
    if model is None and "model" in given:
        card = cards().get(str(given["model"]))
        if card is None:
            raise UserError("one_of", name="model", value=given["model"], choices=tuple(cards()))
        model = card.model_file()
    found = _MEASURE[what](cast("ModelFile", model), given)  # None for "pca", which ignores it
    assert set(found.figures) == set(MEASUREMENTS[what].figures)
    return found


def _tests(spec: TrainingSpec) -> np.ndarray:
    return tests_of(spec).test[:MAX_IMAGES]


def _pca(_: ModelFile, given: Mapping[str, Any]) -> MeasurementResult:
    spec, dims = preset(str(given["preset"])), int(given["numbers"])
    found = pca_by_size(spec.images, (dims,), SHOWN)
    rows = np.stack([to_bytes_range(_tests(spec)[:SHOWN]), found.images[0]])
    return MeasurementResult({"psnr": found.psnr[0], "numbers": dims}, rows, ("original", "pca"))


def _strangers(model: ModelFile, given: Mapping[str, Any]) -> MeasurementResult:
    spec, network = open_model(model)
    shape = image_shape(spec)
    own = _tests(spec)
    other = load_images(str(given["image_set"])).test[:MAX_IMAGES]
    if other.shape[1:] != shape:
        other = np.stack([reduced(image.mean(axis=2), shape) for image in other])
    pairs = [(images, network.reconstruct(images)) for images in (own, other)]
    rows = np.concatenate([np.stack(pair)[:, : SHOWN // 2] for pair in pairs], axis=1)
    figures = {"own": psnr(*pairs[0]), "other": psnr(*pairs[1])}
    return MeasurementResult(figures, to_bytes_range(rows), ("original", "autoencoder"))


def _jpeg(model: ModelFile, _: Mapping[str, Any]) -> MeasurementResult:
    spec, network = open_model(model)
    images = _tests(spec)
    quantiles = explore.latent_profile(model).quantiles
    low, high = quantiles[0], quantiles[-1]
    step = np.maximum(high - low, 1e-9) / (2**BITS - 1)
    codes = low + np.round((np.clip(network.encode(images), low, high) - low) / step) * step
    output = network.decode(codes.astype(np.float32))
    size = spec.autoencoder.latent_dim * BITS // 8
    files = [baselines.jpeg_of_at_most(image, size) for image in images]
    jpegs = np.stack([file.image for file in files])
    figures = {
        "bytes": size,
        "psnr": psnr(images, output),
        "jpeg_bytes": float(np.mean([file.bytes for file in files])),
        "jpeg_psnr": psnr(images, jpegs),
    }
    rows = to_bytes_range(np.stack([images[:SHOWN], output[:SHOWN], jpegs[:SHOWN]]))
    return MeasurementResult(figures, rows, ("original", "autoencoder", "jpeg"))


def _denoising(model: ModelFile, given: Mapping[str, Any]) -> MeasurementResult:
    clean = load_images("toy-faces").test[:SHOWN]
    kind = Corruption("gaussian", float(given["sigma"]))
    noisy = corruption.corrupt(kind, clean, np.random.default_rng(SEED))
    made = {"noisy": noisy, "denoised": np.stack([cleaned(model, one) for one in noisy])}
    for name in FILTERS:
        key = name.lower().replace(" ", "_")
        made[key] = np.stack([filters.filtered(name, one) for one in noisy])
    figures = {name: psnr(clean, images) for name, images in made.items()}
    rows = to_bytes_range(np.stack([clean, *made.values()]))
    return MeasurementResult(figures, rows, ("original", *made))


def _activations(model: ModelFile, _: Mapping[str, Any]) -> MeasurementResult:
    spec, network = open_model(model)
    codes = network.encode(_tests(spec))
    low, high = float(codes.min()), float(codes.max())
    # A silent code has a single value, too narrow a range for bins.
    counts, edges = np.histogram(codes, BINS, (low, max(high, low + NEAR_ZERO)))
    figures = {"near_zero": float(np.mean(np.abs(codes) < NEAR_ZERO)), "mean": float(codes.mean())}
    return MeasurementResult(figures, counts=tuple(counts.tolist()), edges=tuple(edges.tolist()))


def _random_codes(model: ModelFile, _: Mapping[str, Any]) -> MeasurementResult:
    """Draw random codes; their classes are those of the nearest training codes."""
    from sklearn.neighbors import KNeighborsClassifier

    spec, network = open_model(model)
    images = images_of(spec)
    if images.train_labels is None or images.train_labels.ndim != 1:
        raise UserError("needs_classes", image_set=spec.image_set)
    encoded = network.encode(images.train[:ENCODED])
    classifier = KNeighborsClassifier().fit(encoded, images.train_labels[:ENCODED])
    prior = Gaussian.standard(spec.autoencoder.latent_dim)
    codes = prior.sample(np.random.default_rng(SEED), DRAWN)
    drawn = network.decode(codes)
    figures = {
        "kinds": int((np.bincount(classifier.predict(codes)) >= OFTEN * DRAWN).sum()),
        "variety": float(drawn.std(axis=0).mean() / images.test.std(axis=0).mean()),
    }
    return MeasurementResult(figures, to_bytes_range(drawn[:SHOWN])[np.newaxis], ("drawn",))


def _factors(model: ModelFile, _: Mapping[str, Any]) -> MeasurementResult:
    known = explore.latent_profile(model)
    if known.labels is None or known.labels.ndim != 2:
        raise UserError("needs_factors")
    explained = np.square(correlations(known.codes, known.labels)).max(axis=1)
    found, active = int((explained > FOLLOWS).sum()), int(known.active_units.sum())
    total, dims = len(explained), known.latent_dim
    figures = {"found": found, "of": total, "in_use": active, "numbers": dims}
    tallies = (("properties", found, total), ("numbers", active, dims))
    return MeasurementResult(figures, tallies=tallies)


_MEASURE: Mapping[str, Callable[[ModelFile, Mapping[str, Any]], MeasurementResult]] = {
    "pca": _pca,
    "strangers": _strangers,
    "jpeg": _jpeg,
    "denoising": _denoising,
    "activations": _activations,
    "random_codes": _random_codes,
    "factors": _factors,
}
