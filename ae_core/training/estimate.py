"""Estimates the duration of a training from its arithmetic and measured speeds or other runs."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ae_core.data import loading
from ae_core.data.catalog import ImageSetCard
from ae_core.models.compatibility import network_shapes
from ae_core.models.shapes import LayerShape
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import TrainingSpec

FORWARD_AND_BACK = 3  # a step costs about three passes through the network
SECONDS_PER_LAYER = 60e-6  # per step, independent of the layer's size
SECONDS_PER_VALUE = 2.5e-9  # of every layer's output: moving it through memory in both directions
START_SECONDS = 1.5  # building the graph
CALIBRATION_RUNS = 16


@dataclass(frozen=True)
class Speed:
    """The speed of a machine.

    Attributes:
        dense: multiply-accumulates per second of a dense layer.
        conv: the same for a convolution.
    """

    dense: float
    conv: float


# A nominal machine for comparing runs: only ratios matter.
NOMINAL = Speed(dense=2e10, conv=1e10)


def seconds(
    spec: TrainingSpec, layers: Sequence[LayerShape], card: ImageSetCard, speed: Speed
) -> float:
    """Return the estimated seconds of a whole training, within a factor of about two."""
    validation = 0 if spec.split == "none" else card.test_count
    images = card.train_count + card.test_count - validation
    steps = spec.steps_per_epoch or math.ceil(images / spec.batch_size)
    trained = min(steps * spec.batch_size, images)
    one = sum(_seconds_of(layer, speed) for layer in layers)
    epoch = (FORWARD_AND_BACK * trained + validation) * one
    epoch += steps * len(layers) * SECONDS_PER_LAYER
    return START_SECONDS + spec.epochs * epoch


def _seconds_of(layer: LayerShape, speed: Speed) -> float:
    dense = layer.layer is None or layer.layer.kind == "dense"
    return layer.macs / (speed.dense if dense else speed.conv) + (
        0 if dense else math.prod(layer.shape) * SECONDS_PER_VALUE
    )


def measure_speed() -> Speed:
    """Time two small operations on this machine, in about a quarter of a second."""
    import tensorflow as tf

    batch, maps = tf.zeros([64, 1024]), tf.zeros([32, 32, 32, 32])
    dense, kernel = tf.zeros([1024, 1024]), tf.zeros([3, 3, 32, 32])
    return Speed(
        _macs_per_second(lambda: tf.matmul(batch, dense), 64 * 1024 * 1024),
        _macs_per_second(lambda: tf.nn.conv2d(maps, kernel, 1, "SAME"), 32 * 32**2 * 9 * 32 * 32),
    )


def _macs_per_second(multiply: Callable[[], object], macs: int) -> float:
    multiply()
    times = []
    for _ in range(10):
        started = time.perf_counter()
        multiply()
        times.append(time.perf_counter() - started)
    return macs / sorted(times)[len(times) // 2]


class SpeedCalibration:
    """The ratio of measured seconds to those on `NOMINAL`; its owner holds a lock."""

    def __init__(self) -> None:
        """Start without a measurement."""
        self._ratios: dict[str, float] = {}

    def observe(self, run: Snapshot) -> None:
        """Use a run as a measurement after its second epoch."""
        left = run.seconds_left
        if left is not None and run.epoch < run.spec.epochs:
            whole = left * run.spec.epochs / (run.spec.epochs - run.epoch)
            self._ratios.pop(run.id, None)
            self._ratios[run.id] = whole / _nominal_seconds(run.spec)
            while len(self._ratios) > CALIBRATION_RUNS:
                del self._ratios[next(iter(self._ratios))]

    def seconds(self, spec: TrainingSpec) -> float | None:
        """Return the estimated seconds of a whole training, None without a measurement."""
        if not self._ratios:
            return None
        ratio = statistics.median(self._ratios.values())
        return START_SECONDS + ratio * _nominal_seconds(spec)


@lru_cache(maxsize=256)
def _nominal_seconds(spec: TrainingSpec) -> float:
    """Return the seconds of a training on `NOMINAL`, without building the graph."""
    layers = network_shapes(spec)
    return seconds(spec, layers, loading.card(spec.image_set), NOMINAL) - START_SECONDS
