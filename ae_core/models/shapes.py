"""Infers the shape, parameters and cost of every layer of a spec's network without Keras.

The page uses it to draw a network before it is trained. ``tests/models/test_networks.py`` compares
the result with the Keras model.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ae_core.errors import UserError
from ae_core.specs import LIMITS, AutoencoderSpec, Layer
from ae_core.specs.layers import KERNEL_SIZE

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerShape:
    """One layer of the network.

    Attributes:
        part: ``input``, ``encoder``, ``code``, ``decoder`` or ``output``.
        label: its label in the drawing, e.g. ``Conv 16, stride 2``.
        shape: its output for one image: ``(H, W, C)`` or ``(units,)``.
        parameters: the number of trained weights.
        macs: multiply-accumulates for one image.
        layer: the layer in the spec, None for the input.
        is_linear: whether it is a hidden layer without an activation.
    """

    part: str
    label: str
    shape: Shape
    parameters: int
    macs: int
    layer: Layer | None
    is_linear: bool = False


def infer_shapes(spec: AutoencoderSpec, image_shape: Shape) -> tuple[LayerShape, ...]:
    """Infer every layer, from input to output, for images of ``image_shape`` (H, W, C).

    Raises:
        UserError: the layers do not fit each other or the image, or have too many parameters.
    """
    layers = [LayerShape("input", "Picture", image_shape, 0, 0, None)]
    if spec.pca_components:
        layers.append(_coordinates("encoder", spec, image_shape))
    for layer in spec.encoder:
        layers.append(_planned("encoder", layer, layers[-1].shape))
    layers.append(_code(spec, layers[-1].shape))
    if spec.pca_components:
        layers[-1] = _with_shortcut(layers[-1], spec)
    for layer in spec.decoder:
        layers.append(_planned("decoder", layer, layers[-1].shape))
    if spec.pca_components:
        layers.append(_with_shortcut(_coordinates("decoder", spec, layers[-1].shape), spec))
    layers.append(_output(spec, layers[-1].shape, image_shape))
    LIMITS["layer_numbers"].check("layer_numbers", max(math.prod(layer.shape) for layer in layers))
    LIMITS["parameters"].check("parameters", parameters(layers))
    LIMITS["macs"].check("macs", sum(layer.macs for layer in layers))
    return tuple(layers)


def parameters(layers: Iterable[LayerShape]) -> int:
    """Return the number of trained weights of the layers."""
    return sum(layer.parameters for layer in layers)


def _code(spec: AutoencoderSpec, shape: Shape) -> LayerShape:
    if spec.code_type == "feature_map":
        if len(shape) != 3:
            raise UserError("map_after")
        if math.prod(shape) != spec.latent_dim:
            wanted = math.prod(shape)
            raise UserError("map_size", value=spec.latent_dim, wanted=wanted, shape=_times(shape))
        return LayerShape("code", "Code = the map", (spec.latent_dim,), 0, 0, None)
    layer = Layer("dense", width=spec.latent_dim)
    dense = _planned("code", layer, shape)
    if spec.is_variational:  # two layers: mean and log variance
        return replace(
            dense, label="Code μ, σ", parameters=2 * dense.parameters, macs=2 * dense.macs
        )
    return replace(dense, label="Code")


def _output(spec: AutoencoderSpec, shape: Shape, image_shape: Shape) -> LayerShape:
    height, width, channels = image_shape
    if len(shape) == 1:
        dense = _planned("output", Layer("dense", width=math.prod(image_shape)), shape)
        return replace(dense, label="Picture", shape=image_shape)
    last = next(
        (layer.kind for layer in reversed(spec.decoder) if layer.kind in ("conv", "convT")), "conv"
    )
    if shape[:2] != (height, width):
        raise UserError("decoder_pixels", value=_times(shape[:2]), height=height, width=width)
    return replace(_planned("output", Layer(last, width=channels), shape), label="Picture")


def _coordinates(part: str, spec: AutoencoderSpec, shape: Shape) -> LayerShape:
    """Return the linear layer that gives coordinates along the principal components."""
    dense = _planned(part, Layer("dense", width=spec.pca_components), shape)
    return replace(dense, label=f"PCA {spec.pca_components}", is_linear=True)


def _with_shortcut(layer: LayerShape, spec: AutoencoderSpec) -> LayerShape:
    """Add the cost of a shortcut between code and coordinates, a linear map without biases."""
    macs = spec.pca_components * spec.latent_dim
    return replace(layer, parameters=layer.parameters + macs, macs=layer.macs + macs)


def _planned(part: str, layer: Layer, shape: Shape) -> LayerShape:
    out, weights, macs = _effect(part, layer, shape)
    return LayerShape(part, _label(layer), out, weights, macs, layer)


def _effect(part: str, layer: Layer, shape: Shape) -> tuple[Shape, int, int]:
    """Return the output shape, parameters and multiply-accumulates of one layer."""
    if layer.kind == "dense":
        units_in = math.prod(shape)
        return (layer.width,), (units_in + 1) * layer.width, units_in * layer.width
    if layer.kind == "reshape":
        if math.prod(layer.shape) != math.prod(shape):
            numbers = math.prod(shape)
            raise UserError("reshape", part=part, layer=str(layer), numbers=numbers)
        return layer.shape, 0, 0
    if len(shape) != 3:
        raise UserError("needs_map", part=part, layer=str(layer))
    height, width, channels = shape
    if layer.kind in ("pool", "up"):
        sides = tuple(side_after(layer, side) for side in (height, width))
        return (*sides, channels), 0, 0
    sides = tuple(side_after(layer, side) for side in (height, width))
    if min(sides) < 1:
        raise UserError("small_map", part=part, layer=str(layer), shape=_times(shape[:2]))
    kernel = KERNEL_SIZE * KERNEL_SIZE * channels * layer.width
    positions = math.prod(sides if layer.kind == "conv" else shape[:2])
    return (*sides, layer.width), kernel + layer.width, kernel * positions


def side_after(layer: Layer, side: int) -> int:
    """Return the output's height or width with Keras' formula."""
    if layer.kind == "pool":
        return math.ceil(side / layer.stride)
    if layer.kind == "up":
        return side * layer.stride
    if layer.kind == "convT":
        extra = max(KERNEL_SIZE - layer.stride, 0) if layer.padding == "valid" else 0
        return side * layer.stride + extra
    if layer.padding == "valid":
        return (side - KERNEL_SIZE) // layer.stride + 1
    return math.ceil(side / layer.stride)


def _label(layer: Layer) -> str:
    stride = f", stride {layer.stride}" if layer.stride > 1 else ""
    return {
        "dense": f"Dense {layer.width}",
        "conv": f"Conv {layer.width}{stride}",
        "convT": f"ConvT {layer.width}{stride}",
        "pool": f"Max pooling {layer.stride}",
        "up": f"Enlarge ×{layer.stride}",
        "reshape": "Reshape",
    }[layer.kind] + (", no padding" if layer.padding == "valid" else "")


def _times(shape: Shape) -> str:
    return "×".join(map(str, shape))
