"""The undocumented parts of Keras and TensorFlow that training uses.

An upgrade may remove them; ``tests/test_adapters.py`` then fails.
"""

import copy
from collections.abc import Sequence

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


def with_variables(
    traced: tf.types.experimental.ConcreteFunction,
    theirs: Sequence[tf.Variable],
    mine: Sequence[tf.Variable],
) -> tf.types.experimental.ConcreteFunction:
    """Return a traced function with other variables in the place of those it was traced with.

    Both have the same graph; what each is called with and changes is its own.
    """
    places = {id(variable.handle): place for place, variable in enumerate(theirs)}
    other = copy.copy(traced)
    other.set_external_captures([mine[places[id(c)]].handle for c in traced.captured_inputs])
    return other
