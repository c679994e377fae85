"""A thread that does what others ask for, one thing after the other.

It knows nothing of what is asked. Any thread may call it.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_log = logging.getLogger(__name__)


class Jobs:
    """What waits to be done, and one thing that is to be done at a later time."""

    def __init__(self, name: str, cut_off: tuple[type[BaseException], ...]) -> None:
        """Begin with nothing to do.

        Args:
            name: of the thread.
            cut_off: errors that mean that the other side went away in the middle of a job, which
                will be looked at again; of all others the log has the whole story.
        """
        self._cut_off = cut_off
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._timer: threading.Timer | None = None
        self._closed = False

    def do(self, job: Callable[..., None], *args: Any) -> None:
        """Do something soon; nobody waits for it."""
        if self._closed:
            return
        try:
            self._thread.submit(self._logged, job, *args)
        except RuntimeError:  # the whole program is ending
            _log.debug("%s came too late", job.__qualname__)

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Call something after a time, in place of what was to be called before."""
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, job)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Do nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _logged(self, job: Callable[..., None], *args: Any) -> None:
        try:
            job(*args)
        except self._cut_off as error:
            _log.warning("%s was cut off: %s", job.__qualname__, error)
        except Exception:
            _log.exception("%s failed", job.__qualname__)
