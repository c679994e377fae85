"""What training uses of Keras that Keras' documentation does not promise.

An upgrade may take it away: ``tests/test_adapters.py`` then says so.
"""

import keras
import tensorflow as tf


def adam_moments(adam: keras.optimizers.Adam, variable: tf.Variable) -> tuple[tf.Tensor, tf.Tensor]:
    """Return handles of the first and the second moment that an Adam keeps for a variable."""
    place = adam._get_variable_index(variable)
    return adam._momentums[place].value.handle, adam._velocities[place].value.handle
