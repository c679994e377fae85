"""The embedded Dask cluster: ``python -m ae_core.workers.cluster``, a child of the web server.

One process holds the scheduler and a nanny for each worker; each worker is a separate process. The
server keeps the child's standard input open: when the server ends, even if killed, that input ends,
and so does the cluster. (Dask's ``SubprocessCluster`` would leave its processes behind.) It listens
only on the loopback address and has no dashboard: anybody with access to a scheduler can run code.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny, Scheduler, SpecCluster

from ae_core.errors import UserError
from ae_core.storage.files import ROOT, runs_dir
from ae_core.workers import surroundings
from ae_core.workers.dask_adapter import SpawnedNanny, fork_workers, keep_no_messages
from ae_core.workers.questions import INFER, TRAIN, UPLOAD
from ae_core.workers.watch import watch_workers

HOST = "127.0.0.1"
OPTIONS = {  # of the command, and the arguments of `serve`
    "train": "train_workers",
    "infer": "infer_workers",
    "turns": "runs_in_turns",
    "port": "port",
}
RUNS_IN_TURNS = 100  # in one worker, as far as their memory allows: a class and more
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "warning",
    "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]",
    "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]",
}
# Of workers: they would keep what they were last asked, visitors' photos among it.
FORGETFUL = {"distributed.admin.low-level-log-length": 0}
# By default Dask monitors itself 50 to 100 times a second: an eighth of a core when idle.
RARELY_MONITORED = {
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.profile.enabled": False,
}
GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd")  # of NVIDIA and AMD
SPAWNED = "distributed.nanny.pre-spawn-environ"
# By default the cluster drops a worker for good if none of its name is there 15 seconds after it
# died: a busy machine starts it again later than that, and it may die a second time meanwhile.
NEVER_DROPPED = {"distributed.deploy.lost-worker-timeout": "1000 days"}


def start(
    train_workers: int = 1,
    infer_workers: int = 1,
    runs_in_turns: int = RUNS_IN_TURNS,
    port: int = 0,
) -> tuple["subprocess.Popen[bytes]", str]:
    """Start a cluster and return its process and the scheduler's address.

    Its port is any free one unless it is given.

    The cluster ends when the process's ``stdin`` is closed. This process, too, has Dask's own
    settings from then on, whatever a configuration of Dask on this machine says.

    Raises:
        UserError: it did not start; the log has its last output.
    """
    use_own_settings()
    numbers = (train_workers, infer_workers, runs_in_turns, port)
    options = [f"--{option}={number}" for option, number in zip(OPTIONS, numbers, strict=True)]
    process = subprocess.Popen(
        [sys.executable, "-m", "ae_core.workers.cluster", *options],
        cwd=ROOT,
        # User sets are beside the runs, and workers start in another folder.
        env={
            **QUIET,
            **surroundings.for_child(os.environ),
            "AE_RUNS_DIR": str(runs_dir().resolve()),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the server, which first stops the runs
    )
    address = process.stdout.readline().decode().strip() if process.stdout else ""
    if not address:
        with process:  # closes its pipes
            raise UserError("cluster_ended", code=process.wait())
    return process, address


async def serve(train_workers: int, infer_workers: int, runs_in_turns: int, port: int) -> None:
    """Run a cluster until standard input ends; print the scheduler's address first."""
    use_own_settings()
    spawned = {SPAWNED: _without_trimming(dask.config.get(SPAWNED))}
    scratch = {"temporary-directory": tempfile.gettempdir()}
    keep_no_messages()
    dask.config.set(RARELY_MONITORED | NEVER_DROPPED | spawned | scratch)
    if forks():
        fork_workers("ae_core.service.preload")
    options = {
        "host": HOST,
        "port": port,
        "dashboard": False,
        "dashboard_address": f"{HOST}:0",
        "allowed_failures": 0,  # the dispatcher retries a run whose worker died, and reports it
    }
    kinds = [(TRAIN, runs_in_turns)] * train_workers + [(INFER, 1)] * infer_workers
    workers = {f"{kind}-{i}": _worker(f"{kind}-{i}", kind, n) for i, (kind, n) in enumerate(kinds)}
    async with SpecCluster(
        scheduler={"cls": Scheduler, "options": options},
        workers=workers,
        asynchronous=True,
        name="autoencoder-lab",
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        # No page waits for this worker, so it does not delay the first one.
        cluster.worker_spec[UPLOAD] = _worker(UPLOAD, UPLOAD)
        await cluster
        watching = asyncio.create_task(watch_workers(cluster))
        await asyncio.to_thread(sys.stdin.buffer.read)
        watching.cancel()


def use_own_settings() -> None:
    """Forget Dask's settings that were meant for other programs, see `surroundings`.

    A dashboard, certificates or a limit of memory in the home folder are not for this cluster.
    """
    dask.config.refresh(paths=[], env={**QUIET, **surroundings.for_child(os.environ)})


def forks() -> bool:
    """Whether `train` and `infer` are forked from one process that has imported TensorFlow.

    They share its memory, and a worker that died is there again within a second instead of five.
    On macOS a fork may crash in the system's libraries, and next to a GPU it is untested.
    """
    return sys.platform == "linux" and not any(map(Path.exists, map(Path, GPU_DEVICES)))


def _without_trimming(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment without Dask's settings for the C library's memory.

    With those settings, free pages return to the system at once, and a training asks for them
    again at the next step: it takes 1.7 times as long with XLA, and a tenth longer without.
    """
    return {name: value for name, value in environment.items() if not name.startswith("MALLOC_")}


def _worker(name: str, kind: str, at_once: int = 1) -> dict[str, Any]:
    options = {
        "name": name,
        "host": HOST,
        "nthreads": at_once,
        "resources": {kind: at_once},
        "preload": ["ae_core.service.worker"],
        "config": FORGETFUL,
        "memory_limit": 0,  # no spilling: a visitor's photo is never written to disk
        "dashboard": False,
    }
    return {"cls": SpawnedNanny if kind == UPLOAD else Nanny, "options": options}


def main() -> None:
    """Read the numbers of workers from the command line and serve."""
    parser = argparse.ArgumentParser(description=serve.__doc__)
    for option, name in OPTIONS.items():
        parser.add_argument(f"--{option}", dest=name, type=int, required=True)
    numbers = vars(parser.parse_args())
    # Dask and Python leave folders behind where processes are killed: all of them are in this one.
    with tempfile.TemporaryDirectory(prefix="ae-workers-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        asyncio.run(serve(**numbers))
    os._exit(0)  # even if a worker is in a long call


if __name__ == "__main__":
    main()
