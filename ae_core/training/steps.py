"""The TensorFlow side of the training loop: many gradient steps in one call, and evaluation.

The pictures are one tensor in memory and a call of the ``tf.function`` makes as many steps as fit
into `SECONDS_A_CALL`: small networks then lose no time between steps, and whoever asked for a
pause or a stop is still answered at once. It does not know epochs, history or who watches.
"""

import math
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ae_core.data import corruption
from ae_core.data.loading import ImageSet
from ae_core.metrics import NEAR_ZERO
from ae_core.models import losses as objectives
from ae_core.models.networks import Networks
from ae_core.specs import TrainingSpec
from ae_core.training.augmentation import augmented
from ae_core.training.batches import Sums, batches, pictures_an_epoch
from ae_core.training.compiling import suits_xla
from ae_core.training.optimizers import Rate, optimizer

SECONDS_A_CALL = 0.15
EVALUATED_AT_ONCE = 500  # held-out pictures
RISING = 0.1  # of the steps of a `one-cycle` schedule


def _function(
    compute: Callable[..., tf.Tensor], signature: list[tf.TensorSpec], *, compiled: bool = False
) -> Callable[..., tf.Tensor]:
    return tf.function(
        compute, input_signature=signature, autograph=False, jit_compile=compiled or None
    )


class Steps:
    """One network in training on one image set."""

    def __init__(self, spec: TrainingSpec, networks: Networks, images: ImageSet) -> None:
        """Put the pictures (N, H, W, C) into memory as tensors; nothing runs yet."""
        self._spec = spec
        self._networks = networks
        self._train = tf.constant(images.train)
        self._test = tf.constant(images.test)
        self._optimizer = optimizer(spec, self._learning_rate())
        self._optimizer.build(networks.trained)
        self._counter = tf.Variable(0, dtype=tf.int32, trainable=False)  # numbers the noise
        self._steps_a_call = 1
        pictures = tf.TensorSpec([None, *images.image_shape], tf.float32)
        number = tf.TensorSpec([], tf.int32)
        order = tf.TensorSpec([None, None], tf.int32)
        compiled = suits_xla(spec, self._all_steps())
        self._call = _function(self._steps, [order, number, number], compiled=compiled)
        # A smaller batch is another shape: not worth compiling, nor tracing a second time.
        self._last = _function(self._steps, [order, number, number]) if compiled else self._call
        self._held_out = _function(self._evaluate, [pictures, number])
        self._shown = _function(self._reconstruct, [pictures])
        self._codes = _function(self._mean, [pictures])

    def _learning_rate(self) -> Rate:
        spec = self._spec
        if spec.schedule == "constant":
            return spec.learning_rate
        steps = self._all_steps()
        if spec.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(spec.learning_rate, steps)
        rising = math.ceil(RISING * steps)
        return keras.optimizers.schedules.CosineDecay(
            0.0,
            max(1, steps - rising),
            warmup_target=spec.learning_rate,
            warmup_steps=rising,
        )

    def _all_steps(self) -> int:
        return self._spec.epochs * math.ceil(self.pictures_an_epoch() / self._spec.batch_size)

    def epoch(self, order: np.ndarray) -> Iterator[Sums]:
        """Train on the pictures in the given order, giving the sums of each call.

        Args:
            order: (N,) a permutation of the training pictures; the last batch may be smaller.
        """
        full, rest = batches(self._spec, order.astype(np.int32))
        done = 0
        while done < len(full):
            started = time.perf_counter()
            first, done = done, min(done + self._steps_a_call, len(full))
            yield self._sums(self._call(full, first, done))
            if done > 1:  # the very first step also traced the graph
                seconds_a_step = (time.perf_counter() - started) / (done - first)
                self._steps_a_call = max(1, int(SECONDS_A_CALL / seconds_a_step))
        if len(rest):
            yield self._sums(self._last(rest[np.newaxis], 0, 1))

    def pictures_an_epoch(self) -> int:
        """Return how many pictures an epoch trains on."""
        return pictures_an_epoch(self._spec, len(self._train))

    def evaluate(self) -> Sums:
        """Return the sums over the held-out pictures; their noise is the same at every call."""
        sums = Sums()
        for start in range(0, len(self._test), EVALUATED_AT_ONCE):
            batch = self._test[start : start + EVALUATED_AT_ONCE]
            # Negative numbers: training counts its noise upwards from 1.
            sums += self._sums(self._held_out(batch, tf.constant(-1 - start)))
        return sums

    def reconstruct(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return codes (N, D) and outputs (N, H, W, C) of pictures, pixels in [0, 1]."""
        codes, output = self._shown(images)
        return codes.numpy(), output.numpy()

    def codes(self, images: np.ndarray) -> np.ndarray:
        """Return the codes (N, D) of pictures (N, H, W, C), the mean for variational ones."""
        codes: np.ndarray = self._codes(images).numpy()
        return codes

    @staticmethod
    def _sums(vector: tf.Tensor) -> Sums:
        return Sums(*vector.numpy().tolist())

    # --- inside the graph -----------------------------------------------------------------

    # All of an epoch's (steps, batch) picture numbers, and which of the steps are made: XLA
    # compiles anew for every shape.
    def _steps(self, batches: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        def step(done: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            number = self._counter.assign_add(1)
            images = tf.gather(self._train, batches[done])
            images = augmented(self._spec.augment, images, self._spec.seed, number)
            with tf.GradientTape() as tape:
                losses, sums = self._forward(images, number, training=True)
                # The recipe of `l2` sums over the batch, all other losses are means.
                total = (ops.sum if self._spec.loss == "l2" else ops.mean)(losses)
            variables = self._networks.trained
            self._optimizer.apply(tape.gradient(total, variables), variables)
            return done + 1, totals + sums

        # Written out: the loop that AutoGraph would make of a `for` needs Python's deprecated
        # parts from 3.13 on.
        start = (first, tf.zeros(len(vars(Sums())), tf.float64))
        return tf.while_loop(lambda done, _: done < end, step, start)[1]

    def _evaluate(self, images: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        return self._forward(images, number, training=False)[1]

    def _forward(
        self, images: tf.Tensor, number: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the loss of each picture (N,) and the vector of `Sums`."""
        spec, network = self._spec, self._spec.autoencoder
        encoded = self._networks.encoder(self._corrupted(images, number), training=training)
        kl = tf.zeros(tf.shape(images)[0])
        if network.bottleneck == "variational":
            mean, log_var = encoded
            kl = objectives.kl(mean, log_var)
            # The reparameterisation: z = μ + σ·ε (arXiv 1312.6114, section 2.4).
            noise = tf.random.stateless_normal(tf.shape(mean), [spec.seed, number])
            codes = mean + ops.exp(0.5 * log_var) * noise
        else:
            mean = codes = encoded
        output = self._networks.decoder(codes, training=training)
        target = images * float(network.pixel_scale)
        reconstruction = objectives.reconstruction(spec.loss, target, output, spec.sigma)
        penalty = objectives.sparsity_penalty(mean)
        losses = reconstruction + network.beta * kl
        if network.bottleneck == "sparse":
            losses += network.sparsity * penalty
        if network.bottleneck == "variational" and network.total_correlation > 0:
            penalty = objectives.total_correlation(mean, encoded[1], codes)
            losses += network.total_correlation * penalty
        if network.bottleneck == "variational" and not training:
            output = self._networks.decoder(mean, training=False)  # what the pages show
        error = ops.mean(ops.square(self._visible(output) - images), axis=(1, 2, 3))
        near_zero = ops.mean(ops.cast(ops.abs(mean) < NEAR_ZERO, "float32"), axis=1)
        code = ops.mean(mean, axis=1)
        one = tf.ones_like(kl)
        columns = [losses, reconstruction, kl, penalty, error, code, near_zero, one]
        # In float64 the sums do not depend on how many steps a call makes.
        return losses, tf.cast(ops.sum(ops.stack(columns), axis=1), tf.float64)

    def _corrupted(self, images: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        kind = self._spec.corruption
        if kind.noise_stage != "batch" or not kind.active:
            return images
        seed = self._spec.seed
        normal = tf.random.stateless_normal(tf.shape(images), [seed + 1, number])
        uniform = tf.random.stateless_uniform(tf.shape(images), [seed + 2, number])
        return corruption.apply(kind, images, normal, uniform, ops)

    def _reconstruct(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        codes = self._mean(images)
        return codes, self._visible(self._networks.decoder(codes, training=False))

    def _mean(self, images: tf.Tensor) -> tf.Tensor:
        encoded = self._networks.encoder(images, training=False)
        return encoded[0] if self._spec.autoencoder.bottleneck == "variational" else encoded

    def _visible(self, output: tf.Tensor) -> tf.Tensor:
        return ops.clip(output / float(self._spec.autoencoder.pixel_scale), 0.0, 1.0)
