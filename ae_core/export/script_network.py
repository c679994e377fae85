"""Writes Keras code that builds a spec's network layer by layer, like `ae_core.models.networks`.

Equal layers in equal order draw equal initial weights: each layer with weights takes the next seed.
"""

from collections.abc import Iterable

from ae_core.models.precision import resolve_precision
from ae_core.models.shapes import LayerShape, Shape, infer_shapes
from ae_core.specs import TrainingSpec
from ae_core.specs.layers import KERNEL_SIZE
from ae_core.specs.noise import NOISES

INITIALIZERS = {"glorot_uniform": "GlorotUniform", "he_uniform": "HeUniform"}
_MAX_WIDTH = 100  # characters per line
_HALF = "HALF"  # the script's name for the policy of layers that compute in bfloat16
_KINDS = {
    "conv": "Conv2D",
    "convT": "Conv2DTranspose",
    "pool": "MaxPooling2D",
    "up": "UpSampling2D",
}


def network(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return the code that builds ``encoder`` and ``decoder`` for images (H, W, C).

    Raises:
        UserError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    shapes = infer_shapes(spec.autoencoder, image_shape)
    encoder = _Writer(spec, "picture", image_shape)
    encoder.before()
    encoder.hidden(shape for shape in shapes if shape.part == "encoder")
    encoder.code()
    decoder = _Writer(spec, "z", (spec.autoencoder.latent_dim,))
    decoder.hidden(shape for shape in shapes if shape.part == "decoder")
    decoder.output(shapes[-1], image_shape)
    lines = [
        "# Encoder: from the picture to the code.",
        *encoder.lines,
        "",
        "# Decoder: from the code to the picture.",
        *decoder.lines,
    ]
    return "\n".join(lines)


class _Writer:
    """Writes the lines of one half; `_at` is the variable that the next layer is applied to."""

    def __init__(self, spec: TrainingSpec, source: str, shape: Shape) -> None:
        self.lines = [f"{source} = keras.Input({shape})"]
        self._spec = spec
        self._own = spec.autoencoder
        self._half = [f"dtype={_HALF}"] if resolve_precision(spec) == "bfloat16" else []
        self._source = self._at = source
        self._shape = shape

    def before(self) -> None:
        """Write the first operations on an image: a noise layer, another pixel scale."""
        noise = self._spec.corruption
        if noise.active and noise.noise_stage == "layer":
            self._apply(NOISES[noise.noise_kind].layer, [noise.noise_amount, "seed=SEED"])
        if self._own.pixel_scale != 1:
            self._apply("Rescaling", [self._own.pixel_scale])

    def hidden(self, shapes: Iterable[LayerShape]) -> None:
        """Write the layers up to the code or to the output."""
        for i, shape in enumerate(shapes):
            if shape.is_linear:
                self._coordinates(_width(shape))
            else:
                self._layer(shape, self._own.activation)
                if self._own.dropout and shape.parameters:
                    seed = f"seed=SEED + {i}" if i else "seed=SEED"
                    self._apply("Dropout", [self._own.dropout, seed])
            self._shape = shape.shape

    def code(self) -> None:
        """Write the layers from the encoder's last output to the code, and the encoder."""
        own = self._own
        codes = "code"
        if own.code_type == "feature_map":
            self.lines.append(f"code = layers.Flatten()({self._at})  # the last map is the code")
        else:
            self._flat()
            if own.is_variational:
                self._to_code("mean", "linear")
                self._dense("log_var", own.latent_dim, call=f"({self._at})")
                codes = "[mean, log_var]"
            else:
                self._to_code("code", own.code_activation)
        self.lines.append(f"encoder = keras.Model(picture, {codes})")

    def output(self, shape: LayerShape, image_shape: Shape) -> None:
        """Write the decoder's last layer, and the decoder."""
        activation = self._own.output_activation
        if self._own.pca_components:
            self._dense("to_pixels", _width(shape), policy=self._half)
            self.lines.append(f"x = to_pixels({self._at})")
        else:
            self._layer(shape, "linear" if self._half else activation)
        if self._half:  # converts bfloat16 outputs to float32
            self._apply("Activation", [f'"{activation}"'])
        if shape.layer is not None and shape.layer.kind == "dense":
            self._apply("Reshape", [image_shape])
        self.lines.append(f"decoder = keras.Model(z, {self._at})")

    def _apply(self, kind: str, arguments: list[object]) -> None:
        self.lines.append(_assignment("x", f"layers.{kind}", arguments, f"({self._at})"))
        self._at = "x"

    def _dense(
        self,
        name: str,
        units: int,
        activation: str = "linear",
        policy: Iterable[str] = (),
        call: str = "",
    ) -> None:
        """Write a named dense layer, and its call if there is one."""
        arguments = [units, *_with_weights(activation), *policy]
        self.lines.append(_assignment(name, "layers.Dense", arguments, call))

    def _flat(self) -> None:
        if len(self._shape) > 1:
            self._apply("Flatten", [])

    def _layer(self, shape: LayerShape, activation: str) -> None:
        layer = shape.layer
        if layer is None:
            raise ValueError(f"layer={shape.label} cannot be written")
        if layer.kind == "dense":
            apart = bool(self._half) and activation != "linear"
            self._flat()
            weights = _with_weights("linear" if apart else activation)
            self._apply("Dense", [layer.width, *weights, *self._half])
            if apart:
                self._apply("Activation", [f'"{activation}"'])
            return
        if layer.kind == "reshape":
            self._apply("Reshape", [layer.shape, *self._half])
            return
        arguments: list[object] = [layer.stride]
        if layer.kind == "pool":
            arguments.append('padding="same"')
        if layer.kind in ("conv", "convT"):
            arguments = [layer.width, KERNEL_SIZE]
            arguments += [f"strides={layer.stride}"] if layer.stride > 1 else []
            arguments += ['padding="same"'] if layer.padding == "same" else []
            arguments += _with_weights(activation)
        self._apply(_KINDS[layer.kind], [*arguments, *self._half])

    def _coordinates(self, width: int) -> None:
        """Write a linear layer to the coordinates; in the decoder, with its shortcut."""
        self._flat()
        if self._source == "picture":
            self._dense("to_coordinates", width, policy=self._half)
            self.lines.append(f"x = coordinates = to_coordinates({self._at})")
        else:
            self._dense("last_hidden", width, policy=self._half)
            self._shortcut("decoder_shortcut", width)
            self.lines.append(f"x = last_hidden({self._at}) + decoder_shortcut(z)")
        self._at = "x"

    def _to_code(self, name: str, activation: str) -> None:
        """Write the layer to the code or to its mean, and its shortcut if there is one."""
        width = self._own.latent_dim
        if not self._own.pca_components:
            self._dense(name, width, activation, call=f"({self._at})")
            return
        self._dense("to_code", width, activation)
        self._shortcut("encoder_shortcut", width)
        self.lines.append(f"{name} = to_code({self._at}) + encoder_shortcut(coordinates)")

    def _shortcut(self, name: str, width: int) -> None:
        arguments = [width, "use_bias=False", 'kernel_initializer="zeros"']
        self.lines.append(_assignment(name, "layers.Dense", arguments))


def _width(shape: LayerShape) -> int:
    return shape.layer.width if shape.layer is not None else 0


def _with_weights(activation: str) -> list[str]:
    """Return the arguments that every layer with weights has."""
    chosen = [] if activation == "linear" else [f'activation="{activation}"']
    return [*chosen, "kernel_initializer=init()"]


def _assignment(target: str, name: str, arguments: Iterable[object], call: str = "") -> str:
    """Return ``target = name(arguments)call``; long arguments get their own line."""
    inside = ", ".join(map(str, arguments))
    line = f"{target} = {name}({inside}){call}"
    return line if len(line) <= _MAX_WIDTH else f"{target} = {name}(\n    {inside}\n){call}"
