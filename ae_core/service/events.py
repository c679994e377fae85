"""What wakes the dispatcher: a thread that takes jobs, and the events of scheduler and servers."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import Client

from ae_core.service.messages import Message, run_of

CHANGED = "ae-queue"  # the topic by which servers tell each other that the queue has changed

_log = logging.getLogger(__name__)


class SerialExecutor:
    """Runs callables one at a time on a background thread, and one at a later time."""

    def __init__(self, name: str, cut_off: tuple[type[BaseException], ...]) -> None:
        """Start idle.

        Args:
            name: of the thread.
            cut_off: errors that mean that the other side went away, which the next job will see;
                the log has a line for these and a traceback for all others.
        """
        self._cut_off = cut_off
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._timer: threading.Timer | None = None
        self._closed = False

    def submit(self, job: Callable[..., None], *args: Any) -> None:
        """Run a job soon; nobody waits for it."""
        if self._closed:
            return
        try:
            self._thread.submit(self._run, job, *args)
        except RuntimeError:  # the whole program is ending
            _log.debug("%s came too late", job.__qualname__)

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a time, in place of what was scheduled before."""
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, call)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Run nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Callable[..., None], *args: Any) -> None:
        try:
            job(*args)
        except self._cut_off as error:
            _log.warning("%s was cut off: %s", job.__qualname__, error)
        except Exception:
            _log.exception("%s failed", job.__qualname__)


class SchedulerEvents:
    """Subscribes to events at one connection after the other; events may be missed.

    Dask's event loop calls the callbacks: they may not wait.
    """

    def __init__(self, *, on_change: Callable[[], None], on_loss: Callable[[str], None]) -> None:
        """Start without a connection.

        Args:
            on_change: called when a worker came, or another server has changed the queue.
            on_loss: called with the key of every training whose worker is gone.
        """
        self._on_change = on_change
        self._on_loss = on_loss
        self._client: Client | None = None

    def listen(self, client: Client) -> None:
        """Subscribe at this connection, once."""
        if self._client is client:
            return
        self._client = client
        client.subscribe_topic("all", lambda event: self._on_workers(event[1]))
        client.subscribe_topic(CHANGED, lambda event: self._on_change())

    def notify(self) -> None:
        """Let all servers know that the queue has changed, if there is a connection."""
        if self._client is not None:
            self._client.log_event(CHANGED, {})

    def _on_workers(self, message: Message) -> None:
        if message.get("action") == "add-worker":
            self._on_change()
        elif message.get("action") == "remove-worker":
            for key in message["processing-tasks"]:
                if run_of(str(key)):
                    self._on_loss(str(key))
