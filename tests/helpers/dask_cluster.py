"""A Dask cluster in processes of its own, as ``compose.yaml`` has it, whose parts may be killed."""

import os
import socket
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from types import ModuleType
from unittest.mock import patch

from distributed import Client
from distributed.cli import dask_worker

from ae_core.storage.files import ROOT
from ae_core.workers.cluster import forks

LOCAL = ("--host", "127.0.0.1", "--no-dashboard")
KINDS = ("train", "train", "infer")
PATIENCE = 120
# TensorFlow's import is the slowest part of a worker's start: it is done once for all of them.
PROCESSES = get_context("forkserver") if forks() else get_context("spawn")
PROCESSES.set_forkserver_preload(["distributed", "ae_core.service.preload"])


class DaskCluster:
    """A scheduler, always at the same address, two workers that train and one that does not."""

    def __init__(self) -> None:
        """Start nothing yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: list[tuple[str, BaseProcess]] = []

    def restore(self) -> None:
        """Start whatever does not run, as Docker does, and wait until it is connected."""
        if self._scheduler is None or self._scheduler.poll() is not None:
            self._scheduler = self._start("scheduler", "--port", str(self._port))
            self._end_workers()  # a worker whose scheduler is gone ends by itself, in its time
        else:
            self._end_trainings()
        self._workers = [(kind, worker) for kind, worker in self._workers if worker.is_alive()]
        running = [kind for kind, _ in self._workers]
        for kind in KINDS:
            if kind in running:
                running.remove(kind)
            else:
                self._workers.append((kind, self._worker(kind)))
        with Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(len(KINDS), timeout=PATIENCE)

    def kill_scheduler(self) -> None:
        """Kill the scheduler as an accident would."""
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait()

    def kill_worker(self, pid: int) -> None:
        """Kill a worker as an accident would."""
        worker = next(worker for _, worker in self._workers if worker.pid == pid)
        worker.kill()
        worker.join()

    def close(self) -> None:
        """End everything."""
        self._end_workers()
        if self._scheduler is not None:
            self._scheduler.kill()
            self._scheduler.wait()

    def _end_trainings(self) -> None:
        """Kill the workers that still train for a test that failed."""
        with Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            for address, keys in client.processing().items():
                if any(str(key).startswith("train-") for key in keys):
                    self.kill_worker(client.run(os.getpid, workers=[address])[address])

    def _end_workers(self) -> None:
        for _, worker in self._workers:
            worker.kill()
            worker.join()
        self._workers = []

    def _worker(self, kind: str) -> BaseProcess:
        options = ["--nthreads", "1", "--memory-limit", "0", "--no-nanny"]
        if kind == "train":  # nobody asks the other one: it need not import TensorFlow
            options += ["--preload", "ae_core.service.worker"]
        arguments = [self.address, *options, "--resources", f"{kind}=1", *LOCAL]
        worker = PROCESSES.Process(target=_work, args=(arguments,), daemon=True)
        # A new process runs the main module again, and Streamlit's test driver leaves one here.
        with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
            worker.start()
        return worker

    def _start(self, role: str, *options: str) -> subprocess.Popen[bytes]:
        quiet = {**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical"}
        command = [sys.executable, "-m", "dask", role, *options, *LOCAL]
        # Dask says at length that a client is gone: here that is meant.
        return subprocess.Popen(command, env=quiet, cwd=ROOT, stderr=subprocess.DEVNULL)


def _work(arguments: list[str]) -> None:
    """Be a worker; Dask says at length that a scheduler is gone: here that is meant."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    dask_worker.main(arguments, standalone_mode=False)


def pid_of(client: Client, run_id: str) -> int:
    """Return the process of the worker that trains a run."""
    for address, keys in client.processing().items():
        if any(str(key).startswith(f"train-{run_id}") for key in keys):
            return client.run(os.getpid, workers=[address])[address]
    raise AssertionError(f"no worker trains {run_id}")
