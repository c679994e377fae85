"""Packs a network's layers as bytes for the browser; ``pages/ui/pickers/decoder.js`` runs it.

The bytes are the length of the header (uint32, little-endian), the header as JSON, padded with
spaces to a multiple of 4 bytes, and all weights in order, little-endian float16 or float32; those
that are kept in steps, see `ae_core.models.weights.quantize`, are int8. The header gives the shape
of the input and of an image and each layer's kind, activation, stride, padding, kernel size, output
shape, kernel and bias, the last two as an offset in bytes and a count of elements, followed for
steps by the size of one, the places of the larger ones and their numbers. A layer's output may get
something added before its activation: ``shortcut``, the kernel of a linear map from the input, or
``add``, the number of an earlier map of the same shape; the input is map 0, the output of the first
layer map 1.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ae_core.models.shapes import LayerShape, Shape
from ae_core.models.weights import steps_of
from ae_core.specs.layers import KERNEL_SIZE


def network_bytes(
    name: str,
    input_shape: Shape,
    image_shape: Shape,
    layers: Iterable[Mapping[str, Any]],
    weights: Mapping[str, np.ndarray],
    *,
    half: bool,
    scale: float = 1,
) -> bytes:
    """Write a network for the browser.

    Args:
        name: the name under which the views of the page find it.
        input_shape: (D,) or (H, W, C).
        image_shape: (H, W, C) of the last layer's output.
        layers: see above; instead of places, ``weights`` names a layer's kernel and bias, and
            ``shortcut`` that kernel.
        weights: all weights by name, also the result of `quantize`; others are left out.
        half: whether to round the weights to float16, except for those in steps.
        scale: the largest value of a pixel in the network; outside it is 1.
    """
    body = bytearray()

    def placed(path: str) -> tuple[Any, ...]:
        known = steps_of(weights, path)
        array = weights[path] if known else weights[path].astype("<f2" if half else "<f4")
        place = len(body), array.size
        body.extend(array.tobytes())
        body.extend(bytes(-len(body) % 4))
        if known is None:
            return place
        return *place, float(known.step), known.places.tolist(), known.values.tolist()

    described = []
    for layer in layers:
        kept = {key: value for key, value in layer.items() if key not in ("weights", "shortcut")}
        if "weights" in layer:
            kept |= {part: placed(f"{layer['weights']}/{part}") for part in ("kernel", "bias")}
        if "shortcut" in layer:
            kept["shortcut"] = placed(f"{layer['shortcut']}/kernel")
        described.append(kept)
    header = json.dumps(
        {
            "id": name,
            "digest": hashlib.sha256(body).hexdigest()[:16],
            "input": input_shape,
            "shape": image_shape,
            "scale": scale,
            "half": half,
            "layers": described,
        }
    ).encode()
    header += b" " * (-len(header) % 4)
    return b"".join((len(header).to_bytes(4, "little"), header, body))


def described(planned: LayerShape, activation: str) -> dict[str, Any]:
    """Return a layer of an autoencoder for `network_bytes`, without its weights."""
    layer = planned.layer
    if layer is None:
        raise ValueError(f"layer={planned.label} must be one that can be built")
    return {
        "kind": layer.kind,
        "activation": activation if planned.parameters and not planned.is_linear else "linear",
        "stride": layer.stride,
        "padding": layer.padding,
        "size": KERNEL_SIZE,
        "shape": planned.shape if len(planned.shape) == 3 else (planned.shape[0],),
    }
