"""The undocumented parts of Dask that the service uses.

An upgrade may remove them; ``tests/test_adapters.py`` then fails.
"""

import multiprocessing
from collections import deque
from contextvars import ContextVar
from functools import cache
from typing import Any

import dask
from distributed import Client, Nanny, get_worker, nanny, process, utils
from distributed.batched import BatchedSend

_spawned: ContextVar[bool] = ContextVar("_spawned", default=False)


@cache
def keep_no_messages() -> None:
    """Let this process's later connections keep nothing of what they have sent.

    By default each keeps its last 1000 messages: visitors' photos are in them. Dask's setting of
    that number is no help, because the scheduler keeps as many events for those who come late.
    """
    begin = BatchedSend.__init__

    def begin_without_log(self: BatchedSend, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.recent_message_log = deque(maxlen=0)

    BatchedSend.__init__ = begin_without_log


def dask_setup(_: object) -> None:
    """Do so in a scheduler that preloads this module."""
    keep_no_messages()


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


class SpawnedNanny(Nanny):
    """Starts its worker as a new process, even where other nannies fork theirs.

    The worker has nothing of what the forked ones share.
    """

    async def instantiate(self) -> Any:
        """Start the worker process."""
        # Dask has one method for all nannies of a process; a context is this nanny's alone.
        nanny.get_mp_context = process.get_mp_context = _mp_context
        before = _spawned.set(True)
        try:
            return await super().instantiate()
        finally:
            _spawned.reset(before)


def _mp_context() -> Any:
    return multiprocessing.get_context("spawn") if _spawned.get() else utils.get_mp_context()
