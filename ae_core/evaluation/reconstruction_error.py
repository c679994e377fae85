"""Reconstruction errors of in- and out-of-distribution images, measured in an ``infer`` worker."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ae_core.data.gallery import tests_of
from ae_core.data.loading import load_tests
from ae_core.evaluation.roc import Roc
from ae_core.images import to_array, to_bytes_range, to_pillow
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder

MAX_IMAGES = 500  # per kind
# What may stand for another image set: the model's own test images, turned. Of digits it has seen
# none like that, and yet every stroke is known to it.
TURNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored": lambda images: images[:, :, ::-1],
    "upside-down": lambda images: images[:, ::-1],
}
SHOWN = 6  # images with the smallest errors, and as many with the largest


@dataclass(frozen=True)
class ReconstructionErrors:
    """A model's reconstruction errors on images of one kind.

    Attributes:
        scores: (N,) float64, the mean squared error of each image.
        shown: (S,) float64, rising: the smallest errors, then the largest ones.
        images: (S, H, W, C) uint8, the images with the errors in ``shown``.
        outputs: (S, H, W, C) uint8, their reconstructions.
    """

    scores: np.ndarray
    shown: np.ndarray
    images: np.ndarray
    outputs: np.ndarray


def in_distribution(model: ModelFile) -> ReconstructionErrors:
    """Return the errors of test images of a model's own image set.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
        UserError: the model no longer exists.
    """
    return _errors(model, tests_of(model.spec).test[:MAX_IMAGES])


def out_of_distribution(
    model: ModelFile, image_set: str, known: np.ndarray
) -> tuple[ReconstructionErrors, Roc]:
    """Return the errors of another image set, and how well they separate it from the model's own.

    Args:
        model: the model.
        image_set: the other set, whose test images are resized to the model's image shape, or one
            of `TURNS`.
        known: (N,) scores of `in_distribution`.
    """
    shape = image_shape(model.spec)
    if image_set in TURNS:
        images = np.ascontiguousarray(TURNS[image_set](tests_of(model.spec).test[:MAX_IMAGES]))
    else:
        images = load_tests(image_set, channels=shape[2]).test[:MAX_IMAGES]
    if images.shape[1:] != shape:
        images = np.stack([to_array(to_pillow(one), shape) for one in to_bytes_range(images)])
    errors = _errors(model, images)
    return errors, Roc.of(known, errors.scores)


def _errors(model: ModelFile, images: np.ndarray) -> ReconstructionErrors:
    outputs = autoencoder(model, images.shape[1:]).reconstruct(images)
    scores = np.square(images - outputs).mean(axis=(1, 2, 3), dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    chosen = order if len(order) <= 2 * SHOWN else np.concatenate([order[:SHOWN], order[-SHOWN:]])
    shown = to_bytes_range(images[chosen]), to_bytes_range(outputs[chosen])
    return ReconstructionErrors(scores, scores[chosen], *shown)
