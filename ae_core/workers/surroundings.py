"""What a process of the app takes from its surroundings: of all settings, only the operator's.

Keras, TensorFlow, Dask and Python read settings from the environment and from the home folder. On a
machine where other programs use them, these are settings for other programs: another backend of
Keras ends every training, half precision changes its figures, and Dask looks for certificates. An
operator's settings stay: the app's own (AE_…), those of GPUs, of logs and of TensorFlow's threads.
"""

import io
import os
import sys
from collections.abc import Mapping

from ae_core.storage.files import ROOT

# The folder holds Keras's own defaults, in place of a keras.json in the home folder.
KERAS = {"KERAS_BACKEND": "tensorflow", "KERAS_HOME": str(ROOT / "assets" / "keras")}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
# Numbers of threads for whatever runs alone on a machine; Dask then gives every worker one.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_FOREIGN = ("KERAS_", "TF_", "PYTHON", "DASK_", *_THREADS)
_OPERATORS = (
    *("TF_CPP_", "TF_NUM_", "TF_GPU_", "TF_FORCE_GPU_", "TF_FORCE_UNIFIED_", "TF_CUD"),
    "DASK_LOGGING__",
    # Where Python finds itself and its packages, and how it writes; not how it runs a program.
    *("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONUSERBASE"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONHASHSEED"),
)


def for_child(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process with workers of our own.

    Its Python reads and writes UTF-8, and finds our packages before others of the same name.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_FOREIGN) or name.startswith(_OPERATORS)
    }
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {**QUIET, **kept, **KERAS, "PYTHONUTF8": "1", "PYTHONPATH": path}


def adopt() -> None:
    """Give this process, which has not imported Keras yet, Keras's and TensorFlow's settings.

    Dask's stay: workers on other machines get their certificates from them.
    """
    for name in [*os.environ]:
        if name.startswith(("KERAS_", "TF_")) and not name.startswith(_OPERATORS):
            del os.environ[name]
    os.environ.update(KERAS)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def print_anything() -> None:
    """Print what the terminal's encoding lacks as an escape instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
