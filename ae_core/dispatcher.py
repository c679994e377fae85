"""Hands runs to workers, one after the other, and takes note of how they end.

This is the client side of Dask. It imports no TensorFlow and knows no visitor: whose turn it is,
the `Roster` says. What is asked of it is done soon, in a thread of its own.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import Client, Future

from ae_core import tasks
from ae_core.connection import Connection, ServiceUnavailable
from ae_core.ending import WORKER_DIED, Ending, ending_of
from ae_core.live_run import LiveRun
from ae_core.roster import Roster
from ae_core.store import RunStore, StoreError

_log = logging.getLogger(__name__)


class Dispatcher:
    """Between the roster, the workers and the store."""

    def __init__(self, store: RunStore, connection: Connection, roster: Roster) -> None:
        """Begin with nothing to do.

        Args:
            store: where ended runs are kept.
            connection: the way to the workers; who closes the dispatcher closes it, too.
            roster: the runs.
        """
        self._store = store
        self._connection = connection
        self._roster = roster
        self._closed = False
        # One thread does all that waits for Dask or the disk, so events never block each other.
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="ae-service")

    def dispatch(self) -> None:
        """Hand waiting runs to free workers."""
        self._do(self._dispatch)

    def permit(self, run: LiveRun, epoch: int) -> None:
        """Tell a run's worker up to which epoch it may train; see `LiveRun.permit`."""
        self._do(run.permit, epoch)

    def end(self, run: LiveRun, ending: Ending) -> None:
        """Keep a run's end, and go on with the next run."""
        self._do(self._end, run, ending)

    def close(self) -> None:
        """Do nothing more."""
        self._closed = True
        self._jobs.shutdown(wait=False, cancel_futures=True)

    # --- in Dask's event loop: nothing here may wait ---------------------------------------

    def _event(self, run_id: str, message: tasks.Message) -> None:
        with self._roster.holding(run_id) as run:
            if run is not None:
                run.take(message)

    def _worker_gone(self, message: tasks.Message) -> None:
        if message.get("action") != "remove-worker":
            return
        for key in message["processing-tasks"]:
            run = self._roster.live(str(key).removeprefix("train-"))
            if run is not None and run.begun:
                self._do(self._lose, run)

    # --- in the dispatcher's own thread ----------------------------------------------------

    def _dispatch(self) -> None:
        """Hand waiting runs to free workers."""
        try:
            slots = max(1, self._connection.train_slots())
            client = self._connection.client()
        except ServiceUnavailable as error:
            for waiting in self._roster.empty_queue():
                self._end(waiting, Ending("failed", str(error)))
            return
        while (run := self._roster.start_next(slots)) is not None:
            self._begin(run, client)

    def _begin(self, run: LiveRun, client: Client) -> None:
        run_id = run.record.id
        # "all" tells of workers that are gone: a run of theirs would else wait for another one.
        client.subscribe_topic("all", lambda event: self._worker_gone(event[1]))
        client.subscribe_topic(tasks.topic(run_id), lambda event: self._event(run_id, event[1]))
        run.begin(client, self._store.folder(run_id)).add_done_callback(
            lambda done: self._do(self._done, run, done)
        )

    def _lose(self, run: LiveRun) -> None:
        if run.over:
            return  # told twice
        if run.future is not None:
            run.future.cancel()
        self._end(run, Ending("failed", WORKER_DIED.format(epoch=run.snapshot.epoch + 1)))

    def _done(self, run: LiveRun, future: Future) -> None:
        if not run.over:  # else already told that its worker died
            self._end(run, ending_of(future, run.snapshot.epoch + 1))

    def _end(self, run: LiveRun, ending: Ending) -> None:
        """Keep a run's end, in the store if it takes it, and go on with the next run."""
        run_id = run.record.id
        with self._roster.holding(run_id):
            run.end(ending)
        self._roster.free_slot(run_id)
        run.forget()
        run.pack_moments()
        try:
            self._store.finish(run.record, run.files)
        except StoreError as error:
            with self._roster.holding(run_id):  # kept in memory, and the page offers to try again
                run.not_saved(str(error))
        else:
            self._roster.drop(run_id)
        self._do(self._dispatch)

    def _do(self, job: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            self._jobs.submit(_logged, job, *args)


def _logged(job: Callable[..., None], *args: Any) -> None:
    """Run a job whose result nobody waits for, so that its failure is at least in the log."""
    try:
        job(*args)
    except Exception:
        _log.exception("a job of the training service failed")
