"""The fully convolutional denoiser: a residual U-Net (arXiv 1505.04597, 1608.03981).

It is a blind denoiser: it is not told the kind or the level of the noise.
"""

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ae_core.images import to_bytes_range
from ae_core.models.weights import assign
from ae_core.specs import DenoiserSpec

TILE = 512  # pixels, a multiple of every stride: 64 channels of it and its margins are 130 MB


def build(spec: DenoiserSpec, *, seed: int) -> keras.Model:
    """Build the network (N, H, W, C) → (N, H, W, C), both in [0, 1] except for small overshoots.

    H and W must be multiples of ``spec.stride``. The output is the image plus a residual from the
    layers, which starts near 0, so that an untrained network hardly changes images.
    """
    maker = _Maker(spec, seed)
    images = keras.Input((None, None, spec.channels))
    x = maker.conv(spec.widths[0], 3)(images)
    skips = []
    for level, (width, blocks) in enumerate(zip(spec.widths, spec.blocks, strict=True)):
        if level:
            skips.append(x)
            x = maker.conv(width, 2, 2)(x)
        x = maker.blocks(x, width, blocks)
    for width, blocks in list(zip(spec.widths, spec.blocks, strict=True))[-2::-1]:
        x = maker.enlarge(width)(x)
        x = maker.blocks(maker.sum(x, skips.pop()), width, blocks)
    change = maker.conv(spec.channels, 3, scale=1e-3, activation="linear", dtype="float32")(x)
    return keras.Model(images, layers.Add(dtype="float32")([images, change]))


class _Maker:
    """Creates layers, each with a numbered name and its own seed."""

    def __init__(self, spec: DenoiserSpec, seed: int) -> None:
        self._dtype = "mixed_bfloat16" if spec.precision == "bfloat16" else "float32"
        self._seed = seed
        self._made = 0

    def _next(self, scale: float, dtype: str = "") -> dict[str, object]:
        self._made += 1
        start = keras.initializers.VarianceScaling(scale, seed=self._seed + self._made)
        name = f"layer_{self._made}"
        return {"kernel_initializer": start, "name": name, "dtype": dtype or self._dtype}

    def conv(
        self,
        width: int,
        kernel: int,
        stride: int = 1,
        scale: float = 2.0,
        activation: str = "relu",
        dtype: str = "",
    ) -> layers.Layer:
        return layers.Conv2D(
            width,
            kernel,
            stride,
            padding="same",
            activation=activation,
            **self._next(scale, dtype),
        )

    def enlarge(self, width: int) -> layers.Layer:
        return layers.Conv2DTranspose(width, 2, 2, padding="same", **self._next(2.0))

    def sum(self, a: keras.KerasTensor, b: keras.KerasTensor) -> keras.KerasTensor:
        added = layers.Add(dtype=self._dtype)([a, b])
        return layers.Activation("relu", dtype=self._dtype)(added)

    def blocks(self, x: keras.KerasTensor, width: int, count: int) -> keras.KerasTensor:
        for _ in range(count):  # arXiv 1512.03385, without batch normalisation
            change = self.conv(width, 3, scale=0.2, activation="linear")(self.conv(width, 3)(x))
            x = self.sum(x, change)
        return x


def reach(spec: DenoiserSpec) -> int:
    """Return how many pixels around a pixel its output depends on, a multiple of the stride."""
    convolutions = 2  # the first and the last
    for level, blocks in enumerate(spec.blocks):
        sides = 1 if level == len(spec.blocks) - 1 else 2  # on the way down, and up again
        convolutions += sides * 2 * blocks * 2**level
    whole = 2 * spec.stride  # the pixels that share a place of the smallest map
    return -(-(convolutions + whole) // spec.stride) * spec.stride


def tiles(length: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """Divide an axis into parts of `TILE`; yield each, and the part with its margins."""
    for begin in range(0, length, TILE):
        end = min(length, begin + TILE)
        yield slice(begin, end), slice(max(0, begin - margin), min(length, end + margin))


class Denoiser:
    """A trained denoiser: read-only, NumPy in and out."""

    def __init__(self, spec: DenoiserSpec, weights: Mapping[str, np.ndarray]) -> None:
        """Rebuild a denoiser from its spec and weights.

        Raises:
            UserError: see `ae_core.models.weights.assign`.
        """
        network = build(DenoiserSpec(**{**vars(spec), "precision": "float32"}), seed=0)
        assign(network.trainable_variables, weights)
        self.spec = spec
        self._network = network
        images = tf.TensorSpec([None, None, None, spec.channels], tf.float32)
        self._call = tf.function(self._output, input_signature=[images], autograph=False)

    def denoise(self, images: np.ndarray) -> np.ndarray:
        """Return the clean images behind noisy ones; all (N, H, W, C) in [0, 1], or all uint8.

        Images larger than `TILE` are denoised in tiles, with the same result: each tile sees as
        far around it as the network does.
        """
        height, width = images.shape[1:3]
        if len(images) > 1 and max(height, width) > TILE:
            return np.concatenate([self.denoise(image[np.newaxis]) for image in images])
        output = np.empty(images.shape, np.uint8 if images.dtype == np.uint8 else np.float32)
        margin = reach(self.spec)
        for kept_rows, rows in tiles(height, margin):
            for kept_columns, columns in tiles(width, margin):
                tile = self._whole(images[:, rows, columns])
                top, left = kept_rows.start - rows.start, kept_columns.start - columns.start
                kept = tile[
                    :,
                    top : top + kept_rows.stop - kept_rows.start,
                    left : left + kept_columns.stop - kept_columns.start,
                ]
                is_bytes = output.dtype == np.uint8
                output[:, kept_rows, kept_columns] = to_bytes_range(kept) if is_bytes else kept
        return output

    def _whole(self, images: np.ndarray) -> np.ndarray:
        height, width = images.shape[1:3]
        bottom, right = -height % self.spec.stride, -width % self.spec.stride
        # Mirror padding: the network would take a black edge for part of the image.
        padded = np.pad(images, ((0, 0), (0, bottom), (0, right), (0, 0)), "symmetric")
        scale = np.float32(1 / 255 if images.dtype == np.uint8 else 1)
        output: np.ndarray = self._call(padded.astype(np.float32) * scale).numpy()
        return output[:, :height, :width]

    def _output(self, images: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(self._network(images, training=False), 0.0, 1.0)
