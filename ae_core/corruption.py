"""What each kind of corruption does to pictures, one equation a kind.

It does not draw random numbers and does not know NumPy from Keras: the caller passes standard
normal and uniform draws, and the array module that holds them. Training (Keras) and denoising a
single picture (NumPy) therefore corrupt alike.
"""

from typing import Any

import numpy as np

from ae_core.specs import Corruption

Array = Any  # a NumPy array or a Keras tensor


def apply(corruption: Corruption, images: Array, normal: Array, uniform: Array, xp: Any) -> Array:
    """Corrupt pictures.

    Args:
        corruption: kind and amount; amount 0 returns the pictures as they are.
        images: (N, H, W, C) in [0, 1].
        normal: standard normal draws of the same shape.
        uniform: draws from [0, 1) of the same shape.
        xp: ``numpy`` or ``keras.ops``.

    Returns:
        (N, H, W, C) in [0, 1].
    """
    a = corruption.amount
    if not corruption.active:
        return images
    if corruption.kind == "gaussian":  # x + n, n ~ N(0, a²)
        return xp.clip(images + a * normal, 0.0, 1.0)
    if corruption.kind == "heteroscedastic":  # every component its own σ ~ U(0, 2a)
        return xp.clip(images + 2 * a * uniform * normal, 0.0, 1.0)
    if corruption.kind == "speckle":  # x + x·n
        return xp.clip(images + a * images * normal, 0.0, 1.0)
    if corruption.kind == "masking":  # a share a of the pixels is black (ICML 2008, Vincent)
        return xp.where(uniform < a, 0.0, images)
    # Salt and pepper: half of the share a black, half of it white.
    return xp.where(uniform < a / 2, 0.0, xp.where(uniform >= 1 - a / 2, 1.0, images))


def corrupt(corruption: Corruption, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Corrupt NumPy pictures (N, H, W, C) in [0, 1]; the same generator state, the same noise."""
    normal = rng.standard_normal(images.shape, dtype=np.float32)
    uniform = rng.random(images.shape, dtype=np.float32)
    corrupted: np.ndarray = apply(corruption, images, normal, uniform, np)
    return corrupted.astype(np.float32)
