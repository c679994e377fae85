"""How long a training will take, from arithmetic and two measured speeds; no network is built."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ae_core.data.catalog import ImageSetCard
from ae_core.models.shapes import LayerShape
from ae_core.specs import TrainingSpec

FORWARD_AND_BACK = 3  # a step costs about three passes through the network
SECONDS_A_LAYER = 60e-6  # of each step, whatever its size
SECONDS_A_NUMBER = 2.5e-9  # of every layer's output: moving it through memory, there and back
START_SECONDS = 1.5  # building the graph


@dataclass(frozen=True)
class Speed:
    """What `measure_speed` measured.

    Attributes:
        dense: multiply-accumulates a second of a dense layer.
        conv: the same of a convolution.
    """

    dense: float
    conv: float


def seconds(
    spec: TrainingSpec, layers: Sequence[LayerShape], card: ImageSetCard, speed: Speed
) -> float:
    """Return the estimated seconds of a whole training, good to a factor of about two."""
    everything = spec.split == "none"
    pictures = card.train_count + (card.test_count if everything else 0)
    steps = spec.steps_per_epoch or math.ceil(pictures / spec.batch_size)
    trained = min(steps * spec.batch_size, pictures)
    held_out = 0 if everything else card.test_count
    one = sum(_seconds_of(layer, speed) for layer in layers)
    epoch = (FORWARD_AND_BACK * trained + held_out) * one
    epoch += steps * len(layers) * SECONDS_A_LAYER
    return START_SECONDS + spec.epochs * epoch


def _seconds_of(layer: LayerShape, speed: Speed) -> float:
    dense = layer.layer is None or layer.layer.kind == "dense"
    return layer.macs / (speed.dense if dense else speed.conv) + (
        0 if dense else math.prod(layer.shape) * SECONDS_A_NUMBER
    )


def measure_speed() -> Speed:
    """Time two small multiplications on this machine; takes about a quarter of a second."""
    import tensorflow as tf

    pictures, maps = tf.zeros([64, 1024]), tf.zeros([32, 32, 32, 32])
    dense, kernel = tf.zeros([1024, 1024]), tf.zeros([3, 3, 32, 32])
    return Speed(
        _macs_a_second(lambda: tf.matmul(pictures, dense), 64 * 1024 * 1024),
        _macs_a_second(lambda: tf.nn.conv2d(maps, kernel, 1, "SAME"), 32 * 32**2 * 9 * 32 * 32),
    )


def _macs_a_second(multiply: Callable[[], object], macs: int) -> float:
    multiply()
    times = []
    for _ in range(10):
        started = time.perf_counter()
        multiply()
        times.append(time.perf_counter() - started)
    return macs / sorted(times)[len(times) // 2]
