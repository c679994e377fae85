"""The TensorFlow side of the training loop: many gradient steps in one call, and evaluation.

The images are one tensor in memory, and each call of the ``tf.function`` makes the number of steps
that fit into `SECONDS_PER_CALL`: small networks lose no time between steps, and a run still pauses
or stops at once.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import tensorflow as tf
from keras import ops

from ae_core.data import corruption
from ae_core.data.catalog import ImageSet
from ae_core.metrics import NEAR_ZERO
from ae_core.models import weights
from ae_core.models.networks import Networks
from ae_core.models.precision import resolve_precision
from ae_core.specs import TrainingSpec
from ae_core.specs.augmentation import AUGMENTATIONS
from ae_core.specs.losses import LOSSES
from ae_core.training.batches import EVALUATED_AT_ONCE, MetricSums, batches, steps_of
from ae_core.training.graphs import MOST_VALUES, Function, Graph, Graphs
from ae_core.training.optimizers import optimizer

SECONDS_PER_CALL = 0.15
# Steps in a training: from this number on, XLA saves more than the second it takes to compile.
# Equal trainings in one process compile once: four of `digits-dense` take 0.7 of the time.
WORTH_COMPILING = 1500
PLAIN_EPOCHS = 2  # the first ones are not compiled: nobody waits for XLA to see a curve


def should_jit_compile(spec: TrainingSpec, steps: int) -> bool:
    """Return whether XLA makes a training with that many steps faster.

    Relative seconds per step with XLA, measured on two cores: 0.69 to 0.85 for dense layers with
    10 to 280 million multiplications per step. Convolutions, and most dense layers in bfloat16,
    are slower with XLA. It also draws other random numbers than the exported script.
    """
    network = spec.autoencoder
    draws = (
        network.is_variational
        or network.dropout > 0
        or spec.corruption.active
        or spec.augment != "none"
    )
    full = resolve_precision(spec) == "float32"
    return network.body == "dense" and full and not draws and steps >= WORTH_COMPILING


def _kind(spec: TrainingSpec, images: ImageSet, steps: int) -> Hashable:
    """Return what trainings with the same graphs have in common: all except seed and images."""
    in_the_graph = steps if spec.schedule != "constant" else 0
    alike = replace(spec, image_set="", image_size=0, seed=0, epochs=1, max_seconds=1)
    return alike, images.image_shape, in_the_graph, should_jit_compile(spec, steps)


class TrainStep:
    """One network in training on one image set."""

    def __init__(
        self,
        spec: TrainingSpec,
        networks: Networks,
        images: ImageSet,
        graphs: Graphs | None = None,
    ) -> None:
        """Load the images (N, H, W, C) into memory as tensors; nothing runs yet.

        Args:
            spec: the training.
            networks: its networks.
            images: its image set.
            graphs: those of earlier trainings, which equal ones share; None for its own alone.
        """
        self._spec = spec
        self._networks = networks
        self._train = tf.constant(images.train)
        self._test = tf.constant(images.test)
        steps = spec.epochs * steps_of(spec, images.train_count)
        self._optimizer = optimizer(spec, steps)
        self._optimizer.build(networks.trained)
        # The draws' seeds: variables, so that equal trainings have equal graphs.
        self._seed = tf.Variable(spec.seed, dtype=tf.int32, trainable=False)
        self._counter = tf.Variable(0, dtype=tf.int32, trainable=False)
        # A noise or dropout layer has a state, too, which is no weight.
        self._variables = [
            *networks.encoder.variables,
            *networks.decoder.variables,
            *self._optimizer.variables,
        ]
        self._steps_per_call = 1
        batch = tf.TensorSpec([None, *images.image_shape], tf.float32)
        number = tf.TensorSpec([], tf.int32)
        order = tf.TensorSpec([None, None], tf.int32)
        taken = [batch, order, number, number]
        size = sum(math.prod(variable.shape) for variable in self._variables)
        shared = graphs is not None and size <= MOST_VALUES
        self._graphs = graphs.of(_kind(spec, images, steps)) if graphs and shared else {}
        compiled = should_jit_compile(spec, steps)
        self._call = self._function("steps", self._steps, taken, compiled=compiled)
        # A smaller batch has another shape, which is not worth compiling or tracing again.
        last = self._function("last", self._steps, taken) if compiled else self._call
        self._last = last
        self._held_out = self._function("held out", self._evaluate, [batch, number])
        self._shown = self._function("shown", self._reconstruct, [batch])
        self._codes = self._function("codes", self._mean, [batch])

    def _function(
        self,
        name: str,
        compute: Callable[..., tf.Tensor],
        signature: list[tf.TensorSpec],
        *,
        compiled: bool = False,
    ) -> Function:
        """Return a function as a graph, which is traced, or taken from the others, when called."""
        bound: Function | None = None

        def call(*inputs: tf.Tensor) -> tf.Tensor:
            nonlocal bound
            if bound is None:
                graph = self._graphs.setdefault(name, Graph())
                function = tf.function(
                    compute,
                    input_signature=signature,
                    autograph=False,
                    jit_compile=compiled or None,
                )
                everything = [*self._variables, self._seed, self._counter]
                bound = graph.bound(function, everything)
            return bound(*inputs)

        return call

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of all variables of the training by name."""
        return {variable.path: np.array(variable.numpy()) for variable in self._variables}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned for the same spec.

        Raises:
            UserError: these are other variables.
        """
        weights.assign(self._variables, state)
        self._counter.assign(int(self._optimizer.iterations.numpy()))  # both count the steps

    def epoch(self, order: np.ndarray, number: int) -> Iterator[MetricSums]:
        """Train on the images in the given order, and yield the sums of each call.

        Args:
            order: (N,) a permutation of the training images; the last batch may be smaller.
            number: of the epoch, from 1.
        """
        full, rest = batches(self._spec, order.astype(np.int32))
        make = self._call if number > PLAIN_EPOCHS else self._last
        if number == PLAIN_EPOCHS + 1:
            self._steps_per_call = 1  # the first compiled call compiles: its time tells nothing
        done = 0
        while done < len(full):
            started = time.perf_counter()
            first, done = done, min(done + self._steps_per_call, len(full))
            yield self._sums(make(self._train, full, first, done))
            if done > 1:  # the first step also traced the graph, or compiled it
                seconds_per_step = (time.perf_counter() - started) / (done - first)
                self._steps_per_call = max(1, int(SECONDS_PER_CALL / seconds_per_step))
        if len(rest):
            yield self._sums(self._last(self._train, rest[np.newaxis], 0, 1))

    def evaluate(self) -> MetricSums:
        """Return the sums over the held-out images; the noise is the same in every call."""
        sums = MetricSums()
        for start in range(0, len(self._test), EVALUATED_AT_ONCE):
            batch = self._test[start : start + EVALUATED_AT_ONCE]
            # Negative seeds, because training uses those from 1 upwards.
            sums += self._sums(self._held_out(batch, tf.constant(-1 - start)))
        return sums

    def reconstruct(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return codes (N, D) and outputs (N, H, W, C) of images, pixels in [0, 1]."""
        codes, output = self._shown(images)
        return codes.numpy(), output.numpy()

    def codes(self, images: np.ndarray) -> np.ndarray:
        """Return the codes (N, D) of images (N, H, W, C); the means if variational."""
        codes: np.ndarray = self._codes(images).numpy()
        return codes

    @staticmethod
    def _sums(vector: tf.Tensor) -> MetricSums:
        return MetricSums(*vector.numpy().tolist())

    # --- inside the graph -----------------------------------------------------------------

    # It takes all image numbers of an epoch, (steps, batch), and the range of steps to make: XLA
    # would recompile for every shape. The graph gets the images as an argument: it would keep its
    # constants for as long as it lives, and Keras keeps a graph of every optimizer.
    def _steps(
        self, train: tf.Tensor, batches: tf.Tensor, first: tf.Tensor, end: tf.Tensor
    ) -> tf.Tensor:
        def step(done: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            number = self._counter.assign_add(1)
            images = tf.gather(train, batches[done])
            images = AUGMENTATIONS[self._spec.augment](images, self._seed, number, tf)
            with tf.GradientTape() as tape:
                losses, sums = self._forward(images, number, training=True)
                sums_batch = LOSSES[self._spec.loss].sums_batch
                total = (ops.sum if sums_batch else ops.mean)(losses)
            variables = self._networks.trained
            self._optimizer.apply(tape.gradient(total, variables), variables)
            return done + 1, totals + sums

        # Written explicitly: AutoGraph's conversion of a `for` loop needs deprecated parts of
        # Python from 3.13 on.
        start = (first, tf.zeros(len(vars(MetricSums())), tf.float64))
        return tf.while_loop(lambda done, _: done < end, step, start)[1]

    def _evaluate(self, images: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        return self._forward(images, number, training=False)[1]

    def _forward(
        self, images: tf.Tensor, number: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the loss of each image (N,) and the vector of `MetricSums`."""
        spec, network = self._spec, self._spec.autoencoder
        encoded = self._networks.encoder(self._corrupted(images, number), training=training)
        if network.is_variational:
            mean, log_var = encoded
            # The reparameterization: z = μ + σ·ε (arXiv 1312.6114, section 2.4).
            noise = tf.random.stateless_normal(tf.shape(mean), [self._seed, number])
            codes = mean + ops.exp(0.5 * log_var) * noise
            values = {"mean": mean, "log_var": log_var, "z": codes}
        else:
            mean = codes = encoded
            values = {"z": codes}
        output = self._networks.decoder(codes, training=training)
        target = images * float(network.pixel_scale)
        losses = reconstruction = LOSSES[spec.loss].of(target, output, spec.sigma, ops)
        one = tf.ones_like(losses)
        measured = {"kl": 0 * one, "penalty": 0 * one}
        for term, weight in network.terms:
            measured[term.metric] = value = term.of(values, ops)
            losses += weight * value
        if network.is_variational and not training:
            output = self._networks.decoder(mean, training=False)  # as the pages show it
        error = ops.mean(ops.square(self._visible(output) - images), axis=(1, 2, 3))
        near_zero = ops.mean(ops.cast(ops.abs(mean) < NEAR_ZERO, "float32"), axis=1)
        code = ops.mean(mean, axis=1)
        columns = [losses, reconstruction, *measured.values(), error, code, near_zero, one]
        # In float64, the sums do not depend on the number of steps per call.
        return losses, tf.cast(ops.sum(ops.stack(columns), axis=1), tf.float64)

    def _corrupted(self, images: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        kind = self._spec.corruption
        if kind.noise_stage != "batch" or not kind.active:
            return images
        seed = self._seed
        normal = tf.random.stateless_normal(tf.shape(images), [seed + 1, number])
        uniform = tf.random.stateless_uniform(tf.shape(images), [seed + 2, number])
        return corruption.apply(kind, images, normal, uniform, ops)

    def _reconstruct(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        codes = self._mean(images)
        return codes, self._visible(self._networks.decoder(codes, training=False))

    def _mean(self, images: tf.Tensor) -> tf.Tensor:
        encoded = self._networks.encoder(images, training=False)
        return encoded[0] if self._spec.autoencoder.is_variational else encoded

    def _visible(self, output: tf.Tensor) -> tf.Tensor:
        return ops.clip(output / float(self._spec.autoencoder.pixel_scale), 0.0, 1.0)
