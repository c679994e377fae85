"""The undocumented parts of Keras that training uses.

An upgrade may remove them; ``tests/test_adapters.py`` then fails.
"""

import keras
import tensorflow as tf


def adam_moments(adam: keras.optimizers.Adam, variable: tf.Variable) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the handles of Adam's first and second moment for a variable."""
    place = adam._get_variable_index(variable)
    return adam._momentums[place].value.handle, adam._velocities[place].value.handle


def on_one_device(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Let an optimizer take gradients as they are, not as a sum over several devices.

    TensorFlow registers a function for the gradient of that sum and never removes it. The function
    keeps the graph of the training alive, ten megabytes or more after every run.
    """
    optimizer._all_reduce_sum_gradients = list
    return optimizer
