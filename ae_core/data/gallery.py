"""Test pictures of an image set, as functions that run in an ``infer`` worker.

It knows no model.
"""

from dataclasses import dataclass

import numpy as np

from ae_core.data import loading
from ae_core.images import to_bytes_range
from ae_core.specs import TrainingSpec, from_json


@dataclass(frozen=True)
class Gallery:
    """Some test pictures.

    Attributes:
        images: (N, H, W, C) uint8.
        labels: what they show, in words, "" where unknown.
        available: how many test pictures there are in all.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    available: int


def images_of(spec: TrainingSpec) -> loading.ImageSet:
    """Return a spec's image set, as `ae_core.data.loading.load_images` does, errors included."""
    return loading.load_images(spec.image_set, spec.image_size, spec.split)


def gallery(spec_json: str, start: int, count: int) -> Gallery:
    """Return ``count`` test pictures of a spec's image set, from number ``start`` on.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = images_of(from_json(spec_json))
    shown = images.test[start : start + count]
    labels: tuple[str, ...] = ("",) * len(shown)
    if images.test_labels is not None and images.test_labels.ndim == 1:
        numbers = images.test_labels[start : start + count]
        labels = tuple(images.label_names[int(number)] for number in numbers)
    return Gallery(to_bytes_range(shown), labels, len(images.test))


def held_out_picture(spec_json: str, number: int) -> np.ndarray:
    """Return test picture ``number`` (H, W, C) in [0, 1] of a spec's image set."""
    return np.array(images_of(from_json(spec_json)).test[number])
