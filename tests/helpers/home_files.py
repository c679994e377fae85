"""A small run with random weights, as a file takes it home."""

import math
from datetime import date

import numpy as np

from ae_core.models.compatibility import image_shape
from ae_core.models.weight_shapes import weight_shapes
from ae_core.runs.home_file import HomeFile
from ae_core.specs import TrainingSpec, change, preset

DAY = date(2026, 11, 29)
EPOCH = {"loss": 0.25, "psnr": 20.125, "val_psnr": 1 / 3, "seconds": 0.5}
SPEC = change(preset("digits-dense"), image_size=8, encoder="dense5", decoder="dense5")


def count(spec: TrainingSpec) -> int:
    """Return the number of a network's weights."""
    return sum(map(math.prod, weight_shapes(spec.autoencoder, image_shape(spec)).values()))


def weights_for(spec: TrainingSpec, seed: int = 0) -> dict[str, np.ndarray]:
    """Return random weights by name."""
    rng = np.random.default_rng(seed)
    shapes = weight_shapes(spec.autoencoder, image_shape(spec))
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


FILE = HomeFile(SPEC, DAY, "digits-dense", "stopped", (EPOCH, EPOCH), weights_for(SPEC))
