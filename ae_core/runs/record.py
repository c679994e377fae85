"""The record of a run: its settings, its outcome and its metrics, and the JSON of these."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ae_core.errors import Message
from ae_core.models.compatibility import network_shapes
from ae_core.specs import TrainingSpec, from_json
from ae_core.storage.files import any_number
from ae_core.text.sentences import sentence

ENDED = ("finished", "stopped", "failed")
UNENDED = ("queued", "running", "stopping")
STATUSES = (*UNENDED, *ENDED)
END_DAMAGED = Message("run_end_damaged")
ALWAYS = {"loss", "psnr", "seconds"}  # metrics that every epoch has


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of a run.

    Attributes:
        status: ``finished``, ``stopped`` or ``failed``.
        reason: why it stopped or failed; None when finished.
        history: the metrics of every complete epoch.
        weights: the weights by name after the last complete epoch with a finite loss, otherwise
            the initial ones; none if the worker was lost.
    """

    status: str
    reason: Message | None = None
    history: tuple[Mapping[str, float], ...] = ()
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """A run as the database keeps it.

    Attributes:
        id: twelve hexadecimal digits.
        spec: the spec of the training.
        preset: the preset that it started from.
        owner: an opaque name for the visitor, empty on the command line.
        created: seconds since 1970.
        status: one of `STATUSES`.
        reason: why it stopped or failed; None otherwise.
        history: the metrics of every complete epoch, at its end.
        sweep: the id that the runs of a sweep share, empty for a single run.
    """

    id: str
    spec: TrainingSpec
    preset: str
    owner: str
    created: float
    status: str = "queued"
    reason: Message | None = None
    history: tuple[Mapping[str, float], ...] = ()
    sweep: str = ""

    def ended(self, outcome: RunOutcome) -> "RunRecord":
        """Return the record with the run's outcome."""
        return replace(self, status=outcome.status, reason=outcome.reason, history=outcome.history)


def new_run_id() -> str:
    """Return an unguessable id: everybody with the link may see the run."""
    return secrets.token_hex(6)


def new_record(spec: TrainingSpec, preset: str, owner: str, sweep: str = "") -> RunRecord:
    """Return a record for a run that is created now."""
    return RunRecord(new_run_id(), spec, preset, owner, time.time(), sweep=sweep)


def spec_from_json(text: str) -> TrainingSpec:
    """Read a spec, whose network must fit its images.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: this is none.
    """
    spec = from_json(text)
    network_shapes(spec)
    return spec


def reason_to_json(reason: Message | None) -> str:
    """Write why a run stopped or failed as JSON."""
    return json.dumps(plain(reason), default=str)


def reason_from_json(text: str) -> Message | None:
    """Read what `reason_to_json` wrote.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: it did not.
    """
    return checked_reason(from_plain(json.loads(text)))


def checked_reason(reason: object) -> Message | None:
    """Return a message that can be said, or None.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: it is neither.
    """
    if reason is None:
        return None
    if not isinstance(reason, Message):
        raise TypeError(f"the reason must be a message, not {type(reason).__name__}")
    if not sentence(reason):
        raise ValueError("the reason must say something")
    return reason


def checked_history(epochs: object, most: int) -> tuple[Mapping[str, float], ...]:
    """Return the metrics of a run's epochs; pages rely on equal names in all of them.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: these are none.
    """
    if not isinstance(epochs, list) or len(epochs) > most:
        raise ValueError(f"epochs must be a list of at most {most}")
    names = set(epochs[0]) if epochs else ALWAYS
    if not names >= ALWAYS or any(set(epoch) != names for epoch in epochs):
        raise ValueError(f"every epoch must have the same metrics, among them {ALWAYS}")
    return tuple({name: any_number(name, epoch[name]) for name in epoch} for epoch in epochs)


def plain(value: Any) -> Any:
    """Convert a message, or one of its values, for JSON."""
    if isinstance(value, Message):
        return {"key": value.key, "values": {k: plain(v) for k, v in value.values.items()}}
    return [*map(plain, value)] if isinstance(value, tuple | list) else value


def from_plain(plain: Any) -> Any:
    """Reverse `plain`."""
    if isinstance(plain, dict):
        return Message(plain["key"], {k: from_plain(v) for k, v in plain["values"].items()})
    return tuple(map(from_plain, plain)) if isinstance(plain, list) else plain
