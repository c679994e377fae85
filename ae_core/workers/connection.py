"""The connection to the workers: the server's embedded cluster, or a Dask scheduler."""

import logging
import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import dask
from distributed import CancelledError, Client
from distributed.client import ClosedClientError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from ae_core.errors import Message, ServiceUnavailable, UserError
from ae_core.workers import cluster
from ae_core.workers.dask_adapter import keep_no_messages
from ae_core.workers.questions import BEGUN, INFER, TRAIN, UPLOAD, answered
from ae_core.workers.watch import watch_cluster

P = ParamSpec("P")
T = TypeVar("T")

CONNECT_SECONDS = 5
CLOSE_SECONDS = 8  # for the embedded cluster: Dask gives a busy worker 4
REFUSED_SECONDS = 1.5  # after a failure, before the next try
ANSWER_SECONDS = 120.0  # a page's maximum wait for an answer
DEADLINE_SECONDS = 20.0  # for a question, from the moment a worker begins it
LOOK_SECONDS = 2  # for the scheduler to say which workers it has

_log = logging.getLogger(__name__)


class _OnlyWaited(ServiceUnavailable):
    """The process of the worker ended before it began a question that waited there."""


def _begun(client: Client, key: str) -> float | None:
    """Return when a worker began a question, in seconds since 1970; None if none did."""
    return next((at for at, begun in client.get_events(BEGUN) if begun == key), None)


class Connection:
    """A Dask client that connects when needed, and reconnects after a loss.

    Its methods raise ServiceUnavailable if they cannot connect or no worker answers.

    Attributes:
        address: the scheduler's address, empty for an embedded cluster.
        ends: whether the workers end with this server.
        on_hang: called in a thread of its own after an embedded cluster hung and was killed.
    """

    def __init__(
        self,
        scheduler: str = "",
        train_workers: int = 1,
        infer_workers: int = 1,
        runs_in_turns: int = cluster.RUNS_IN_TURNS,
        ends: bool = False,
    ) -> None:
        """Prepare a connection that opens when a client is needed.

        Args:
            scheduler: the address of a scheduler, e.g. ``tcp://host:8786``; empty for an embedded
                cluster, which starts with the first client.
            train_workers: the number of workers of an embedded cluster that train.
            infer_workers: the number of its workers that answer pages.
            runs_in_turns: the most runs that take turns in one of its workers.
            ends: whether a scheduler that has an address ends with this server, too.
        """
        self.address = scheduler
        self.ends = ends or not scheduler
        self._workers = (train_workers, infer_workers, runs_in_turns)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._refused = (0.0, Message("unreachable"))
        self._closed = False
        self._reads_apart = not scheduler
        self.on_hang: Callable[[], None] = lambda: None

    @property
    def shared(self) -> bool:
        """Whether other servers may use the same workers."""
        return bool(self.address)

    def client(self) -> Client:
        """Return a connected client; the first call takes about a second."""
        with self._lock:
            if self._client is not None and self._client.status == "running" and self._alive():
                return self._client
            self._drop()
            until, why = self._refused
            if time.monotonic() < until:  # a caller that waited for the lock does not wait again
                raise ServiceUnavailable.from_message(why)
            try:
                self._client = self._connected()
            except (OSError, RuntimeError, TimeoutError, ValueError, UserError) as error:
                self._drop()
                why = self._why(error)
                self._refused = (time.monotonic() + REFUSED_SECONDS, why)
                raise ServiceUnavailable.from_message(why) from error
            return self._client

    def _connected(self) -> Client:
        if self._closed:
            raise ServiceUnavailable("ending")
        address = self.address
        if not address:
            self._process, address = cluster.start(*self._workers)
            watch = threading.Thread(
                target=watch_cluster, args=[self._process, self._hung], name="ae-watch", daemon=True
            )
            watch.start()
        keep_no_messages()
        dask.config.set(cluster.RARELY_MONITORED)
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)

    def _hung(self) -> None:
        self.on_hang()

    def _why(self, error: Exception) -> Message:
        _log.warning("no connection to %s: %s", self.address or "the embedded cluster", error)
        if self.address:
            return Message("unreachable")
        problem = error.message if isinstance(error, UserError) else type(error).__name__
        return Message.of("not_started", problem=problem)

    def answer(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in an ``infer`` worker and return its result, or raise its error.

        It must end within `DEADLINE_SECONDS` from the moment a worker begins it.
        """
        return self.answer_within(DEADLINE_SECONDS, function, *args, **kwargs)

    def answer_within(
        self, seconds: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function with another deadline, see `answer`.

        A question that waited for a worker whose process ended is asked again, once.
        """
        return self._asked(INFER, seconds, function, args, kwargs)

    def read_upload(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that reads a visitor's file, in an ``upload`` worker; see `answer`.

        On a scheduler that never had such a worker, an ``infer`` worker runs it.
        """
        kind = UPLOAD if self._has_readers() else INFER
        return self._asked(kind, DEADLINE_SECONDS, function, args, kwargs)

    def _has_readers(self) -> bool:
        """Whether there are ``upload`` workers; one that starts again counts meanwhile."""
        if not self._reads_apart:
            self._reads_apart = bool(self._slots(UPLOAD))
        return self._reads_apart

    def _asked(
        self, kind: str, seconds: float, function: Callable[..., T], args: Any, kwargs: Any
    ) -> T:
        try:
            return self._asked_once(kind, seconds, function, args, kwargs)
        except _OnlyWaited:
            return self._asked_once(kind, seconds, function, args, kwargs)

    def _asked_once(
        self, kind: str, seconds: float, function: Callable[..., T], args: Any, kwargs: Any
    ) -> T:
        client, key = self.client(), f"answer-{secrets.token_hex(8)}"
        try:
            future = client.submit(
                *(answered, function, args, kwargs, key, seconds),
                key=key,
                resources={kind: 1},
                pure=False,
            )
            found = future.result(timeout=ANSWER_SECONDS)
        except (CancelledError, CommClosedError, ClosedClientError) as error:
            raise ServiceUnavailable("connection_lost") from error
        except KilledWorker as error:
            begun = _begun(client, key)
            if begun is None:
                raise _OnlyWaited("worker_died") from error
            if time.time() - begun >= seconds:
                raise ServiceUnavailable("too_slow", seconds=round(seconds)) from error
            raise ServiceUnavailable("worker_died") from error
        except TimeoutError as error:
            future.cancel()
            raise ServiceUnavailable("no_answer", seconds=round(ANSWER_SECONDS)) from error
        if isinstance(found, Exception):
            raise found
        return found

    def workers_memory(self) -> dict[str, list[int]] | None:
        """Return the bytes of each connected worker, by what it does; None without a scheduler.

        It never connects, and never waits for a scheduler that hangs.
        """
        client = self._client
        if client is None or client.status != "running":
            return None
        identity = client.scheduler.identity
        try:
            found = client.sync(identity, n_workers=-1, callback_timeout=LOOK_SECONDS)["workers"]
        except (OSError, TimeoutError, ClosedClientError):  # Dask's lost connections are OSErrors
            return None
        return {
            kind: [
                int(each["metrics"]["memory"])
                for each in found.values()
                if each["resources"].get(kind)
            ]
            for kind in (TRAIN, INFER, UPLOAD)
        }

    def train_slots(self) -> list[int]:
        """Return each training worker's slots: the small runs that can take turns in it."""
        return self._slots(TRAIN)

    def _slots(self, kind: str) -> list[int]:
        client = self.client()
        workers = client.scheduler_info(n_workers=-1).get("workers", {}).values()
        if client.status != "running":  # its information is out of date
            raise ServiceUnavailable("connection_lost")
        found = [int(each["resources"].get(kind, 0)) for each in workers]
        return [slots for slots in found if slots]

    def warm(self) -> None:
        """Start connecting in the background; later calls report a failure."""

        def connect() -> None:
            try:
                self.client()
            except ServiceUnavailable:
                _log.exception("the training service did not start")

        threading.Thread(target=connect, name="ae-connect", daemon=True).start()

    def close(self) -> None:
        """Disconnect for good, and end the embedded cluster."""
        with self._lock:
            self._closed = True
            self._drop()

    def _alive(self) -> bool:
        return self._process is None or self._process.poll() is None

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close(timeout=2)
            self._client = None
        if self._process is not None:
            try:
                if self._process.stdin is not None:
                    self._process.stdin.close()  # that ends it
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
