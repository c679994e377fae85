"""Parts of a server, processes that are kept alive together, and end together."""

import http.client
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from ae_core.errors import UserError
from ae_core.storage.files import ROOT
from ae_core.workers import cluster
from ae_core.workers.keeper import SECONDS
from ae_core.workers.watch import LOOK_SECONDS, Watched, watch_cluster

LOOPBACK = "127.0.0.1"
HEALTH = "/_stcore/health"
ANSWER_SECONDS = 0.5
HANGING_LOOKS = 4  # without an answer and without computing: visitors wait there

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A process that answers by http.

    Attributes:
        name: its name in the log.
        command: what starts it.
        port: where it answers, on the loopback address.
        environment: its environment.
    """

    name: str
    command: Sequence[str]
    port: int
    environment: Mapping[str, str] = field(repr=False)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it, in a session of its own: Ctrl-C is for the process that keeps it."""
        return subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**self.environment},
            stdout=subprocess.DEVNULL,  # where Streamlit prints addresses that are for nobody
            start_new_session=True,
        )

    def answers(self) -> bool:
        """Whether it answers a request now; with which status does not matter."""
        with closing(
            http.client.HTTPConnection(LOOPBACK, self.port, timeout=ANSWER_SECONDS)
        ) as asking:
            try:
                asking.request("GET", HEALTH)
                asking.getresponse()
            except (OSError, http.client.HTTPException):
                return False
        return True


@contextmanager
def kept(parts: Sequence[Part], workers: int, ending: threading.Event) -> Iterator[None]:
    """Start the parts and a cluster of workers, and start again what has ended or hangs.

    In the end the parts end before the workers, as they store the runs. That holds, too, if this
    process is killed.

    Args:
        parts: the processes.
        workers: the port of the cluster's scheduler.
        ending: set when all shall end; leaving the context sets it.
    """
    command = [sys.executable, "-m", "ae_core.workers.keeper"]
    keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
    threads = [threading.Thread(target=_keep, args=[each, keeper, ending]) for each in parts]
    clustered = threading.Thread(target=_keep_cluster, args=[workers, ending])
    for thread in (clustered, *threads):
        thread.start()
    try:
        yield
    finally:
        ending.set()
        if keeper.stdin is not None:
            keeper.stdin.close()  # that ends the parts
        for thread in (*threads, clustered):
            thread.join()
        keeper.wait()


def _keep(part: Part, keeper: "subprocess.Popen[bytes]", ending: threading.Event) -> None:
    while not ending.is_set():
        process = part.start()
        _tell(keeper, process.pid)
        watched, answers = Watched(process.pid, most=HANGING_LOOKS), 0
        while process.poll() is None and not ending.wait(LOOK_SECONDS):
            answers += part.answers()
            if watched.hangs(answers):
                watched.kill(part.name)
        code = process.wait()
        if not ending.is_set():
            _log.warning("%s ended with code %s: it is started again", part.name, code)
            _tell(keeper, -process.pid)
            ending.wait(LOOK_SECONDS)


def _tell(keeper: "subprocess.Popen[bytes]", number: int) -> None:
    if keeper.stdin is not None:
        with suppress(OSError, ValueError):  # it ends, and these processes with it
            keeper.stdin.write(f"{number}\n".encode())
            keeper.stdin.flush()


def _keep_cluster(port: int, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            process, _ = cluster.start(port=port)
        except UserError:
            _log.exception("the workers did not start")
            ending.wait(LOOK_SECONDS)
            continue
        watch = threading.Thread(target=watch_cluster, args=[process, lambda: None])
        watch.start()
        while process.poll() is None and not ending.wait(LOOK_SECONDS):
            pass
        if process.stdin is not None:
            process.stdin.close()  # that ends it
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        watch.join()
