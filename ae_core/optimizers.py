"""The optimizers of the training loop.

Keras' Adam makes some ten passes over every weight a step; TensorFlow's own kernel makes one. What
is left to Keras: the moments, the number of the step, the learning rate and its schedule.
"""

from typing import TypeAlias

import keras
import tensorflow as tf

from ae_core.specs import TrainingSpec

Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


class OnePassAdam(keras.optimizers.Adam):
    """Adam (arXiv 1412.6980, with the ε̂ of its section 2), as Keras' class of that name."""

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move one variable, and its two moments, in place."""
        step = tf.cast(self.iterations + 1, tf.float32)
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def optimizer(spec: TrainingSpec, rate: Rate) -> keras.optimizers.Optimizer:
    """Return the optimizer of a spec, with Keras' default settings."""
    if spec.optimizer == "adam":
        return OnePassAdam(rate)
    return keras.optimizers.get({"class_name": spec.optimizer, "config": {"learning_rate": rate}})
