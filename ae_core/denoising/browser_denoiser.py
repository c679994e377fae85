"""What a browser needs to denoise while the amount of noise moves: network, clean image, draws.

The web server may call it, because it loads no network. ``pages/ui/pictures/denoising_worker.js``
uses what comes of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ae_core.models import weights
from ae_core.models.browser_network import network_bytes
from ae_core.models.inference import DenoiserFile
from ae_core.models.shapes import Shape
from ae_core.specs import DenoiserSpec


def stored_denoiser(model: DenoiserFile, name: str, side: int) -> bytes:
    """Return a denoiser for images (side, side, C), with its weights as they are stored."""
    kept = weights.from_bytes(Path(model.path).read_bytes())
    return denoiser_bytes(name, model.spec, side, kept, half=weights.is_half(kept))


def denoiser_bytes(
    name: str, spec: DenoiserSpec, side: int, kept: Mapping[str, np.ndarray], *, half: bool
) -> bytes:
    """Write a denoiser for the browser.

    Args:
        name: the name under which the views of the page find it.
        spec: the network.
        side: the side of its images, a multiple of ``spec.stride``.
        kept: weights by name.
        half: whether to round the weights to float16.
    """
    shape = (side, side, spec.channels)
    return network_bytes(name, shape, shape, _layers(spec, side), kept, half=half)


def _layers(spec: DenoiserSpec, side: int) -> list[dict[str, Any]]:
    """Return the layers that `ae_core.models.denoiser.build` makes, in the order of the maps."""
    plan = _Plan(side)
    plan.convolution(spec.widths[0])
    skips = []
    levels = list(zip(spec.widths, spec.blocks, strict=True))
    for level, (width, blocks) in enumerate(levels):
        if level:
            skips.append(plan.map)
            plan.convolution(width, 2, 2)
        plan.blocks(width, blocks)
    for width, blocks in levels[-2::-1]:
        plan.convolution(width, 2, 2, kind="convT", add=skips.pop())
        plan.blocks(width, blocks)
    plan.convolution(spec.channels, activation="linear", add=0)
    return plan.layers


class _Plan:
    """Layers one after the other; Keras names them by the order in which they are made."""

    def __init__(self, side: int) -> None:
        self.layers: list[dict[str, Any]] = []
        self._side = side

    @property
    def map(self) -> int:
        """The number of the last layer's output."""
        return len(self.layers)

    def convolution(
        self,
        width: int,
        size: int = 3,
        stride: int = 1,
        *,
        kind: str = "conv",
        activation: str = "relu",
        add: int | None = None,
        made: int = 0,
    ) -> None:
        """Place a layer; ``made`` says that it is that many later or earlier in Keras' names."""
        self._side = self._side * stride if kind == "convT" else self._side // stride
        layer: dict[str, Any] = {
            "kind": kind,
            "activation": activation,
            "stride": stride,
            "padding": "same",
            "size": size,
            "shape": (self._side, self._side, width),
            "weights": f"layer_{self.map + 1 + made}",
        }
        self.layers.append(layer if add is None else layer | {"add": add})

    def blocks(self, width: int, count: int) -> None:
        for _ in range(count):  # Keras makes the second layer of a block first
            begin = self.map
            self.convolution(width, made=1)
            self.convolution(width, add=begin, made=-1)


def draws(seed: int, shape: Shape) -> bytes:
    """Return the draws of `ae_core.data.corruption.corrupt` for one image and a seed.

    Returns:
        A standard normal number for each value of an image (H, W, C), and after these a uniform one
        in [0, 1); float32, little-endian.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal(shape, np.float32), rng.random(shape, np.float32)
    return b"".join(array.astype("<f4").tobytes() for array in drawn)
