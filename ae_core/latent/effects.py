"""Measures how much images change along directions of a latent space, in an ``infer`` worker.

D latent dimensions; K directions; P paths of S codes. A change is in gray levels of 255: the root
mean square over all pixels of the range that each of them passes through.
"""

from collections.abc import Callable

import numpy as np

VISIBLE = 1.0  # gray levels: a dimension that changes images less than this is unused
STARTS = 16  # codes from which each dimension is moved, fewer if there are many dimensions
MAX_IMAGES = 4096  # decoded for all dimensions together
WAY = (-1.0, -0.5, 0.0, 0.5, 1.0)  # along a direction

Decode = Callable[[np.ndarray], np.ndarray]


def changes(decode: Decode, paths: np.ndarray) -> np.ndarray:
    """Return how much the image changes along each path.

    Args:
        decode: returns the images (N, H, W, C) in [0, 1] of codes (N, D).
        paths: (P, S, D).

    Returns:
        (P,) float32 in gray levels.
    """
    count, steps, latent_dim = paths.shape
    found = np.zeros(count, np.float32)
    at_once = max(1, MAX_IMAGES // 8 // steps)
    for start in range(0, count, at_once):
        part = paths[start : start + at_once]
        images = decode(part.reshape(-1, latent_dim)).reshape(len(part), steps, -1)
        ranges = np.ptp(images, axis=1)
        found[start : start + at_once] = 255 * np.sqrt(np.square(ranges).mean(axis=1))
    return found


def dimension_effects(decode: Decode, codes: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return how much images change if one dimension takes the values that codes have.

    Args:
        decode: see `changes`.
        codes: (N, D), from evenly chosen ones of which each dimension is moved.
        quantiles: (S, D), the values of each dimension.

    Returns:
        (D,) float32 in gray levels, the mean over the starting codes.
    """
    steps, latent_dim = quantiles.shape
    starts = int(np.clip(MAX_IMAGES // (steps * latent_dim), 1, min(STARTS, len(codes))))
    chosen = codes[np.linspace(0, len(codes) - 1, starts).astype(int)]
    found = np.zeros(latent_dim, np.float32)
    for dimension in range(latent_dim):
        paths = np.repeat(chosen[:, np.newaxis], steps, axis=1)
        paths[:, :, dimension] = quantiles[:, dimension]
        found[dimension] = changes(decode, paths).mean()
    return found


def direction_effects(decode: Decode, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return how much the image of the mean code (D,) changes along directions (K, D), (K,)."""
    way = np.array(WAY, np.float32)
    return changes(decode, mean + way[:, np.newaxis] * directions[:, np.newaxis])
