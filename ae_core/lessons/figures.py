"""The figures that lessons may name: of a training, and of what a worker measures for a lesson."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.shapes import parameters
from ae_core.specs import TrainingSpec

# By the names of experiments and measures, and then by those of their figures.
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
    shape = image_shape(spec)
    pixels, numbers = shape[0] * shape[1] * shape[2], spec.autoencoder.latent_dim
    always = {
        "epochs": len(history),
        "numbers": numbers,
        "pixels": pixels,
        "ratio": pixels / numbers,
        "parameters": parameters(network_shapes(spec)),
    }
    if not history:
        return always
    last = {name: value for name, value in history[-1].items() if name in RUN_FIGURES}
    return always | last | {"first_loss": history[0]["loss"]}


@dataclass(frozen=True)
class MeasureKind:
    """What a measure is told, and the figures that it gives.

    A setting ``train`` names an experiment of the lesson, ``model`` a pretrained model.
    """

    settings: tuple[str, ...]
    figures: tuple[str, ...]


MEASURES: Mapping[str, MeasureKind] = MappingProxyType(
    {
        # What PCA with so many numbers makes of the held-out pictures of a preset.
        "pca": MeasureKind(("preset", "numbers"), ("psnr", "numbers")),
        # A model's own pictures, and those of another set, through the model.
        "strangers": MeasureKind(("model", "image_set"), ("own", "other")),
        # Test pictures as a code of 8-bit numbers and as JPEG of at most as many bytes.
        "jpeg": MeasureKind(("model",), ("bytes", "psnr", "jpeg_bytes", "jpeg_psnr")),
        # Noise of one σ on toy faces: with it, and after each way to remove it.
        "denoising": MeasureKind(
            ("model", "sigma"), ("noisy", "denoised", "gaussian", "median", "total_variation")
        ),
        # The units of the code on held-out pictures, with a histogram.
        "activations": MeasureKind(("train",), ("near_zero", "mean")),
        # Codes drawn from N(0, I): pictures of how many classes they make, and how varied ones.
        "random_codes": MeasureKind(("train",), ("kinds", "variety")),
        # Dimensions in use, and known properties that one number tells.
        "factors": MeasureKind(("model",), ("found", "of", "in_use", "numbers")),
    }
)


@dataclass(frozen=True)
class Measured:
    """What a worker measured.

    Attributes:
        figures: by name, see `MEASURES`.
        rows: (R, N, H, W, C) uint8 pictures, or None.
        row_names: keys of the page's words for the rows, from top to bottom.
        counts: a histogram's counts, empty if there is none.
        edges: of its bins, one more than counts.
        tallies: (key of the page's words, how many, of how many), to be shown large.
    """

    figures: Mapping[str, float]
    rows: np.ndarray | None = None
    row_names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    edges: tuple[float, ...] = field(default=())
    tallies: tuple[tuple[str, int, int], ...] = ()
