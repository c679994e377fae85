"""The figures that lessons may name: a run's metrics and a worker's measurements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.shapes import parameters
from ae_core.specs import TrainingSpec

# Keyed by experiment or measurement, then by figure.
Figures: TypeAlias = Mapping[str, Mapping[str, float]]
_IN_HISTORY = ("loss", "reconstruction", "kl", "psnr", "code_mean", "near_zero_share")
RUN_FIGURES = (
    *_IN_HISTORY,
    *(f"val_{name}" for name in _IN_HISTORY),
    *("first_loss", "epochs", "numbers", "pixels", "ratio", "parameters"),
)


def figures_of_run(
    spec: TrainingSpec, history: Sequence[Mapping[str, float]]
) -> Mapping[str, float]:
    """Return those `RUN_FIGURES` of an ended run that its spec provides."""
    pixels, latent_dim = math.prod(image_shape(spec)), spec.autoencoder.latent_dim
    always = {
        "epochs": len(history),
        "numbers": latent_dim,
        "pixels": pixels,
        "ratio": pixels / latent_dim,
        "parameters": parameters(network_shapes(spec)),
    }
    if not history:
        return always
    last = {name: value for name, value in history[-1].items() if name in RUN_FIGURES}
    return always | last | {"first_loss": history[0]["loss"]}


@dataclass(frozen=True)
class MeasurementKind:
    """The settings of a measurement, and its figures.

    A setting ``train`` names an experiment of the lesson, ``model`` a pretrained model.
    """

    settings: tuple[str, ...]
    figures: tuple[str, ...]


MEASUREMENTS: Mapping[str, MeasurementKind] = {
    # PCA with some components on the test images of a preset.
    "pca": MeasurementKind(("preset", "numbers"), ("psnr", "numbers")),
    # A model's reconstructions of its own image set and of another set.
    "strangers": MeasurementKind(("model", "image_set"), ("own", "other")),
    # Test images as a code with 8 bits per dimension, and as JPEG within the same bytes.
    "jpeg": MeasurementKind(("model",), ("bytes", "psnr", "jpeg_bytes", "jpeg_psnr")),
    # Toy faces with noise of one σ, and after each denoising method.
    "denoising": MeasurementKind(
        ("model", "sigma"), ("noisy", "denoised", "gaussian", "median", "total_variation")
    ),
    # The code's units on test images, with a histogram.
    "activations": MeasurementKind(("train",), ("near_zero", "mean")),
    # Codes drawn from N(0, I): the number of classes among their images, and their variety.
    "random_codes": MeasurementKind(("train",), ("kinds", "variety")),
    # Active units, and the known factors that a dimension follows.
    "factors": MeasurementKind(("model",), ("found", "of", "in_use", "numbers")),
}


@dataclass(frozen=True)
class MeasurementResult:
    """The result of a measurement.

    Attributes:
        figures: the figures by name, see `MEASUREMENTS`.
        rows: (R, N, H, W, C) uint8 images, or None.
        row_names: keys of the page's texts for the rows, from top to bottom.
        counts: a histogram's counts, empty if there is none.
        edges: the edges of its bins, one more than counts.
        tallies: (key of the page's text, count, total) for large display.
    """

    figures: Mapping[str, float]
    rows: np.ndarray | None = None
    row_names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    tallies: tuple[tuple[str, int, int], ...] = ()
