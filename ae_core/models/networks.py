"""Builds the two Keras networks of any autoencoder spec, encoder and decoder.

Every encoder maps images (N, H, W, C) to codes (N, D), every decoder codes to images; pixels are in
[0, 1] outside and in [0, pixel_scale] inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import keras

from ae_core.models.shapes import LayerShape, Shape, infer_shapes
from ae_core.specs import AutoencoderSpec, Corruption
from ae_core.specs.layers import KERNEL_SIZE
from ae_core.specs.noise import NOISES


@dataclass(frozen=True)
class Networks:
    """The two halves of an autoencoder.

    Attributes:
        encoder: (N, H, W, C) in [0, 1] → code (N, D), or [mean, log variance] if variational.
        decoder: (N, D) → (N, H, W, C) on the network's pixel scale.
    """

    encoder: keras.Model
    decoder: keras.Model

    @property
    def variables(self) -> list[keras.Variable]:
        """All weights, encoder first."""
        return [*self.encoder.weights, *self.decoder.weights]

    @property
    def trained(self) -> list[keras.Variable]:
        """The weights that training changes: all except the fixed principal components."""
        return [variable for variable in self.variables if variable.trainable]


def build(
    spec: AutoencoderSpec,
    image_shape: Shape,
    *,
    seed: int,
    corruption: Corruption | None = None,
    precision: str = "float32",
) -> Networks:
    """Build both networks with initial weights drawn from ``seed``.

    Args:
        spec: the network.
        image_shape: (H, W, C).
        seed: the seed of the initial weights and of a noise or dropout layer.
        corruption: becomes the encoder's first layer if its ``noise_stage`` is ``layer``.
        precision: ``float32`` or ``bfloat16`` for computations; weights stay float32.

    Raises:
        UserError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    layers = infer_shapes(spec, image_shape)
    maker = _Maker(spec, seed, "mixed_bfloat16" if precision == "bfloat16" else "float32")

    images = keras.Input(image_shape)
    x = images
    if corruption is not None and corruption.noise_stage == "layer" and corruption.active:
        noise = getattr(keras.layers, NOISES[corruption.noise_kind].layer)
        x = noise(corruption.noise_amount, seed=seed)(x)
    if spec.pixel_scale != 1:
        x = keras.layers.Rescaling(spec.pixel_scale, dtype="float32")(x)
    x, coordinates = maker.hidden("encoder", layers, x)
    encoder = keras.Model(images, maker.code(x, coordinates), name="encoder")

    codes = keras.Input((spec.latent_dim,))
    y, coordinates = maker.hidden("decoder", layers, codes)
    if spec.pca_components:
        y = maker.with_shortcut("decoder_shortcut", coordinates, codes)
    y = maker.output(layers[-1], y)
    if y.shape[1:] != image_shape:
        y = keras.layers.Reshape(image_shape, dtype="float32")(y)
    decoder = keras.Model(codes, y, name="decoder")
    if spec.pca_components:
        encoder.get_layer("encoder_0").trainable = False
        decoder.get_layer("output").trainable = False
    return Networks(encoder, decoder)


class _Maker:
    """Creates layers with consistent names, one seeded initializer each, and one dtype policy."""

    def __init__(self, spec: AutoencoderSpec, seed: int, policy: str) -> None:
        self._spec = spec
        self._seed = seed
        self._seeds = iter(range(seed, seed + 1000))
        self._policy = policy

    def layer(
        self,
        name: str,
        planned: LayerShape,
        x: keras.KerasTensor,
        activation: str,
    ) -> keras.KerasTensor:
        """Apply a layer to `x`; a dense layer after a feature map flattens it first."""
        layer = planned.layer
        if layer is None:
            raise ValueError(f"layer={planned.label} cannot be built")
        named = {"name": name, "dtype": self._policy}
        if layer.kind == "dense":
            return self._dense(name, layer.width, x, activation, self._policy)
        if layer.kind == "reshape":
            return keras.layers.Reshape(layer.shape, **named)(x)
        if layer.kind == "pool":
            return keras.layers.MaxPooling2D(layer.stride, padding="same", **named)(x)
        if layer.kind == "up":
            return keras.layers.UpSampling2D(layer.stride, **named)(x)
        kind = keras.layers.Conv2D if layer.kind == "conv" else keras.layers.Conv2DTranspose
        return kind(
            layer.width,
            KERNEL_SIZE,
            strides=layer.stride,
            padding=layer.padding,
            activation=activation,
            kernel_initializer=self._initializer(),
            **named,
        )(x)

    def hidden(
        self, part: str, layers: Iterable[LayerShape], x: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Apply all layers of the encoder or the decoder.

        Returns:
            The last layer's output and, if there are any, the coordinates along the components.
        """
        coordinates = x
        for i, planned in enumerate(p for p in layers if p.part == part):
            activation = "linear" if planned.is_linear else self._spec.activation
            x = self.layer(f"{part}_{i}", planned, x, activation)
            if planned.is_linear:
                coordinates = x
            elif self._spec.dropout and planned.parameters:
                x = keras.layers.Dropout(self._spec.dropout, seed=self._seed + i)(x)
        return x, coordinates

    def code(
        self, x: keras.KerasTensor, coordinates: keras.KerasTensor
    ) -> keras.KerasTensor | list[keras.KerasTensor]:
        """Turn the encoder's last output into the code, float32 at any precision."""
        spec = self._spec
        if spec.code_type == "feature_map":
            return keras.layers.Flatten(name="code", dtype="float32")(x)
        if spec.is_variational:
            mean, log_var = (
                self._dense(name, spec.latent_dim, x, "linear", "float32")
                for name in ("z_mean", "z_log_var")
            )
            if spec.pca_components:
                mean = self.with_shortcut("encoder_shortcut", mean, coordinates)
            return [mean, log_var]
        code = self._dense("code", spec.latent_dim, x, spec.code_activation, "float32")
        if spec.pca_components:
            code = self.with_shortcut("encoder_shortcut", code, coordinates)
        return code

    def output(self, planned: LayerShape, x: keras.KerasTensor) -> keras.KerasTensor:
        """Apply the decoder's last layer; its output is float32 at any precision."""
        activation = self._spec.output_activation
        if self._policy == "float32":
            return self.layer("output", planned, x, activation)
        # In float32, a convolution to one channel took a third of each step of `mnist-conv`.
        y = self.layer("output", planned, x, "linear")
        return keras.layers.Activation(activation, dtype="float32")(y)

    def with_shortcut(
        self, name: str, x: keras.KerasTensor, start: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Add a linear map of `start`, which `models.pca_init` initializes as a PCA."""
        linear = keras.layers.Dense(
            x.shape[1], use_bias=False, kernel_initializer="zeros", name=name, dtype="float32"
        )
        return keras.layers.Add(dtype="float32")([x, linear(start)])

    def _dense(
        self, name: str, units: int, x: keras.KerasTensor, activation: str, policy: str
    ) -> keras.KerasTensor:
        if len(x.shape) > 2:
            x = keras.layers.Flatten(dtype=policy)(x)
        # A matrix product is faster in bfloat16; GELU, similar activations and dropout are slower.
        apart = policy == "mixed_bfloat16" and activation != "linear"
        y = keras.layers.Dense(
            units,
            activation="linear" if apart else activation,
            kernel_initializer=self._initializer(),
            name=name,
            dtype=policy,
        )(x)
        return keras.layers.Activation(activation, dtype="float32")(y) if apart else y

    def _initializer(self) -> keras.Initializer:
        # Keras' initializers with equal seeds draw equal values: every layer gets its own.
        config = {"seed": next(self._seeds)}
        return keras.initializers.get({"class_name": self._spec.initializer, "config": config})
