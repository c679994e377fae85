"""A run that has not ended yet, or whose end is not in the store yet."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ae_core.data.user_image_sets import is_gone
from ae_core.runs.record import RunRecord
from ae_core.runs.snapshot import CodeMap, Snapshot, files_of
from ae_core.runs.timeline import FILE, EpochFrame, to_bytes, with_newest
from ae_core.service.messages import Message, unpacked
from ae_core.service.outcome import Ending
from ae_core.service.queue import Entry


@dataclass
class LiveRun:
    """Turns a worker's messages into snapshots; its owner, the roster, holds the lock.

    Attributes:
        record: what will be stored.
        snapshot: the newest one.
        attempt: which one the snapshot shows, 0 while it waits.
        over: whether it has ended; the snapshot shows that once the store has it.
        frames: what is kept of its epochs.
        files: what could not be stored yet.
        heard: the number of the last message taken.
        early: messages that came before those that were to be heard first; None when none are.
    """

    record: RunRecord
    snapshot: Snapshot
    attempt: int = 0
    over: bool = False
    frames: tuple[EpochFrame, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    heard: int = 0
    early: list[Message] | None = None

    @classmethod
    def queued(cls, record: RunRecord) -> "LiveRun":
        """Return a run that waits."""
        snapshot = Snapshot(
            record.id, record.spec, record.preset, record.owner, "queued", sweep=record.sweep
        )
        return cls(record, snapshot)

    @property
    def begun(self) -> bool:
        """Whether a worker has taken this attempt up."""
        return self.heard > 0

    def turn_to(self, entry: Entry) -> None:
        """Show another attempt, of which nothing is known yet."""
        if entry.attempt == self.attempt or self.over:
            return
        status = "stopping" if self.snapshot.status == "stopping" else "starting"
        fresh = LiveRun.queued(self.record).snapshot
        self.snapshot = replace(fresh, status=status, lost=entry.lost, lost_epoch=entry.lost_epoch)
        self.attempt, self.heard, self.frames, self.early = entry.attempt, 0, (), None

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

    def pack_frames(self) -> None:
        """Put the frames of an ended run into ``files``: a tenth of a second, without the lock."""
        if self.frames and not is_gone(self.record.spec.image_set):
            self.files[FILE] = to_bytes(self.frames)

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

    def take_all(self, kept: Iterable[Message]) -> None:
        """Take the messages that the scheduler keeps, then those that came meanwhile."""
        messages = {message["number"]: message for message in (*kept, *(self.early or ()))}
        self.early = None
        for number in sorted(messages):
            self.take(messages[number])

    def take(self, message: Message) -> bool:
        """Take one message of the run's worker; see `ae_core.service.messages.Teller`.

        Returns:
            Whether it could be taken; False if earlier ones are missing.
        """
        number, kind = message["number"], message["kind"]
        if self.early is not None:
            self.early.append(message)
        elif not self.over and number > self.heard:  # else the end has overtaken it, or it is known
            missed = number != self.heard + 1
            if missed and kind != "summary":
                return False
            self._take(kind, message, missed=missed)
            self.heard = number
        return True

    def _take(self, kind: str, message: Message, *, missed: bool) -> None:
        if kind in ("paused", "resumed"):
            self._go_on("paused" if kind == "paused" else "running")
        elif kind == "started":
            self._start(message)
        elif kind == "progress":
            self.update(share=message["share"])
        elif kind == "epoch" and self.snapshot.pictures is not None:
            self._take_epoch(self.snapshot.pictures, message)
        elif kind == "summary" and missed:
            self._start(message)
            if self.snapshot.pictures is not None:
                self.update(history=tuple(message["history"][:-1]))
                self._take_epoch(self.snapshot.pictures, message, first=True)

    def _start(self, message: Message) -> None:
        names = tuple(message["label_names"])
        no_codes = np.zeros((0, 2), np.float32)
        self._go_on("running")
        self.update(
            pictures=unpacked(message["probes"]),
            map=CodeMap(no_codes, tuple(message["labels"]), names) if names else None,
        )

    def _go_on(self, status: str) -> None:
        if self.snapshot.status != "stopping":  # the worker may not have heard of it yet
            self.update(status=status)

    def _take_epoch(self, rows: np.ndarray, message: Message, *, first: bool = False) -> None:
        first = first or self.snapshot.epoch == 0
        probes = rows if first else rows[:-1]  # the last row is the output
        output = unpacked(message["preview"])
        code_map = self.snapshot.map
        codes = None
        if code_map is not None and message["codes"] is not None:
            codes = unpacked(message["codes"])
            code_map = replace(code_map, codes=codes)
        self.update(
            history=(*self.snapshot.history, message["metrics"]),
            share=0.0,
            pictures=np.concatenate([probes, output[np.newaxis]]),
            map=code_map,
        )
        self.frames = with_newest(self.frames, EpochFrame(self.snapshot.epoch, output, codes))
