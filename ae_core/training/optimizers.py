"""The optimizers of the training loop, and their learning-rate schedules."""

import math
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from ae_core.specs import TrainingSpec
from ae_core.training.batches import WARMUP_SHARE
from ae_core.training.keras_adapter import adam_moments, on_one_device

Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


class OnePassAdam(keras.optimizers.Adam):
    """Adam (arXiv 1412.6980, with the ε̂ of its section 2), equivalent to Keras' class.

    Keras' Adam makes about ten passes over every weight per step, TensorFlow's kernel makes one.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update a variable and its two moments in place."""
        # The kernel computes 1 − β in float32, Keras exactly: for β₂ they differ by 1.3e-5, and so
        # do the moments. The learning rate corrects that.
        first, second = _rounding(self.beta_1), _rounding(self.beta_2)
        step = tf.cast(self.iterations + 1, tf.float32)
        first_moment, second_moment = adam_moments(self, variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=first_moment,
            v=second_moment,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate * (math.sqrt(second) / first),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def _rounding(beta: float) -> float:
    """Return 1 − β in float32, divided by the exact value."""
    return float(1 - np.float32(beta)) / (1 - beta)


def optimizer(spec: TrainingSpec, steps: int) -> keras.optimizers.Optimizer:
    """Return a spec's optimizer for a number of steps, with Keras' default settings."""
    rate = _learning_rate(spec, steps)
    if spec.optimizer == "adam":
        return on_one_device(OnePassAdam(rate))
    settings = {"class_name": spec.optimizer, "config": {"learning_rate": rate}}
    return on_one_device(keras.optimizers.get(settings))


def _learning_rate(spec: TrainingSpec, steps: int) -> Rate:
    if spec.schedule == "constant":
        return spec.learning_rate
    if spec.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(spec.learning_rate, steps)
    rising = math.ceil(WARMUP_SHARE * steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - rising),
        warmup_target=spec.learning_rate,
        warmup_steps=rising,
    )
