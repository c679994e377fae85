"""Imports what workers need of TensorFlow, Keras and scikit-learn, which takes seconds.

All that is imported by then stays for ever, so Python's garbage collector leaves it out from then
on: a collection takes 10 ms instead of 180, and forked workers share the memory of these objects.
"""

import gc
import logging

import sklearn.decomposition  # noqa: F401

import ae_core.models.inference
import ae_core.training.loop  # noqa: F401
from ae_core.training.graphs import Graphs

graphs = Graphs()  # of this worker's trainings
logging.getLogger("tensorflow").setLevel(logging.ERROR)
gc.collect()
gc.freeze()
