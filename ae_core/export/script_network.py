"""Keras code that builds the network of a spec, layer by layer as `ae_core.models.networks` does.

It writes text and knows no Keras. Equal layers in equal order draw equal first weights: every
layer that has some takes the next seed.
"""

from collections.abc import Iterable

from ae_core.models.precision import resolve_precision
from ae_core.models.shapes import LayerShape, Shape, infer_shapes
from ae_core.specs import TrainingSpec
from ae_core.specs.layers import KERNEL_SIZE

INITIALIZERS = {"glorot_uniform": "GlorotUniform", "he_uniform": "HeUniform"}
WIDTH = 100  # of a line
HALF = "HALF"  # the script's name for the policy of what is computed in bfloat16
_KINDS = {
    "conv": "Conv2D",
    "convT": "Conv2DTranspose",
    "pool": "MaxPooling2D",
    "up": "UpSampling2D",
}


def network(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return the code that makes ``encoder`` and ``decoder`` for pictures of (H, W, C).

    Raises:
        ValueError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    own = spec.autoencoder
    layers = infer_shapes(own, image_shape)
    encoder, decoder = _Writer(spec, "picture", image_shape), _Writer(spec, "z", (own.latent_dim,))
    lines = [
        "seeds = itertools.count(SEED)  # every layer its own: equal seeds draw equal weights",
        "",
        "",
        "def init():",
        f"    return {INITIALIZERS[own.initializer]}(next(seeds))",
        "",
        "",
        "# Encoder: from the picture to the code.",
        f"picture = keras.Input({image_shape})",
        *encoder.before(),
        *encoder.hidden(p for p in layers if p.part == "encoder"),
        *encoder.code(),
        "",
        "# Decoder: from the code to the picture.",
        f"z = keras.Input(({own.latent_dim},))",
        *decoder.hidden(p for p in layers if p.part == "decoder"),
        *decoder.output(layers[-1], image_shape),
    ]
    return "\n".join(lines)


def assignment(target: str, name: str, arguments: Iterable[str], end: str = "") -> str:
    """Return ``target = name(arguments)end``, its arguments on a line of their own if need be."""
    inside = ", ".join(arguments)
    line = f"{target} = {name}({inside}){end}"
    return line if len(line) <= WIDTH else f"{target} = {name}(\n    {inside}\n){end}"


class _Writer:
    """Writes the lines of one half; `_at` is the variable that the next layer takes."""

    def __init__(self, spec: TrainingSpec, source: str, shape: Shape) -> None:
        self._spec = spec
        self._own = spec.autoencoder
        self._half = [f"dtype={HALF}"] if resolve_precision(spec) == "bfloat16" else []
        self._source = self._at = source
        self._shape = shape

    def before(self) -> list[str]:
        """Return what a picture goes through first: a noise layer, another pixel scale."""
        lines, noise = [], self._spec.corruption
        if noise.active and noise.noise_stage == "layer":
            kind = "GaussianNoise" if noise.noise_kind == "gaussian" else "Dropout"
            lines.append(self._apply(kind, [str(noise.noise_amount), "seed=SEED"]))
        if self._own.pixel_scale != 1:
            lines.append(self._apply("Rescaling", [str(self._own.pixel_scale)]))
        return lines

    def hidden(self, layers: Iterable[LayerShape]) -> list[str]:
        """Return the layers up to the code or to the output."""
        lines = []
        for i, planned in enumerate(layers):
            if planned.is_linear:
                lines += self._coordinates(planned)
            else:
                lines += self._hidden(planned)
                if self._own.dropout and planned.parameters:
                    seed = f"seed=SEED + {i}" if i else "seed=SEED"
                    lines.append(self._apply("Dropout", [str(self._own.dropout), seed]))
            self._shape = planned.shape
        return lines

    def code(self) -> list[str]:
        """Return the layers from the encoder's last output to the code, and the encoder."""
        own = self._own
        if own.code_type == "feature_map":
            return [
                f"code = layers.Flatten()({self._at})  # the encoder's last map is the code",
                "encoder = keras.Model(picture, code)",
            ]
        lines = self._flat()
        if own.bottleneck != "variational":
            lines += self._to_code("code", own.code_activation)
            return [*lines, "encoder = keras.Model(picture, code)"]
        lines += self._to_code("mean", "linear")
        log_var = ("layers.Dense", self._dense(own.latent_dim, "linear", []))
        lines.append(assignment("log_var", *log_var, f"({self._at})"))
        return [*lines, "encoder = keras.Model(picture, [mean, log_var])"]

    def output(self, planned: LayerShape, image_shape: Shape) -> list[str]:
        """Return the decoder's last layer, and the decoder."""
        activation = self._own.output_activation
        if self._own.pca_components:
            arguments = self._dense(_width(planned), "linear", self._half)
            lines = [assignment("to_pixels", "layers.Dense", arguments)]
            lines.append(f"x = to_pixels({self._at})")
        else:
            lines = self._layer(planned, "linear" if self._half else activation, self._half)
        if self._half:
            lines.append(self._activation(activation))
        if planned.layer is not None and planned.layer.kind == "dense":
            lines.append(self._apply("Reshape", [str(image_shape)]))
        return [*lines, f"decoder = keras.Model(z, {self._at})"]

    def _hidden(self, planned: LayerShape) -> list[str]:
        activation = self._own.activation
        is_dense = planned.layer is not None and planned.layer.kind == "dense"
        if not (self._half and is_dense) or activation == "linear":
            return self._layer(planned, activation, self._half)
        return [*self._layer(planned, "linear", self._half), self._activation(activation)]

    def _activation(self, activation: str) -> str:
        """Return the layer that turns what was computed in bfloat16 into float32."""
        return self._apply("Activation", [f'"{activation}"'])

    def _apply(self, kind: str, arguments: list[str]) -> str:
        line = assignment("x", f"layers.{kind}", arguments, f"({self._at})")
        self._at = "x"
        return line

    def _flat(self) -> list[str]:
        return [self._apply("Flatten", [])] if len(self._shape) > 1 else []

    def _layer(self, planned: LayerShape, activation: str, policy: list[str]) -> list[str]:
        layer = planned.layer
        if layer is None:
            raise ValueError(f"layer={planned.label} cannot be written")
        if layer.kind == "dense":
            dense = self._dense(layer.width, activation, policy)
            return [*self._flat(), self._apply("Dense", dense)]
        if layer.kind == "reshape":
            return [self._apply("Reshape", [str(layer.shape), *policy])]
        arguments = [str(layer.stride)]
        if layer.kind == "pool":
            arguments.append('padding="same"')
        if layer.kind in ("conv", "convT"):
            arguments = [str(layer.width), str(KERNEL_SIZE)]
            arguments += [f"strides={layer.stride}"] if layer.stride > 1 else []
            arguments += ['padding="same"'] if layer.padding == "same" else []
            arguments += _with_weights(activation)
        return [self._apply(_KINDS[layer.kind], [*arguments, *policy])]

    @staticmethod
    def _dense(width: int, activation: str, policy: list[str]) -> list[str]:
        return [str(width), *_with_weights(activation), *policy]

    def _coordinates(self, planned: LayerShape) -> list[str]:
        """Return a linear layer between components, in the decoder with its shortcut."""
        lines = self._flat()
        name = "to_coordinates" if self._source == "picture" else "last_hidden"
        arguments = self._dense(_width(planned), "linear", self._half)
        lines.append(assignment(name, "layers.Dense", arguments))
        if self._source == "picture":
            lines.append(f"x = coordinates = {name}({self._at})")
        else:
            lines += _shortcut("decoder_shortcut", self._own.pca_components)
            lines.append(f"x = {name}({self._at}) + decoder_shortcut(z)")
        self._at = "x"
        return lines

    def _to_code(self, name: str, activation: str) -> list[str]:
        """Return the layer to the code or to its mean, beside a shortcut if there is one."""
        arguments = self._dense(self._own.latent_dim, activation, [])
        if not self._own.pca_components:
            return [assignment(name, "layers.Dense", arguments, f"({self._at})")]
        return [
            assignment("to_code", "layers.Dense", arguments),
            *_shortcut("encoder_shortcut", self._own.latent_dim),
            f"{name} = to_code({self._at}) + encoder_shortcut(coordinates)",
        ]


def _width(planned: LayerShape) -> int:
    return planned.layer.width if planned.layer is not None else 0


def _with_weights(activation: str) -> list[str]:
    """Return the arguments that every layer with weights has."""
    chosen = [] if activation == "linear" else [f'activation="{activation}"']
    return [*chosen, "kernel_initializer=init()"]


def _shortcut(name: str, width: int) -> list[str]:
    arguments = [str(width), "use_bias=False", 'kernel_initializer="zeros"']
    return [assignment(name, "layers.Dense", arguments)]
