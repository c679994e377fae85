"""Small changes of training pictures after which they are still pictures of the same kind."""

import math

import tensorflow as tf

MOVED = 0.026  # of a side: 1.7 pixels of 64
TURNED = 3.0  # degrees
SCALED = 0.035  # all three are standard deviations
SALT = 777  # tells these draws from those of noise


def augmented(kind: str, images: tf.Tensor, seed: int, number: tf.Tensor) -> tf.Tensor:
    """Return a batch of pictures changed at random.

    Args:
        kind: one of ``CHOICES["augment"]``.
        images: (N, H, W, C).
        seed: of the run.
        number: of the batch: int32, the same one gives the same changes.
    """
    if kind == "none":
        return images
    count = tf.shape(images)[0]
    draws = tf.random.stateless_uniform([count, 1, 1, 1], [seed + SALT, number])
    if kind == "mirror":
        # Not images[:, :, ::-1]: a slice that goes backwards takes three times as long.
        return tf.where(draws < 0.5, images, tf.reverse(images, [2]))
    return _moved(images, draws[:, 0, 0, 0] >= 0.5, [seed + SALT + 1, number])


def _moved(images: tf.Tensor, mirrored: tf.Tensor, seed: list[int | tf.Tensor]) -> tf.Tensor:
    """Move, turn and scale each picture about its middle; its edge goes on beyond it.

    Those that are to be mirrored (N,) are so first: looked up from the other side.
    """
    count, height, width = (tf.shape(images)[axis] for axis in range(3))
    draws = tf.random.stateless_normal([count, 4], seed)
    angle, scale = math.radians(TURNED) * draws[:, 0], 1 + SCALED * draws[:, 1]
    middle_x, middle_y = (tf.cast(side - 1, tf.float32) / 2 for side in (width, height))
    across, down = (MOVED * tf.cast(side, tf.float32) for side in (width, height))
    cos, sin = tf.cos(angle) / scale, tf.sin(angle) / scale
    x = middle_x - cos * middle_x + sin * middle_y + across * draws[:, 2]
    y = middle_y - sin * middle_x - cos * middle_y + down * draws[:, 3]
    zero = tf.zeros_like(x)
    side = tf.where(mirrored, -1.0, 1.0)
    x = tf.where(mirrored, 2 * middle_x - x, x)
    rows = tf.stack([side * cos, -side * sin, x, sin, cos, y, zero, zero], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=rows,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
