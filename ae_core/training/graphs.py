"""The graphs of trainings: what the first one traces, equal ones after it need not trace again.

Tracing takes longer than most of a small network's epochs. Trainings are equal here if they differ
in their seeds and their images alone: those are arguments and variables of the graph.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

import tensorflow as tf

from ae_core.training.keras_adapter import with_variables

KEPT = 6  # kinds of networks, those that trained last
MOST_VALUES = 4_000_000  # of a training's variables, which a graph keeps of the first one

Function = Callable[..., tf.Tensor]

# Keras has one state for all threads of a process, and forgets it before a network is built.
building = threading.RLock()


class Graph:
    """A function of a training; it is traced when a training first calls it."""

    def __init__(self) -> None:
        """Trace nothing yet."""
        self._traced: tf.types.experimental.ConcreteFunction | None = None
        self._variables: Sequence[tf.Variable] = ()

    def bound(
        self, function: tf.types.experimental.GenericFunction, mine: Sequence[tf.Variable]
    ) -> Function:
        """Return the function with a training's own variables.

        Args:
            function: what to trace if no equal training has called it yet.
            mine: all variables that it reads or changes, in an order that equal trainings share.
        """
        with building:
            if self._traced is None:
                self._traced, self._variables = function.get_concrete_function(), mine
                return self._traced
            return with_variables(self._traced, self._variables, mine)


class Graphs:
    """The graphs of a process's trainings, by what makes them equal; any thread may ask."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep the graphs of ``kept`` kinds of trainings."""
        self._kept = kept
        self._graphs: OrderedDict[Hashable, dict[str, Graph]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, kind: Hashable) -> dict[str, Graph]:
        """Return the graphs of a kind by name, to be filled and read by its trainings."""
        with self._lock:
            found = self._graphs.setdefault(kind, {})
            self._graphs.move_to_end(kind)
            while len(self._graphs) > self._kept:
                self._graphs.popitem(last=False)
            return found
