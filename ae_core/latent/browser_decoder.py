"""Packs a trained decoder for the browser; see `ae_core.models.browser_network`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ae_core.models.browser_network import described, network_bytes
from ae_core.models.shapes import LayerShape, Shape, infer_shapes
from ae_core.specs import AutoencoderSpec

# For all images that move together: a browser needs 15 ms for that many, one without WebAssembly
# 200 ms.
MAX_MACS = 250_000_000
MAX_WEIGHTS = 20_000_000  # of one decoder, which a browser has to load first: 40 MB


def decoder_macs(spec: AutoencoderSpec, image_shape: Shape) -> int:
    """Return the multiply-accumulates for one image."""
    return sum(layer.macs for layer in _decoder(spec, image_shape))


def decoder_weights(spec: AutoencoderSpec, image_shape: Shape) -> int:
    """Return the number of a decoder's weights."""
    return sum(layer.parameters for layer in _decoder(spec, image_shape))


def decoder_bytes(
    name: str,
    spec: AutoencoderSpec,
    image_shape: Shape,
    weights: Mapping[str, np.ndarray],
    *,
    half: bool,
) -> bytes:
    """Write a decoder for the browser.

    Args:
        name: the name under which the views of the page find it.
        spec: the network.
        image_shape: (H, W, C).
        weights: weights by name, see `ae_core.models.autoencoder.Autoencoder.weights`; those of
            the encoder are left out.
        half: whether to round the weights to float16.
    """
    layers = _layers(spec, image_shape)
    return network_bytes(
        name,
        (spec.latent_dim,),
        image_shape,
        layers,
        weights,
        half=half,
        scale=spec.pixel_scale,
    )


def decoder_names(spec: AutoencoderSpec, image_shape: Shape) -> tuple[str, ...]:
    """Return the names of a decoder's weights in the order of `decoder_bytes`."""
    names: list[str] = []
    for layer in _layers(spec, image_shape):
        if "weights" in layer:
            names += [f"{layer['weights']}/{part}" for part in ("kernel", "bias")]
        if "shortcut" in layer:
            names.append(f"{layer['shortcut']}/kernel")
    return tuple(names)


def _layers(spec: AutoencoderSpec, image_shape: Shape) -> Iterator[dict[str, Any]]:
    for number, planned in enumerate(_decoder(spec, image_shape)):
        is_output = planned.part == "output"
        layer = described(planned, spec.output_activation if is_output else spec.activation)
        if planned.parameters:
            layer["weights"] = "output" if is_output else f"decoder_{number}"
        if planned.is_linear:
            layer["shortcut"] = "decoder_shortcut"
        yield layer


def _decoder(spec: AutoencoderSpec, image_shape: Shape) -> Iterable[LayerShape]:
    return [
        layer for layer in infer_shapes(spec, image_shape) if layer.part in ("decoder", "output")
    ]
