"""Augmentations: small changes to training images that keep the kind of image.

A function takes a batch ``x`` (N, H, W, C), the run's seed, the batch's number (int32; equal
numbers give equal changes) and TensorFlow, so that the server can read the rows without it.
To add one, write its function and its row, and name it in ``assets/text/<language>/settings.toml``.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Tensor = Any


def unchanged(x: Tensor, seed: int, number: Tensor, tf: Any) -> Tensor:
    """Return the images unchanged."""
    return x


def mirror(x: Tensor, seed: int, number: Tensor, tf: Any) -> Tensor:
    """Mirror each image left to right with probability 1/2."""
    chance = tf.random.stateless_uniform([tf.shape(x)[0], 1, 1, 1], [seed + 777, number])
    # Not x[:, :, ::-1]: a backward slice takes three times as long.
    return tf.where(chance < 0.5, x, tf.reverse(x, [2]))


def jitter(
    x: Tensor,
    seed: int,
    number: Tensor,
    tf: Any,
    moved: float = 0.026,
    turned: float = 3.0,
    scaled: float = 0.035,
) -> Tensor:
    """Mirror with probability 1/2, and shift, rotate and scale each image; repeat its edge."""
    # Standard deviations: shift as a share of a side, rotation in degrees, scale as a share.
    count, height, width = (tf.shape(x)[axis] for axis in range(3))
    chance = tf.random.stateless_uniform([count, 1, 1, 1], [seed + 777, number])
    draws = tf.random.stateless_normal([count, 4], [seed + 778, number])
    angle, scale = math.radians(turned) * draws[:, 0], 1 + scaled * draws[:, 1]
    middle_x, middle_y = (tf.cast(side - 1, tf.float32) / 2 for side in (width, height))
    across, along = (moved * tf.cast(side, tf.float32) for side in (width, height))
    cos, sin = tf.cos(angle) / scale, tf.sin(angle) / scale
    right = middle_x - cos * middle_x + sin * middle_y + across * draws[:, 2]
    down = middle_y - sin * middle_x - cos * middle_y + along * draws[:, 3]
    mirrored = chance[:, 0, 0, 0] >= 0.5  # reads the pixels from the other side
    side = tf.where(mirrored, -1.0, 1.0)
    right = tf.where(mirrored, 2 * middle_x - right, right)
    zero = tf.zeros_like(right)
    rows = [side * cos, -side * sin, right, sin, cos, down, zero, zero]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.stack(rows, axis=1),
        output_shape=tf.shape(x)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


AUGMENTATIONS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {"none": unchanged, "mirror": mirror, "jitter": jitter}
)
