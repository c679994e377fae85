"""Applies a `Corruption` to images; `ae_core.specs.noise` defines each kind of noise."""

from typing import Any

import numpy as np

from ae_core.specs import Corruption
from ae_core.specs.noise import NOISES, Array


def apply(corruption: Corruption, images: Array, normal: Array, uniform: Array, ops: Any) -> Array:
    """Corrupt images.

    Args:
        corruption: kind and amount; amount 0 returns the images as they are.
        images: (N, H, W, C) in [0, 1].
        normal: standard normal draws of the same shape.
        uniform: draws from [0, 1) of the same shape.
        ops: ``numpy`` or `keras.ops`.

    Returns:
        (N, H, W, C) in [0, 1].
    """
    if not corruption.active:
        return images
    noise = NOISES[corruption.noise_kind]
    draws = {"normal": normal, "uniform": uniform}
    return noise.function(
        images, corruption.noise_amount, *(draws[name] for name in noise.draws), ops
    )


def corrupt(corruption: Corruption, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Corrupt NumPy images (N, H, W, C) in [0, 1]; equal generator states give equal noise."""
    normal = rng.standard_normal(images.shape, dtype=np.float32)
    uniform = rng.random(images.shape, dtype=np.float32)
    corrupted: np.ndarray = apply(corruption, images, normal, uniform, np)
    return corrupted.astype(np.float32)
