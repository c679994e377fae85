"""Hands runs to workers, follows them and takes note of how they end.

This is the client side of Dask. It imports no TensorFlow and knows no visitor: whose turn it is,
`UnderWay` says. What is asked of it is done soon, in a thread of its own.

It does not rely on what it was told last: at every occasion it compares the queue, which all
servers of a store share, with what the scheduler knows, and does what is to be done. So a run may
be handed out by one server, followed by all and ended by another one.
"""

import threading

from distributed import CancelledError, Client, Future
from distributed.client import ClosedClientError

from ae_core.errors import ServiceUnavailable, StorageError
from ae_core.runs.store import RunStore
from ae_core.service import messages
from ae_core.service.attempts import Attempts, name_of
from ae_core.service.connection import Connection
from ae_core.service.following import key_of, others
from ae_core.service.jobs import Jobs
from ae_core.service.news import News
from ae_core.service.outcome import AttemptLost, Ending, ending_of, given_up
from ae_core.service.queue import Entry, TrainingQueue
from ae_core.service.registry import UnderWay

LOOKS_EVERY = 2.0  # seconds, while there may be something that nobody tells of
ATTEMPTS = 2  # at a run whose worker, or scheduler, is lost
# What a job may meet when the scheduler goes away.
CUT_OFF = (CancelledError, ClosedClientError, OSError, ServiceUnavailable, TimeoutError)


class Dispatcher:
    """Between the live runs, the workers and the store."""

    def __init__(self, store: RunStore, connection: Connection, under_way: UnderWay) -> None:
        """Begin with nothing to do.

        Args:
            store: where ended runs are kept.
            connection: the way to the workers; who closes the dispatcher closes it, too.
            under_way: the runs.
        """
        self._store = store
        self._connection = connection
        self._under_way = under_way
        self._attempts = Attempts(
            store,
            under_way,
            on_gap=lambda run_id: self._jobs.do(self._attempts.catch_up, run_id),
            on_done=lambda run_id, future: self._jobs.do(self._done, run_id, future),
        )
        self._news = News(
            on_change=self.dispatch, on_loss=lambda key: self._jobs.do(self._worker_gone, key)
        )
        self._asked = threading.Event()
        # One thread does all that waits for Dask or the disk, so events never block each other.
        self._jobs = Jobs("ae-service", CUT_OFF)

    def dispatch(self) -> None:
        """Look what is to be done."""
        if not self._asked.is_set():
            self._asked.set()
            self._jobs.do(self._dispatch)

    def announce(self) -> None:
        """Look what is to be done, and have the other servers look, too."""
        self.dispatch()
        self._jobs.do(self._announce)

    def permit(self, run_id: str, epoch: int) -> None:
        """Tell a run's worker up to which epoch it may train; see `run_events.permit`."""
        self._jobs.do(self._permit, run_id, epoch)

    def end(self, run_id: str, ending: Ending) -> None:
        """Keep the end of a run, and go on with the next run."""
        self._jobs.do(self._end, run_id, ending)

    def close(self) -> None:
        """Do nothing more."""
        self._jobs.close()

    # --- in the dispatcher's own thread ----------------------------------------------------

    def _dispatch(self) -> None:
        self._asked.clear()
        queue = self._under_way.sync()
        try:
            if queue.waiting or queue.training or len(self._attempts):
                client = self._connection.client()
                self._news.listen(client)
                with self._under_way.alone():
                    self._follow(client, self._under_way.sync())
                    self._start(client)
                self._under_way.unavailable("")
        except ServiceUnavailable as error:
            self._under_way.unavailable(str(error))
        finally:
            self._look_again(bool(queue.waiting or queue.training))

    def _follow(self, client: Client, queue: TrainingQueue) -> None:
        """Follow what is with a worker, and nothing else."""
        self._attempts.leave_others(client, queue)
        for entry in queue.training:
            # Not there: the scheduler is another one now.
            if self._attempts.get(entry.id) is None and not self._attempts.join(client, entry):
                self._lose(client, entry, "service")

    def _start(self, client: Client) -> None:
        """Hand waiting runs to free workers."""
        queue = self._under_way.sync()
        if not queue.waiting:
            return
        slots = self._connection.train_slots()
        if not slots:
            raise ServiceUnavailable(
                "Training is not available: no worker that trains is connected at the moment. "
                "Runs wait and start by themselves; if it stays so, restart the workers."
            )
        known = frozenset(entry.id for entry in (*queue.waiting, *queue.training))
        slots -= others(client, known)
        while (run := self._under_way.start_next(slots)) is not None:
            self._attempts.begin(client, run.record.id, run.attempt)
            self._announce()

    def _permit(self, run_id: str, epoch: int) -> None:
        if self._attempts.get(run_id) is None:
            self._dispatch()  # another server may just have begun it
        self._attempts.permit(run_id, epoch)

    def _worker_gone(self, key: str) -> None:
        """Take note that the worker that had an attempt is gone."""
        run = self._under_way.live(messages.run_of(key))
        if run is not None and run.begun:  # else Dask hands it to another worker
            self._attempt_gone(key, "worker")

    def _attempt_gone(self, key: str, how: str) -> None:
        client = self._connection.client()
        with self._under_way.alone():
            entries = [e for e in self._under_way.sync().training if key_of(name_of(e)) == key]
            for entry in entries:  # none, if another server was told earlier
                self._lose(client, entry, how)
        self.dispatch()

    def _lose(self, client: Client, entry: Entry, how: str) -> None:
        """Begin a run again whose attempt was lost, or end it; call this `alone`."""
        following = self._attempts.pop(entry.id)
        if following is not None:
            following.forget()
        run = self._under_way.live(entry.id)
        if run is None or run.over:
            return
        epoch = run.snapshot.epoch + 1
        if run.snapshot.status == "stopping":
            self._end(entry.id, Ending("stopped", f"Stopped in epoch {epoch}."))
        elif entry.attempt >= ATTEMPTS and (run.begun or how == "worker"):
            self._end(entry.id, given_up(how, epoch))
        else:
            repeated = self._under_way.again(entry, how)
            self._attempts.begin(client, entry.id, repeated.attempt)
            self._announce()

    def _done(self, run_id: str, future: Future) -> None:
        """Take note that a task is done, however."""
        following, run = self._attempts.get(run_id), self._under_way.live(run_id)
        if following is None or following.future is not future or run is None:
            return
        if future.cancelled() or self._store.has_ended(run_id):
            # The connection was lost, or another server has kept the end.
            self._attempts.pop(run_id)
            following.leave()
            self.dispatch()
            return
        try:
            ending = ending_of(future)
        except AttemptLost as lost:
            self._attempt_gone(key_of(following.name), lost.how)
            return
        self._attempts.catch_up(run_id)
        self._end(run_id, ending)

    def _end(self, run_id: str, ending: Ending) -> None:
        """Keep a run's end, in the store if it takes it, and go on with the next run."""
        with self._under_way.holding(run_id) as run:
            if run is None or run.over:
                return
            run.end(ending)
        run.pack_frames()
        try:
            if not self._store.has_ended(run_id):
                self._store.finish(run.record, run.files)
        except StorageError as error:
            self._under_way.not_saved(run_id, str(error))
        else:
            self._under_way.drop(run_id)
        following = self._attempts.pop(run_id)
        self.announce()
        if following is not None:
            self._jobs.do(following.forget)

    def _announce(self) -> None:
        if self._connection.shared:
            self._news.tell()

    def _look_again(self, busy: bool) -> None:
        """Look again soon where nobody may tell: of a scheduler that is gone or other servers."""
        if busy or self._connection.shared:
            self._jobs.later(LOOKS_EVERY, self.dispatch)
