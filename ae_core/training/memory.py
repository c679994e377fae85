"""Estimates how much memory a training needs before it begins, from its network and images."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from ae_core.data.loading import card
from ae_core.errors import Message, UserError
from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.shapes import LayerShape, parameters
from ae_core.specs import LIMITS, TrainingSpec
from ae_core.training.batches import EVALUATED_AT_ONCE

FLOAT = 4  # bytes of a float32
GIGABYTE = 1 << 30
# Measured on two cores beyond what a worker has before its first run; every factor is rounded up.
STARTED = 256 << 20  # the graph, and XLA if it compiles
GRAPH = 32 << 20  # of a small network
COPIES_OF_IMAGES = 3.4  # as read, as an array and as a tensor
COPIES_OF_WEIGHTS = 8  # gradient, moments, and those of the newest epochs
# How often a step has the outputs of all layers in memory: for each activation, the other way.
TRAINED: dict[str, float] = {"leaky_relu": 3.0, "gelu": 5.0}
TRAINED_USUALLY = 2.0
DROPPED, NOISED = 1.5, 1.0  # more with dropout, and with a layer that adds noise
EVALUATED = 1.6  # times the largest layer's input and output
EVALUATED_WITH_GELU = 2.6


def bytes_needed(spec: TrainingSpec) -> int:
    """Return the estimated bytes that a training needs beyond those of a worker without one.

    It is an upper bound: a training of more than 0.5 GB takes at least 45 % of it.

    Raises:
        UserError: the image set is unknown, or the layers do not fit its images.
    """
    return STARTED + _own_bytes(spec)


def bytes_beside_others(spec: TrainingSpec) -> int:
    """Return the estimated bytes that a training needs in a worker that already has one.

    Raises:
        UserError: as in `bytes_needed`.
    """
    return GRAPH + _own_bytes(spec)


@lru_cache(maxsize=256)
def _own_bytes(spec: TrainingSpec) -> int:
    layers = network_shapes(spec)
    outputs = max(_trained(spec, layers), _evaluated(spec, layers))
    return round(_images(spec) + _weights(layers) + outputs)


def check_memory(spec: TrainingSpec, most: int) -> None:
    """Refuse a training that would need more than ``most`` bytes.

    Raises:
        UserError: it needs more, or as in `bytes_needed`.
    """
    if (needed := bytes_needed(spec)) > most:
        values = {"needed": needed / GIGABYTE, "most": most / GIGABYTE}
        raise UserError("memory", remedy=_remedy(spec, most), **values)


def _remedy(spec: TrainingSpec, most: int) -> Message:
    """Return which setting brings the need down to ``most`` bytes."""
    layers = network_shapes(spec)
    fixed = STARTED + _images(spec)
    if fixed > most:
        return Message.of("memory_images", name="image_set")
    left = most - fixed - _weights(layers)
    images_at_once = math.floor(left / _trained(replace(spec, batch_size=1), layers))
    if images_at_once >= LIMITS["batch_size"].low and _evaluated(spec, layers) <= left:
        return Message.of("memory_batch", name="batch_size", most=images_at_once)
    return Message.of("memory_widths", encoder="encoder", decoder="decoder")


def _images(spec: TrainingSpec) -> float:
    known = card(spec.image_set)
    count = known.train_count + known.test_count * (2 if spec.split == "none" else 1)
    return COPIES_OF_IMAGES * FLOAT * count * math.prod(image_shape(spec))


def _weights(layers: Sequence[LayerShape]) -> float:
    return COPIES_OF_WEIGHTS * FLOAT * parameters(layers)


def _trained(spec: TrainingSpec, layers: Sequence[LayerShape]) -> float:
    """Return the bytes of a step's batch: what all layers return is kept for the gradient."""
    network = spec.autoencoder
    times = TRAINED.get(network.activation, TRAINED_USUALLY)
    times += DROPPED if network.dropout else 0
    times += NOISED if spec.corruption.active and spec.corruption.noise_stage == "layer" else 0
    known = card(spec.image_set)
    batch = min(spec.batch_size, known.train_count + known.test_count)
    return times * FLOAT * batch * sum(math.prod(layer.shape) for layer in layers)


def _evaluated(spec: TrainingSpec, layers: Sequence[LayerShape]) -> float:
    """Return the bytes of the validation images, for which only one layer's are in memory."""
    times = EVALUATED_WITH_GELU if spec.autoencoder.activation == "gelu" else EVALUATED
    values = [math.prod(layer.shape) for layer in layers]
    largest = max(before + after for before, after in pairwise(values))
    at_once = min(EVALUATED_AT_ONCE, card(spec.image_set).test_count)
    return times * FLOAT * at_once * largest
