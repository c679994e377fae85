"""Worker functions that return test images of an image set."""

from dataclasses import dataclass

import numpy as np

from ae_core.data.catalog import ImageSet
from ae_core.data.loading import load_images, load_tests
from ae_core.images import to_bytes_range
from ae_core.specs import ImageChoice, TrainingSpec


@dataclass(frozen=True)
class Gallery:
    """Test images of a set.

    Attributes:
        images: (N, H, W, C) uint8.
        labels: the class name of each image, "" if unknown.
        available: the number of test images in the set.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    available: int


def images_of(spec: TrainingSpec) -> ImageSet:
    """Return the image set of a spec; see `ae_core.data.loading.load_images`."""
    return load_images(*spec.images)


def tests_of(spec: TrainingSpec) -> ImageSet:
    """Return the image set of a spec for its test images; see `ae_core.data.loading.load_tests`."""
    return load_tests(*spec.images)


def gallery(choice: ImageChoice, start: int, count: int) -> Gallery:
    """Return ``count`` test images of an image set, starting at number ``start``.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = load_tests(*choice)
    shown = images.test[start : start + count]
    labels: tuple[str, ...] = ("",) * len(shown)
    if images.test_labels is not None and images.test_labels.ndim == 1:
        numbers = images.test_labels[start : start + count]
        labels = tuple(images.label_names[int(number)] for number in numbers)
    return Gallery(to_bytes_range(shown), labels, len(images.test))


def held_out_image(choice: ImageChoice, number: int) -> np.ndarray:
    """Return test image ``number`` (H, W, C) in [0, 1] of an image set."""
    return np.array(load_tests(*choice).test[number])
