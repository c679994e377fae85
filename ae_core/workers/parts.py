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
        health: the path of a question that it answers alone.
        environment: its environment.
    """

    name: str
    command: Sequence[str]
    port: int
    health: str
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
                asking.request("GET", self.health)
                asking.getresponse()
            except (OSError, http.client.HTTPException):
                return False
        return True


@contextmanager
def kept(parts: Sequence[Part], workers: int | None, ending: threading.Event) -> Iterator[None]:
    """Start the parts and a cluster of workers, and start again what has ended or hangs.

    In the end the parts end first, as they store the runs, and then the workers. If this process is
    killed, all end at once.

    Args:
        parts: the processes.
        workers: the port of the cluster's scheduler; without a port, there is no cluster.
        ending: set when all shall end; leaving the context sets it.
    """
    command = [sys.executable, "-m", "ae_core.workers.keeper"]
    keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
    all_ended = threading.Event()
    threads = [threading.Thread(target=_keep, args=[each, keeper, ending]) for each in parts]
    clusters = [
        threading.Thread(target=_keep_cluster, args=[port, all_ended], daemon=True)
        for port in (workers,)
        if port is not None
    ]
    for thread in (*clusters, *threads):
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()
        all_ended.set()
        for cluster_thread in clusters:
            cluster_thread.join(
                2 * SECONDS
            )  # one that is stuck at its start ends with this process
        with suppress(OSError), keeper:
            keeper.communicate()


def _keep(part: Part, keeper: "subprocess.Popen[bytes]", ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            process = part.start()
        except OSError:
            _log.exception("%s did not start", part.name)
            ending.wait(LOOK_SECONDS)
            continue
        _tell(keeper, process.pid)
        watched, answers = Watched(process.pid, most=HANGING_LOOKS), 0
        while process.poll() is None and not ending.wait(LOOK_SECONDS):
            answers += part.answers()
            if watched.hangs(answers):
                watched.kill(part.name)
        if ending.is_set():
            _end(process)
            return
        code = process.wait()
        _log.warning("%s ended with code %s: it is started again", part.name, code)
        _tell(keeper, -process.pid)
        ending.wait(LOOK_SECONDS)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, wait for it, and kill one that does not."""
    process.terminate()
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tell(keeper: "subprocess.Popen[bytes]", number: int) -> None:
    """Tell the keeper of a process; without a keeper, it would only outlive a killed command."""
    if keeper.stdin is not None:
        try:
            keeper.stdin.write(f"{number}\n".encode())
            keeper.stdin.flush()
        except OSError as error:
            _log.warning("the keeper does not hear: %s", error)


def _keep_cluster(port: int, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            process, _ = cluster.start(port=port)
        except (UserError, OSError) as error:
            _log.error("the workers did not start: %s", error)
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
