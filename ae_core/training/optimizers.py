"""The optimizers of the training loop.

Keras' Adam makes some ten passes over every weight a step; TensorFlow's own kernel makes one. What
is left to Keras: the moments, the number of the step, the learning rate and its schedule.
"""

import math
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from ae_core.specs import TrainingSpec

Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


class OnePassAdam(keras.optimizers.Adam):
    """Adam (arXiv 1412.6980, with the ε̂ of its section 2), as Keras' class of that name."""

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move one variable, and its two moments, in place."""
        # The kernel takes 1 − β of float32's β, Keras of the exact one: they are 1.3e-5 apart for
        # β₂, and the moments with them. The rate makes good for it.
        first, second = _rounding(self.beta_1), _rounding(self.beta_2)
        step = tf.cast(self.iterations + 1, tf.float32)
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate * (math.sqrt(second) / first),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def _rounding(beta: float) -> float:
    """Return 1 − β as float32 has it, as a share of what it should be."""
    return float(1 - np.float32(beta)) / (1 - beta)


def optimizer(spec: TrainingSpec, rate: Rate) -> keras.optimizers.Optimizer:
    """Return the optimizer of a spec, with Keras' default settings."""
    if spec.optimizer == "adam":
        return OnePassAdam(rate)
    return keras.optimizers.get({"class_name": spec.optimizer, "config": {"learning_rate": rate}})
