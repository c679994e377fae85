"""A run that has not ended yet, or whose end is not in the store yet."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Client, Future, Variable

from ae_core import tasks
from ae_core.ending import Ending
from ae_core.moments import FILE, Moment, to_bytes, with_newest
from ae_core.own_images import is_gone
from ae_core.run_record import RunRecord
from ae_core.snapshot import CodeMap, Snapshot, files_of
from ae_core.specs import LIMITS, to_json

EVERY_EPOCH = int(LIMITS["epochs"].high)


@dataclass
class LiveRun:
    """Turns a worker's events into snapshots; its owner, the service, holds the lock.

    Attributes:
        record: what will be stored.
        snapshot: the newest one.
        future: of the Dask task, None while queued.
        begun: whether a worker has taken it up.
        over: whether it has ended; the snapshot shows that once the store has it.
        moments: what is kept of its epochs.
        files: what could not be stored yet.
    """

    record: RunRecord
    snapshot: Snapshot
    future: Future | None = None
    begun: bool = False
    over: bool = False
    moments: tuple[Moment, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    def begin(self, client: Client, folder: Path) -> Future:
        """Hand the run to a worker; its weights are saved in ``folder`` meanwhile."""
        run_id = self.record.id
        Variable(tasks.permission(run_id), client=client).set(EVERY_EPOCH)
        self.future = client.submit(
            tasks.train,
            run_id,
            to_json(self.record.spec),
            str(folder.resolve()),
            key=f"train-{run_id}",
            resources={tasks.TRAIN: 1},
        )
        return self.future

    def permit(self, epoch: int) -> None:
        """Tell the worker up to which epoch it may train, or `tasks.STOP`."""
        if self.future is not None and not self.over:
            name = tasks.permission(self.record.id)
            Variable(name, client=self.future.client).set(epoch, timeout=5)

    def forget(self) -> None:
        """Remove what Dask still keeps of an ended run."""
        if self.future is None or self.future.client.status != "running":
            return
        client = self.future.client
        client.unsubscribe_topic(tasks.topic(self.record.id))
        Variable(tasks.permission(self.record.id), client=client).delete()
        self.future = None

    def end(self, ending: Ending) -> None:
        """Take note of the end in ``record`` and ``files``, for the store; nobody sees it yet."""
        self.over = True
        history = self.snapshot.history if ending.history is None else ending.history
        self.record = replace(
            self.record, status=ending.status, reason=ending.reason, history=history
        )
        self.files = files_of(self.snapshot)
        if ending.weights is not None:
            self.files["weights.npz"] = ending.weights

    def pack_moments(self) -> None:
        """Put the moments of an ended run into ``files``: a tenth of a second, without the lock."""
        if self.moments and not is_gone(self.record.spec.image_set):
            self.files[FILE] = to_bytes(self.moments)

    def not_saved(self, problem: str) -> None:
        """Show the end although it is only in memory, and say why."""
        reason = " ".join(filter(None, (self.record.reason, problem)))
        self.update(
            status=self.record.status,
            reason=reason,
            history=self.record.history,
            unsaved="weights.npz" in self.files,
        )

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot."""
        self.snapshot = replace(self.snapshot, **changes)

    def take(self, message: tasks.Message) -> None:
        """Take one event of the run's worker; see `ae_core.tasks.train`."""
        if self.over:
            return  # the end has overtaken it
        kind = message["kind"]
        self.begun = True
        if kind in ("paused", "resumed"):
            self._go_on("paused" if kind == "paused" else "running")
        elif kind == "started":
            names = tuple(message["label_names"])
            no_codes = np.zeros((0, 2), np.float32)
            self._go_on("running")
            self.update(
                pictures=tasks.unpacked(message["probes"]),
                map=CodeMap(no_codes, tuple(message["labels"]), names) if names else None,
            )
        elif kind == "progress":
            self.update(share=message["share"])
        elif kind == "epoch" and self.snapshot.pictures is not None:
            self._take_epoch(self.snapshot.pictures, message)

    def _go_on(self, status: str) -> None:
        if self.snapshot.status != "stopping":  # the worker may not have heard of it yet
            self.update(status=status)

    def _take_epoch(self, rows: np.ndarray, message: tasks.Message) -> None:
        probes = rows if self.snapshot.epoch == 0 else rows[:-1]  # the last row is the output
        output = tasks.unpacked(message["preview"])
        code_map = self.snapshot.map
        codes = None
        if code_map is not None and message["codes"] is not None:
            codes = tasks.unpacked(message["codes"])
            code_map = replace(code_map, codes=codes)
        self.update(
            history=(*self.snapshot.history, message["metrics"]),
            share=0.0,
            pictures=np.concatenate([probes, output[np.newaxis]]),
            map=code_map,
        )
        self.moments = with_newest(self.moments, Moment(self.snapshot.epoch, output, codes))
