"""The names and shapes of a network's weights, known from its spec without Keras.

``tests/models/test_networks.py`` compares them with those of `ae_core.models.networks.build`.
"""

import math

from ae_core.models.shapes import LayerShape, Shape, infer_shapes
from ae_core.specs import AutoencoderSpec
from ae_core.specs.layers import KERNEL_SIZE


def weight_shapes(spec: AutoencoderSpec, image_shape: Shape) -> dict[str, Shape]:
    """Return the shape of every weight by name, e.g. ``encoder_0/kernel``.

    Args:
        spec: the network.
        image_shape: (H, W, C).

    Raises:
        UserError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    found: dict[str, Shape] = {}
    counts = {"encoder": 0, "decoder": 0}
    before = image_shape
    for planned in infer_shapes(spec, image_shape):
        for name in _names(spec, planned, counts):
            kernel, bias = _of_layer(planned, before)
            found |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
        before = planned.shape
    if spec.pca_components:
        found["encoder_shortcut/kernel"] = (spec.pca_components, spec.latent_dim)
        found["decoder_shortcut/kernel"] = (spec.latent_dim, spec.pca_components)
    return found


def _names(spec: AutoencoderSpec, planned: LayerShape, counts: dict[str, int]) -> tuple[str, ...]:
    """Return the names of the Keras layers with weights that a planned layer becomes."""
    if planned.part in counts:
        number = counts[planned.part]
        counts[planned.part] += 1
        return (f"{planned.part}_{number}",) if planned.parameters else ()
    if planned.part == "code" and planned.parameters:
        return ("z_mean", "z_log_var") if spec.is_variational else ("code",)
    return ("output",) if planned.part == "output" else ()


def _of_layer(planned: LayerShape, before: Shape) -> tuple[Shape, Shape]:
    """Return the shapes of a layer's kernel and bias."""
    layer = planned.layer
    if layer is None:
        raise ValueError(f"layer={planned.label} has no weights")
    if layer.kind == "dense":
        return (math.prod(before), layer.width), (layer.width,)
    ways = (layer.width, before[2]) if layer.kind == "convT" else (before[2], layer.width)
    return (KERNEL_SIZE, KERNEL_SIZE, *ways), (layer.width,)
