"""The figures that lessons may name: metrics of a run, and measurements of a worker."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.shapes import parameters
from ae_core.specs import TrainingSpec

# By the names of experiments and measurements, and then by those of their figures.
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
    """Return the `RUN_FIGURES` of an ended run, as far as its recipe gives them."""
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
    """The settings of a measurement, and the figures that it gives.

    A setting ``train`` names an experiment of the lesson, ``model`` a pretrained model.
    """

    settings: tuple[str, ...]
    figures: tuple[str, ...]


MEASUREMENTS: Mapping[str, MeasurementKind] = {
    # PCA with some number of components on the test images of a preset.
    "pca": MeasurementKind(("preset", "numbers"), ("psnr", "numbers")),
    # The reconstructions of a model's own image set, and of another.
    "strangers": MeasurementKind(("model", "image_set"), ("own", "other")),
    # Test images as a code of 8 bits a dimension and as JPEG of at most as many bytes.
    "jpeg": MeasurementKind(("model",), ("bytes", "psnr", "jpeg_bytes", "jpeg_psnr")),
    # Toy faces with noise of one σ, and after each way to remove it.
    "denoising": MeasurementKind(
        ("model", "sigma"), ("noisy", "denoised", "gaussian", "median", "total_variation")
    ),
    # The units of the code on test images, with a histogram.
    "activations": MeasurementKind(("train",), ("near_zero", "mean")),
    # Codes drawn from N(0, I): of how many classes their images are, and how varied.
    "random_codes": MeasurementKind(("train",), ("kinds", "variety")),
    # Active units, and known factors that one dimension follows.
    "factors": MeasurementKind(("model",), ("found", "of", "in_use", "numbers")),
}


@dataclass(frozen=True)
class MeasurementResult:
    """The result of a measurement.

    Attributes:
        figures: by name, see `MEASUREMENTS`.
        rows: (R, N, H, W, C) uint8 images, or None.
        row_names: keys of the page's texts for the rows, from top to bottom.
        counts: a histogram's counts, empty if there is none.
        edges: of its bins, one more than counts.
        tallies: (key of the page's text, count, total), to be shown large.
    """

    figures: Mapping[str, float]
    rows: np.ndarray | None = None
    row_names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    tallies: tuple[tuple[str, int, int], ...] = ()
