"""A trained autoencoder: read-only, NumPy in and out."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from ae_core.models.networks import Networks, build
from ae_core.models.pca_init import with_encoder_projection
from ae_core.models.shapes import Shape
from ae_core.models.weights import assign
from ae_core.specs import AutoencoderSpec

BATCH = 256  # images at a time, to limit the memory for a large set


class Autoencoder:
    """Encodes, decodes and reconstructs.

    Attributes:
        spec: the network's spec.
        image_shape: (H, W, C).
    """

    def __init__(self, spec: AutoencoderSpec, image_shape: Shape, networks: Networks) -> None:
        """Wrap networks from `ae_core.models.networks.build`."""
        self.spec = spec
        self.image_shape = image_shape
        self._networks = networks
        images = tf.TensorSpec([None, *image_shape], tf.float32)
        codes = tf.TensorSpec([None, spec.latent_dim], tf.float32)
        # A tf.function takes about 1 ms for one image, `predict` about 40.
        self._encode = tf.function(self._encoder_outputs, input_signature=[images], autograph=False)
        self._decode = tf.function(self._decoder_output, input_signature=[codes], autograph=False)

    @classmethod
    def from_weights(
        cls, spec: AutoencoderSpec, image_shape: Shape, weights: Mapping[str, np.ndarray]
    ) -> "Autoencoder":
        """Rebuild a trained autoencoder from its spec and `weights()`.

        Raises:
            UserError: see `ae_core.models.weights.assign`.
        """
        networks = build(spec, image_shape, seed=0)
        if spec.pca_components and "output/kernel" in weights:
            weights = with_encoder_projection(weights)
        assign(networks.variables, weights)
        return cls(spec, image_shape, networks)

    def weights(self) -> dict[str, np.ndarray]:
        """Return all weights by name, e.g. ``encoder_0/kernel``."""
        return weights_of(self._networks)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Map images (N, H, W, C) in [0, 1] to codes (N, D); the means if variational."""
        return self.posterior(images)[0]

    def posterior(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return mean and log variance of the codes, (N, D) each; None if not variational."""
        if images.shape[1:] != self.image_shape:
            wanted = ", ".join(map(str, self.image_shape))
            raise ValueError(f"images={images.shape} must be (N, {wanted})")
        parts = [self._encode(batch) for batch in _batches(images)]
        mean = np.concatenate([part[0] for part in parts])
        if not self.spec.is_variational:
            return mean, None
        return mean, np.concatenate([part[1] for part in parts])

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Map codes (N, D) to images (N, H, W, C) in [0, 1]."""
        if codes.ndim != 2 or codes.shape[1] != self.spec.latent_dim:
            raise ValueError(f"codes={codes.shape} must be (N, {self.spec.latent_dim})")
        return np.concatenate([self._decode(batch).numpy() for batch in _batches(codes)])

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Encode and decode images (N, H, W, C) in [0, 1]."""
        return self.decode(self.encode(images))

    def whole(self) -> keras.Model:
        """Return one Keras model that reconstructs images (N, H, W, C) in [0, 1], for saving."""
        images = keras.Input(self.image_shape)
        encoded = self._networks.encoder(images)
        code = encoded[0] if self.spec.is_variational else encoded
        output = self._networks.decoder(code)
        if self.spec.pixel_scale != 1:
            output = keras.layers.Rescaling(1 / self.spec.pixel_scale)(output)
        return keras.Model(images, keras.layers.ReLU(max_value=1.0)(output), name="autoencoder")

    def _encoder_outputs(self, images: tf.Tensor) -> list[tf.Tensor]:
        outputs = self._networks.encoder(images, training=False)
        return outputs if isinstance(outputs, list) else [outputs]

    def _decoder_output(self, codes: tf.Tensor) -> tf.Tensor:
        output = self._networks.decoder(codes, training=False)
        return tf.clip_by_value(output / float(self.spec.pixel_scale), 0.0, 1.0)


def weights_of(networks: Networks) -> dict[str, np.ndarray]:
    """Return copies of the networks' weights by name."""
    return {variable.path: np.array(variable.numpy()) for variable in networks.variables}


def _batches(array: np.ndarray) -> list[np.ndarray]:
    array = np.ascontiguousarray(array, dtype=np.float32)
    return [array[i : i + BATCH] for i in range(0, max(len(array), 1), BATCH)]
