"""How badly a trained model reconstructs known and unknown pictures, in an ``infer`` worker.

Like `ae_core.models.inference`, whose models it uses.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ae_core.data import loading
from ae_core.images import to_array, to_bytes_range
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.specs import from_json

SCORED = 500  # known and unknown pictures each
SHOWN = 6  # of the least and of the most surprising ones


@dataclass(frozen=True)
class Scored:
    """Pictures of one kind, and how badly a model reconstructs them.

    Attributes:
        scores: (N,) float64, the mean squared error of each.
        shown: (S,) float64, the scores of the pictures here: the least surprising ones, then the
            most surprising ones, rising.
        images: (S, H, W, C) uint8.
        outputs: (S, H, W, C) uint8, what the model made of them.
    """

    scores: np.ndarray
    shown: np.ndarray
    images: np.ndarray
    outputs: np.ndarray


def score_known(model: ModelFile) -> Scored:
    """Score test pictures of a model's own image set.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
        ValueError: the model is not there any more.
    """
    spec = from_json(model.spec_json)
    images = loading.load_images(spec.image_set, spec.image_size, spec.split)
    return _scored(model, images.test[:SCORED])


def score_unknown(model: ModelFile, image_set: str) -> Scored:
    """Score test pictures of another image set, brought to the shape of the model's pictures."""
    shape = image_shape(from_json(model.spec_json))
    found = loading.load_images(image_set).test[:SCORED]
    if found.shape[1:] != shape:
        gray = to_bytes_range(found)[..., 0]
        found = np.stack([to_array(Image.fromarray(picture), shape) for picture in gray])
    return _scored(model, found)


def _scored(model: ModelFile, images: np.ndarray) -> Scored:
    trained = autoencoder(model, images.shape[1:])
    outputs = trained.reconstruct(images)
    scores = np.square(images - outputs).mean(axis=(1, 2, 3), dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    chosen = order if len(order) <= 2 * SHOWN else np.concatenate([order[:SHOWN], order[-SHOWN:]])
    shown = to_bytes_range(images[chosen]), to_bytes_range(outputs[chosen])
    return Scored(scores, scores[chosen], *shown)
