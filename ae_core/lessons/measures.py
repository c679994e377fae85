"""What lessons measure, as functions that run in an ``infer`` worker."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ae_core.data import corruption, loading
from ae_core.denoising import filters
from ae_core.denoising.denoise import cleaned
from ae_core.errors import UserError
from ae_core.evaluation.baselines import pca_by_size
from ae_core.images import reduced, to_bytes_range
from ae_core.latent import explore
from ae_core.latent.disentanglement import FOLLOWS, correlations
from ae_core.latent.statistics import Gaussian
from ae_core.lessons.figures import MEASURES, Measured
from ae_core.metrics import NEAR_ZERO, psnr_of_mse
from ae_core.models import baselines
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.models.pretrained import cards
from ae_core.specs import Corruption, TrainingSpec, from_json, preset

TRIED = 200  # pictures that figures are means over
SHOWN = 8  # pictures in a row
ENCODED = 4000  # training pictures whose codes are known
DRAWN = 500  # random codes
OFTEN = 0.01  # of them: a class that is drawn more rarely does not count
BINS = 30
BITS = 8  # of a number of the code, where bytes are counted
SEED = 2026
FILTERS = ("Gaussian", "Median", "Total variation")


def measure(
    what: str, settings: tuple[tuple[str, str | int | float], ...], model: ModelFile | None
) -> Measured:
    """Measure something for a lesson.

    Args:
        what: one of `ae_core.lessons.figures.MEASURES`.
        settings: of it, by name.
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
    found = _MEASURES[what](model, given)
    assert set(found.figures) == set(MEASURES[what].figures)
    return found


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    return psnr_of_mse(float(np.mean(np.square(a - b, dtype=np.float64))))


def _tests(spec: TrainingSpec) -> np.ndarray:
    return loading.load_images(spec.image_set, spec.image_size, spec.split).test[:TRIED]


def _pca(_: ModelFile | None, given: Mapping[str, Any]) -> Measured:
    spec, numbers = preset(str(given["preset"])).spec, int(given["numbers"])
    found = pca_by_size(spec.image_set, spec.image_size, spec.split, (numbers,), SHOWN)
    rows = np.stack([to_bytes_range(_tests(spec)[:SHOWN]), found.images[0]])
    return Measured({"psnr": found.psnr[0], "numbers": numbers}, rows, ("original", "pca"))


def _strangers(model: ModelFile | None, given: Mapping[str, Any]) -> Measured:
    assert model is not None  # the measure has a setting `model`
    spec = from_json(model.spec_json)
    shape = image_shape(spec)
    trained = autoencoder(model, shape)
    own = _tests(spec)
    others = loading.load_images(str(given["image_set"])).test[:TRIED]
    if others.shape[1:] != shape:
        others = np.stack([reduced(picture.mean(axis=2), shape) for picture in others])
    outputs = trained.reconstruct(own), trained.reconstruct(others)
    half = SHOWN // 2
    shown = [
        np.concatenate([own[:half], others[:half]]),
        np.concatenate([outputs[0][:half], outputs[1][:half]]),
    ]
    figures = {"own": _psnr(own, outputs[0]), "other": _psnr(others, outputs[1])}
    return Measured(figures, to_bytes_range(np.stack(shown)), ("original", "autoencoder"))


def _jpeg(model: ModelFile | None, _: Mapping[str, Any]) -> Measured:
    assert model is not None
    spec = from_json(model.spec_json)
    shown = _tests(spec)[:TRIED]
    trained = autoencoder(model, image_shape(spec))
    known = explore.latent_profile(model)
    low, high = known.quantiles[0], known.quantiles[-1]
    step = np.maximum(high - low, 1e-9) / (2**BITS - 1)
    codes = low + np.round((np.clip(trained.encode(shown), low, high) - low) / step) * step
    output = trained.decode(codes.astype(np.float32))
    size = spec.autoencoder.latent_dim * BITS // 8
    files = [baselines.jpeg_of_at_most(picture, size) for picture in shown]
    pictures = np.stack([file.image for file in files])
    figures = {
        "bytes": size,
        "psnr": _psnr(shown, output),
        "jpeg_bytes": float(np.mean([file.bytes for file in files])),
        "jpeg_psnr": _psnr(shown, pictures),
    }
    rows = np.stack([shown[:SHOWN], output[:SHOWN], pictures[:SHOWN]])
    return Measured(figures, to_bytes_range(rows), ("original", "autoencoder", "jpeg"))


def _denoising(model: ModelFile | None, given: Mapping[str, Any]) -> Measured:
    assert model is not None
    clean = loading.load_images("toy-faces").test[:SHOWN]
    kind = Corruption("gaussian", float(given["sigma"]))
    noisy = corruption.corrupt(kind, clean, np.random.default_rng(SEED))
    made = {"noisy": noisy, "denoised": np.stack([cleaned(model, one) for one in noisy])}
    for name in FILTERS:
        key = name.lower().replace(" ", "_")
        made[key] = np.stack([filters.filtered(name, one) for one in noisy])
    figures = {name: _psnr(clean, images) for name, images in made.items()}
    rows = np.stack([clean, noisy, made["denoised"], made["median"]])
    return Measured(figures, to_bytes_range(rows), ("original", "noisy", "denoised", "median"))


def _activations(model: ModelFile | None, _: Mapping[str, Any]) -> Measured:
    assert model is not None
    spec = from_json(model.spec_json)
    codes = autoencoder(model, image_shape(spec)).encode(_tests(spec))
    low, high = float(codes.min()), float(codes.max())
    # A code that has fallen silent has one value, which would be too narrow for bins.
    counts, edges = np.histogram(codes, BINS, (low, max(high, low + NEAR_ZERO)))
    figures = {"near_zero": float(np.mean(np.abs(codes) < NEAR_ZERO)), "mean": float(codes.mean())}
    return Measured(figures, counts=tuple(counts.tolist()), edges=tuple(edges.tolist()))


def _random_codes(model: ModelFile | None, _: Mapping[str, Any]) -> Measured:
    """Draw random codes; each is of the class that most of the training codes near it are of."""
    from sklearn.neighbors import KNeighborsClassifier

    assert model is not None
    spec = from_json(model.spec_json)
    images = loading.load_images(spec.image_set, spec.image_size, spec.split)
    if images.train_labels is None or images.train_labels.ndim != 1:
        raise UserError("needs_classes", image_set=spec.image_set)
    trained = autoencoder(model, image_shape(spec))
    known = KNeighborsClassifier().fit(
        trained.encode(images.train[:ENCODED]), images.train_labels[:ENCODED]
    )
    codes = Gaussian.standard(spec.autoencoder.latent_dim).sample(
        np.random.default_rng(SEED), DRAWN
    )
    drawn = trained.decode(codes)
    figures = {
        "kinds": int((np.bincount(known.predict(codes)) >= OFTEN * DRAWN).sum()),
        "variety": float(drawn.std(axis=0).mean() / images.test.std(axis=0).mean()),
    }
    return Measured(figures, to_bytes_range(drawn[:SHOWN])[np.newaxis], ("drawn",))


def _factors(model: ModelFile | None, _: Mapping[str, Any]) -> Measured:
    assert model is not None
    known = explore.latent_profile(model)
    if known.labels is None or known.labels.ndim != 2:
        raise UserError("needs_factors")
    tells = np.square(correlations(known.codes, known.labels)).max(axis=1)
    figures = {
        "found": int((tells > FOLLOWS).sum()),
        "of": len(tells),
        "in_use": int(known.active_units.sum()),
        "numbers": known.latent_dim,
    }
    tallies = (
        ("properties", figures["found"], figures["of"]),
        ("numbers", figures["in_use"], figures["numbers"]),
    )
    return Measured(figures, tallies=tallies)


_MEASURES: Mapping[str, Callable[[ModelFile | None, Mapping[str, Any]], Measured]] = {
    "pca": _pca,
    "strangers": _strangers,
    "jpeg": _jpeg,
    "denoising": _denoising,
    "activations": _activations,
    "random_codes": _random_codes,
    "factors": _factors,
}
