"""A live run: it has not ended yet, or its outcome is not in the store yet."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ae_core.data.loading import card
from ae_core.errors import Message
from ae_core.models import weights
from ae_core.runs import timeline
from ae_core.runs.record import RunOutcome, RunRecord
from ae_core.runs.snapshot import CodeMap, Snapshot, files_of
from ae_core.runs.timeline import EpochFrame, with_newest
from ae_core.service.messages import RunMessage, unpacked, unpacked_frame
from ae_core.service.queue import Entry


@dataclass
class LiveRun:
    """Turns a worker's messages into snapshots; its owner, `ActiveRuns`, holds the lock.

    Attributes:
        record: the record to store.
        snapshot: the newest snapshot.
        attempt: the number of the attempt that the snapshot shows, 0 while the run waits.
        over: whether the run has ended; the snapshot shows that after the store has it.
        frames: the kept frames of its epochs.
        files: the files that the store does not have yet.
        last_seq: the number of the last applied message.
        pending: messages that wait for missing earlier ones; None without a gap.
    """

    record: RunRecord
    snapshot: Snapshot
    attempt: int = 0
    over: bool = False
    frames: tuple[EpochFrame, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    last_seq: int = 0
    pending: list[RunMessage] | None = None

    @classmethod
    def queued(cls, record: RunRecord, lost: str = "") -> "LiveRun":
        """Return a run that waits, perhaps because its earlier queue was lost."""
        return cls(record, Snapshot.of(record, "queued", lost=lost))

    @property
    def started(self) -> bool:
        """Whether a worker has started this attempt."""
        return self.last_seq > 0

    def start_attempt(self, entry: Entry) -> None:
        """Show a new attempt; until it says where it goes on, with what the last one achieved."""
        if entry.attempt == self.attempt or self.over:
            return
        self._set_status("starting")
        self.update(lost=entry.lost, lost_epoch=entry.lost_epoch, first_epoch=0, share=0.0)
        self.attempt, self.last_seq, self.pending = entry.attempt, 0, None

    def end(self, outcome: RunOutcome) -> None:
        """Prepare ``record`` and ``files`` for the store; the snapshot does not change yet."""
        self.over = True
        if not outcome.history:  # without an outcome from the worker, take its reports
            outcome = replace(outcome, history=self.snapshot.history)
        self.record = self.record.ended(outcome)
        self.files = files_of(self.snapshot)

    def pack(self, outcome: RunOutcome) -> None:
        """Add frames and weights to the ``files`` of an ended run, without the lock: it is slow."""
        if self.frames and not card(self.record.spec.image_set).gone:
            self.files[timeline.FILE] = timeline.to_bytes(self.frames)
        if outcome.history:
            self.files["weights.npz"] = weights.to_bytes(outcome.weights)

    def keep_unsaved(self, problem: Message) -> None:
        """Show the outcome although it is only in memory, and the reason."""
        reason = self.record.reason
        if reason is not None:
            problem = Message.of("ended_not_saved", problem=reason, unsaved=problem)
        self.update(
            status=self.record.status,
            reason=problem,
            history=self.record.history,
            unsaved="weights.npz" in self.files,
        )

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot."""
        self.snapshot = replace(self.snapshot, **changes)

    def apply_all(self, kept: Iterable[RunMessage]) -> None:
        """Apply the messages that the scheduler has kept, then newer ones."""
        messages = {message["seq"]: message for message in (*kept, *(self.pending or ()))}
        self.pending = None
        for seq in sorted(messages):
            self.apply(messages[seq])

    def apply(self, message: RunMessage) -> bool:
        """Apply one message of the worker; see `ae_core.service.messages.ProgressReporter`.

        Returns:
            False if earlier messages are missing; the run is then unchanged.
        """
        seq, kind = message["seq"], message["kind"]
        if self.pending is not None:
            self.pending.append(message)
        elif not self.over and seq > self.last_seq:  # otherwise too late, or already applied
            gap = seq != self.last_seq + 1
            if gap and kind != "summary":
                return False
            self._apply(kind, message, gap=gap)
            self.last_seq = seq
        return True

    def _apply(self, kind: str, message: RunMessage, *, gap: bool) -> None:
        if kind in ("paused", "resumed"):
            self._set_status("paused" if kind == "paused" else "running")
        elif kind == "started":
            self._start(message)
            self._go_on(message)
        elif kind == "progress":
            self.update(share=message["share"])
        elif kind == "epoch" and self.snapshot.pictures is not None:
            self._add_epoch(self.snapshot.pictures, message)
        elif kind == "summary" and gap:
            if not self.snapshot.first_epoch:  # this attempt's start was not heard
                self.frames = tuple(f for f in self.frames if f.epoch < message["first"])
            self._start(message)
            if self.snapshot.pictures is not None:
                self.update(history=tuple(message["history"][:-1]))
                self._add_epoch(self.snapshot.pictures, message, first=True)

    def _start(self, message: RunMessage) -> None:
        names = tuple(message["names"])
        no_codes = np.zeros((0, 2), np.float32)
        self._set_status("running")
        self.update(
            pictures=unpacked(message["images"]),
            map=CodeMap(no_codes, tuple(message["labels"]), names) if names else None,
            first_epoch=message["first"],
        )

    def _go_on(self, message: RunMessage) -> None:
        """Show the epochs before the first one of this attempt; all are those of a checkpoint."""
        self.update(history=tuple(message["history"]), share=0.0, others=message["others"])
        self.frames = tuple(map(unpacked_frame, message["frames"]))
        if self.frames and self.snapshot.pictures is not None:
            self._show(self.snapshot.pictures, self.frames[-1])

    def _set_status(self, status: str) -> None:
        if self.snapshot.status != "stopping":  # the worker may not know yet
            self.update(status=status)

    def _add_epoch(self, rows: np.ndarray, message: RunMessage, *, first: bool = False) -> None:
        first = first or self.snapshot.epoch == 0
        inputs = rows if first else rows[:-1]  # the last row is the output
        history = (*self.snapshot.history, message["metrics"])
        self.update(history=history, share=0.0, others=message["others"], turn=message["turn"])
        newest = unpacked_frame(
            {"epoch": self.snapshot.epoch, "output": message["preview"], "codes": message["codes"]}
        )
        self._show(inputs, newest)
        self.frames = with_newest(self.frames, newest)

    def _show(self, inputs: np.ndarray, frame: EpochFrame) -> None:
        code_map = self.snapshot.map
        if code_map is not None and frame.codes is not None:
            code_map = replace(code_map, codes=frame.codes)
        pictures = np.concatenate([inputs, frame.output[np.newaxis]])
        self.update(pictures=pictures, map=code_map)
