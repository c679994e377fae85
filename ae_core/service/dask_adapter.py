"""The undocumented parts of Dask that the service uses.

An upgrade may remove them; ``tests/test_adapters.py`` then fails.
"""

import multiprocessing
from typing import Any

import dask
from distributed import Client, get_worker, utils


def forget_events(client: Client, topic: str) -> None:
    """Remove the messages of a topic from the scheduler."""

    def truncate(dask_scheduler: Any) -> None:  # nested, so that Dask sends its code
        dask_scheduler._broker.truncate(topic)

    client.run_on_scheduler(truncate)


def report(topic: str, message: Any) -> None:
    """Send a message of this worker's task, and return when the scheduler has it.

    What the task does next may stop the worker's other threads, which would send it later.
    """
    worker = get_worker()
    utils.sync(worker.loop, worker.scheduler.log_event, topic=topic, msg=message)


def fork_workers(module: str) -> None:
    """Let this process's nannies fork their workers from a process that has imported a module.

    Dask offers it, but then imports all that a worker could use in this process, too.
    """
    dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
    utils._forkserver_preload_set = True
    multiprocessing.get_context("forkserver").set_forkserver_preload(["distributed", module])
