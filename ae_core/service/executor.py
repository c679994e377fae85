"""The dispatcher's thread."""

import logging
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import CancelledError
from distributed.client import ClosedClientError

from ae_core.errors import ServiceUnavailable, StorageError

# The errors of a job when the scheduler or the database goes away; the next job handles that.
CUT_OFF = (
    *(CancelledError, ClosedClientError, OSError, TimeoutError),
    *(ServiceUnavailable, StorageError),
)
CLOSE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class SerialExecutor:
    """Runs callables one at a time on a background thread, and can schedule a single later one."""

    def __init__(self, name: str) -> None:
        """Start idle with a named thread."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._timer: threading.Timer | None = None
        self._running = threading.Lock()  # held during a job

    def submit(self, job: Callable[..., None], *args: Any) -> None:
        """Run a job soon, without waiting for it."""
        try:
            self._thread.submit(self._run, job, *args)
        except RuntimeError:  # closed, or the program is ending
            _log.debug("%s came too late", job.__qualname__)

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call a method after a delay, if its object is still there then.

        This replaces the previously scheduled one.
        """
        weak = weakref.WeakMethod(call)

        def call_if_there() -> None:
            if (method := weak()) is not None:
                method()

        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, call_if_there)
        self._timer.daemon = True
        self._timer.start()

    def settle(self, seconds: float) -> bool:
        """Wait for the jobs that were submitted and for those that they submit; but not longer."""
        done = threading.Event()
        self.submit(self.submit, done.set)
        return done.wait(seconds)

    def close(self) -> None:
        """Run no more jobs; wait a little for the one that runs."""
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._running.acquire(timeout=CLOSE_SECONDS):
            self._running.release()

    def _run(self, job: Callable[..., None], *args: Any) -> None:
        with self._running:
            try:
                job(*args)
            except CUT_OFF as error:
                _log.warning("%s was cut off: %s", job.__qualname__, error)
            except Exception:
                _log.exception("%s failed", job.__qualname__)
