"""Packs a trained decoder as bytes for the browser; ``pages/ui/pickers/decoder.js`` runs it.

The bytes are the length of the header (uint32, little-endian), the header as JSON, padded with
spaces to a multiple of 4 bytes, and all weights in order, little-endian float16 or float32. The
header gives each layer's kind, activation, stride, padding, output shape, kernel and bias, the last
two as an offset in bytes and a count of elements. A layer may have a shortcut: the kernel of a
linear map from the code that is added to its output.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

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
    layers: list[dict[str, Any]] = []
    arrays: list[bytes] = []

    def placed(weights_of: str) -> dict[str, tuple[int, int]]:
        places = {}
        for part in ("kernel", "bias"):
            if f"{weights_of}/{part}" not in weights:  # a shortcut has no bias
                continue
            array = weights[f"{weights_of}/{part}"].astype("<f2" if half else "<f4")
            places[part] = (sum(map(len, arrays)), array.size)
            arrays.append(array.tobytes())
        return places

    for number, planned in enumerate(_decoder(spec, image_shape)):
        is_output = planned.part == "output"
        layer = _described(planned, spec.output_activation if is_output else spec.activation)
        if planned.parameters:
            layer |= placed("output" if is_output else f"decoder_{number}")
        if planned.is_linear:
            layer["shortcut"] = placed("decoder_shortcut")["kernel"]
        layers.append(layer)
    body = b"".join(arrays)
    header = json.dumps(
        {
            "id": name,
            "digest": hashlib.sha256(body).hexdigest()[:16],
            "latent_dim": spec.latent_dim,
            "shape": image_shape,
            "scale": spec.pixel_scale,
            "half": half,
            "layers": layers,
        }
    ).encode()
    header += b" " * (-len(header) % 4)
    return len(header).to_bytes(4, "little") + header + body


def _decoder(spec: AutoencoderSpec, image_shape: Shape) -> Iterable[LayerShape]:
    return [
        layer for layer in infer_shapes(spec, image_shape) if layer.part in ("decoder", "output")
    ]


def _described(planned: LayerShape, activation: str) -> dict[str, Any]:
    layer = planned.layer
    if layer is None:
        raise ValueError(f"layer={planned.label} must be one that can be built")
    return {
        "kind": layer.kind,
        "activation": activation if planned.parameters and not planned.is_linear else "linear",
        "stride": layer.stride,
        "padding": layer.padding,
        "shape": planned.shape if len(planned.shape) == 3 else (planned.shape[0],),
    }
