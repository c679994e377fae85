"""How a worker answers a question: before a deadline, after which its process ends."""

import faulthandler
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ae_core.errors import UserError
from ae_core.workers.dask_adapter import report

T = TypeVar("T")

# The kinds of worker, as Dask resources: `upload` reads visitors' files and has no TensorFlow.
TRAIN, INFER, UPLOAD = "train", "infer", "upload"
BEGUN = "ae-begun"  # the topic on which workers report which questions they have begun
IMPORT_SECONDS = 60.0  # more for a question that comes while a worker is still importing

_log = logging.getLogger(__name__)

imported = threading.Event()  # set in a worker that has imported what it needs


def answered(
    function: Callable[..., T], args: Any, kwargs: Any, key: str, seconds: float
) -> T | Exception:
    """Return a function's result or the exception it raised.

    Of a task that raises, Dask would log the call as text, with the arguments of a partial.

    Args:
        function: the function.
        args: its arguments.
        kwargs: its keyword arguments.
        key: the name of the question, which `BEGUN` reports.
        seconds: the deadline. After it this process ends, even if it is in C code that lets no
            other thread run, and its nanny starts it again.
    """
    report(BEGUN, key)
    if not imported.is_set():
        seconds += IMPORT_SECONDS
    faulthandler.dump_traceback_later(seconds, exit=True, file=2)
    try:
        return function(*args, **kwargs)
    except UserError as error:
        return error
    except Exception as error:
        _log.exception("%s failed", getattr(function, "__name__", "a question"))
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()
