"""Notices processes that hang, and kills them; whoever started them starts them again.

A process hangs if it gives no sign for seconds and uses no computing time meanwhile: it is stopped
or waits for itself. One that compiles a network gives no sign either, but it computes.
"""

import asyncio
import logging
import os
import select
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from distributed import Nanny, SpecCluster

LOOK_SECONDS = 1.0
# Looks instead of seconds: where the whole machine slept, the watcher has not looked either.
HANGING_LOOKS = 8

_log = logging.getLogger(__name__)


@dataclass
class Watched:
    """A process, as it was when last looked at.

    Attributes:
        pid: its id.
        sign: its last sign; any value that changes with the next one.
        seconds: the computing time that it had used.
        looks: the number of looks since either changed.
        most: the number of such looks at which it hangs.
    """

    pid: int
    sign: object = None
    seconds: float = -1.0
    looks: int = 0
    most: int = HANGING_LOOKS

    def hangs(self, sign: object) -> bool:
        """Look at the process, whose last sign this is; return whether it hangs."""
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.NoSuchProcess:
            return False
        seconds = times.user + times.system
        same = (sign, seconds) == (self.sign, self.seconds)
        self.looks = self.looks + 1 if same else 0
        self.sign, self.seconds = sign, seconds
        return self.looks >= self.most

    def kill(self, name: str) -> None:
        """Kill the process; that works for a stopped one, too."""
        _log.warning("%s does not answer and does not compute: it is killed", name)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended
            _log.info("%s has ended by itself", name)


async def watch_workers(cluster: SpecCluster) -> None:
    """Kill a cluster's workers that hang, and tell the server every second that this one does not.

    Its nanny then starts a worker again, and Dask reports the loss as any other.
    """
    watched: dict[int, Watched] = {}
    while True:
        print(flush=True)
        await asyncio.sleep(LOOK_SECONDS)
        nannies = [each for each in cluster.workers.values() if isinstance(each, Nanny)]
        pids = {nanny.pid: nanny for nanny in nannies if nanny.pid is not None}
        watched = {pid: watched.get(pid, Watched(pid)) for pid in pids}
        for pid, nanny in pids.items():
            worker = cluster.scheduler.workers.get(nanny.worker_address)
            if worker is not None and watched[pid].hangs(worker.last_seen):
                watched[pid].kill(f"worker {nanny.name}")


def watch_cluster(process: "subprocess.Popen[bytes]", on_hang: Callable[[], None]) -> None:
    """Kill the process of an embedded cluster if it hangs, and call ``on_hang``.

    The process must print something every second; this reads and at last closes its output.
    """
    if process.stdout is None:
        raise ValueError("the cluster's output must be a pipe")
    watched, printed = Watched(process.pid), 0
    with process.stdout as output:
        reader = select.poll()  # `select.select` does not know descriptors beyond 1023
        reader.register(output, select.POLLIN)
        while process.poll() is None:
            if reader.poll(LOOK_SECONDS * 1000):
                data = os.read(output.fileno(), 4096)
                if not data:  # it ends
                    return
                printed += len(data)
            if watched.hangs(printed):
                watched.kill("the cluster's process")
                on_hang()
                return
