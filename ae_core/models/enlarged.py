"""Reconstructions of reduced images, brought back to the size at which their set is stored."""

from dataclasses import dataclass, replace

import numpy as np

from ae_core.data.gallery import tests_of
from ae_core.data.loading import card
from ae_core.images import bicubic
from ae_core.models.inference import ModelFile, Reconstruction, reconstruct_test
from ae_core.specs import TrainingSpec


@dataclass(frozen=True)
class Enlarged:
    """A test image at its set's own size, and what is left of it.

    Attributes:
        original: (S, S, C) in [0, 1].
        reduced: the image that the model gets, enlarged: what the reduction alone costs.
        ours: the model's reconstruction, enlarged.
    """

    original: np.ndarray
    reduced: Reconstruction
    ours: Reconstruction


def is_reduced(spec: TrainingSpec) -> bool:
    """Return whether a spec's images are stored larger, and reduced to its size (bicubic)."""
    known = card(spec.image_set)  # those that are embedded are drawn at every size, or enlarged
    return not known.embedded and known.side(spec.image_size) < known.native_size


def enlarge_test(model: ModelFile, number: int) -> Enlarged:
    """Compare test image ``number`` of a model's image set, as it is stored, with the model's."""
    original = tests_of(replace(model.spec, image_size=0)).test[number]
    image, found = reconstruct_test(model, number)
    side, size = len(original), found.bytes

    def compared(name: str, small: np.ndarray, dims: int, size: int) -> Reconstruction:
        large = bicubic(small, side)
        return Reconstruction.of(name, original, large, dims, size)

    reduced = compared("Reduced", image, 0, image.size)
    return Enlarged(original, reduced, compared(found.name, found.image, found.latent_dim, size))
