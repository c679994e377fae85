"""Hands runs to workers, follows them and takes note of how they end.

This is the client side of Dask. It imports no TensorFlow and knows no visitor: whose turn it is,
`UnderWay` says. What is asked of it is done soon, in a thread of its own.

It does not rely on what it was told last: at every occasion it compares the queue, which all
servers of a store share, with what the scheduler knows, and does what is to be done. So a run may
be handed out by one server, followed by all and ended by another one.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import CancelledError, Client, Future
from distributed.client import ClosedClientError

from ae_core import run_events
from ae_core.connection import Connection, ServiceUnavailable
from ae_core.ending import AttemptLost, Ending, ending_of, given_up
from ae_core.following import Following, key_of, others
from ae_core.run_events import Message, attempt_name
from ae_core.store import RunStore, StoreError
from ae_core.training_queue import Entry, TrainingQueue
from ae_core.under_way import UnderWay

LOOKS_EVERY = 2.0  # seconds, while there may be something that nobody tells of
ATTEMPTS = 2  # at a run whose worker, or scheduler, is lost
CHANGED = "ae-queue"  # the topic by which servers tell each other that the queue has changed

_log = logging.getLogger(__name__)


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
        self._followed: dict[str, Following] = {}
        self._heard: Client | None = None  # whose news are listened to
        self._timer: threading.Timer | None = None
        self._asked = threading.Event()
        self._closed = False
        # One thread does all that waits for Dask or the disk, so events never block each other.
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="ae-service")

    def dispatch(self) -> None:
        """Look what is to be done."""
        if not self._asked.is_set():
            self._asked.set()
            self._do(self._dispatch)

    def announce(self) -> None:
        """Look what is to be done, and have the other servers look, too."""
        self.dispatch()
        if self._connection.shared:
            self._do(self._announce)

    def permit(self, run_id: str, epoch: int) -> None:
        """Tell a run's worker up to which epoch it may train; see `run_events.permit`."""
        self._do(self._permit, run_id, epoch)

    def end(self, run_id: str, ending: Ending) -> None:
        """Keep the end of a run, and go on with the next run."""
        self._do(self._end, run_id, ending)

    def close(self) -> None:
        """Do nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._jobs.shutdown(wait=False, cancel_futures=True)

    # --- in Dask's event loop: nothing here may wait ---------------------------------------

    def _hear(self, run_id: str, attempt: int, message: Message) -> None:
        with self._under_way.holding(run_id) as run:
            if run is None or run.attempt != attempt or run.take(message):
                return
            run.early = [message]  # some are missing: until they are here, later ones wait
        self._do(self._catch_up, run_id)

    def _hear_of_workers(self, message: Message) -> None:
        if message.get("action") == "add-worker":
            self.dispatch()
        elif message.get("action") == "remove-worker":
            for key in message["processing-tasks"]:
                if run_events.run_of(str(key)):
                    self._do(self._worker_gone, str(key))

    # --- in the dispatcher's own thread ----------------------------------------------------

    def _dispatch(self) -> None:
        self._asked.clear()
        queue = self._under_way.sync()
        try:
            if queue.waiting or queue.training or self._followed:
                client = self._connection.client()
                self._listen(client)
                with self._under_way.alone():
                    self._follow(client, self._under_way.sync())
                    self._start(client)
                self._under_way.unavailable("")
        except ServiceUnavailable as error:
            self._under_way.unavailable(str(error))
        finally:
            self._look_again(bool(queue.waiting or queue.training))

    def _listen(self, client: Client) -> None:
        """Hear of workers that come and go, and of what other servers did to the queue."""
        if self._heard is client:
            return
        self._heard = client
        client.subscribe_topic("all", lambda event: self._hear_of_workers(event[1]))
        client.subscribe_topic(CHANGED, lambda event: self.dispatch())

    def _follow(self, client: Client, queue: TrainingQueue) -> None:
        """Follow what is with a worker, and nothing else."""
        training = {entry.id: entry for entry in queue.training}
        for run_id in [*self._followed]:
            following = self._followed[run_id]
            name = _name(training[run_id]) if run_id in training else ""
            if following.name != name or following.client is not client:
                self._followed.pop(run_id).leave()
        for entry in queue.training:
            if entry.id not in self._followed:
                self._join(client, entry)

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
            self._begin(client, run.record.id, run.attempt)
            self._announce()

    def _begin(self, client: Client, run_id: str, attempt: int) -> None:
        name = attempt_name(run_id, attempt)
        spec, folder = self._store.read(run_id).spec, self._store.folder(run_id)
        self._followed[run_id] = Following.begin(
            client, name, spec, folder, lambda message: self._hear(run_id, attempt, message)
        )
        self._await_end(run_id)

    def _join(self, client: Client, entry: Entry) -> None:
        """Follow what another server, or this one before, has handed out; call this `alone`."""
        with self._under_way.holding(entry.id) as run:
            if run is not None:
                run.early = []
        following = Following.join(
            client, _name(entry), lambda message: self._hear(entry.id, entry.attempt, message)
        )
        if following is None:  # the scheduler is another one now
            self._lose(client, entry, "service")
            return
        self._followed[entry.id] = following
        self._catch_up(entry.id)
        self._await_end(entry.id)

    def _await_end(self, run_id: str) -> None:
        self._followed[run_id].future.add_done_callback(
            lambda done: self._do(self._done, run_id, done)
        )

    def _catch_up(self, run_id: str) -> None:
        """Hear what was told before this server listened."""
        following = self._followed.get(run_id)
        kept = [] if following is None else following.kept_messages()
        with self._under_way.holding(run_id) as run:
            if run is not None and following is not None:
                run.take_all(kept)

    def _permit(self, run_id: str, epoch: int) -> None:
        if run_id not in self._followed:
            self._dispatch()  # another server may just have begun it
        following = self._followed.get(run_id)
        if following is not None:
            run_events.permit(following.client, following.name, epoch)

    def _worker_gone(self, key: str) -> None:
        """Take note that the worker that had an attempt is gone."""
        run = self._under_way.live(run_events.run_of(key))
        if run is not None and run.begun:  # else Dask hands it to another worker
            self._attempt_gone(key, "worker")

    def _attempt_gone(self, key: str, how: str) -> None:
        client = self._connection.client()
        with self._under_way.alone():
            entries = [e for e in self._under_way.sync().training if key_of(_name(e)) == key]
            for entry in entries:  # none, if another server was told earlier
                self._lose(client, entry, how)
        self.dispatch()

    def _lose(self, client: Client, entry: Entry, how: str) -> None:
        """Begin a run again whose attempt was lost, or end it; call this `alone`."""
        following = self._followed.pop(entry.id, None)
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
            self._begin(client, entry.id, repeated.attempt)
            self._announce()

    def _done(self, run_id: str, future: Future) -> None:
        """Take note that a task is done, however."""
        following, run = self._followed.get(run_id), self._under_way.live(run_id)
        if following is None or following.future is not future or run is None:
            return
        if future.cancelled() or self._store.has_ended(run_id):
            self._followed.pop(
                run_id
            ).leave()  # the connection was lost, or another server ended it
            self.dispatch()
            return
        try:
            ending = ending_of(future)
        except AttemptLost as lost:
            self._attempt_gone(key_of(following.name), lost.how)
            return
        self._catch_up(run_id)
        self._end(run_id, ending)

    def _end(self, run_id: str, ending: Ending) -> None:
        """Keep a run's end, in the store if it takes it, and go on with the next run."""
        with self._under_way.holding(run_id) as run:
            if run is None or run.over:
                return
            run.end(ending)
        run.pack_moments()
        try:
            if not self._store.has_ended(run_id):
                self._store.finish(run.record, run.files)
        except StoreError as error:
            self._under_way.not_saved(run_id, str(error))
        else:
            self._under_way.drop(run_id)
        following = self._followed.pop(run_id, None)
        self.announce()
        if following is not None:
            self._do(following.forget)

    def _announce(self) -> None:
        if self._connection.shared and self._heard is not None:
            self._heard.log_event(CHANGED, {})

    def _look_again(self, busy: bool) -> None:
        """Look again soon where nobody may tell: of a scheduler that is gone or other servers."""
        if self._closed or not (busy or self._connection.shared):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(LOOKS_EVERY, self.dispatch)
        self._timer.daemon = True
        self._timer.start()

    def _do(self, job: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            self._jobs.submit(_logged, job, *args)


def _name(entry: Entry) -> str:
    return attempt_name(entry.id, entry.attempt)


def _logged(job: Callable[..., None], *args: Any) -> None:
    """Run a job whose result nobody waits for, so that its failure is at least in the log."""
    try:
        job(*args)
    except (CancelledError, ClosedClientError, OSError, ServiceUnavailable, TimeoutError) as error:
        # The scheduler went away in the middle: what is to be done is looked at again.
        _log.warning("a job of the training service was cut off: %s", error)
    except Exception:
        _log.exception("a job of the training service failed")
