"""The record of a run: its settings, its outcome and its metrics, and their JSON."""

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ae_core.errors import Message
from ae_core.models.compatibility import network_shapes
from ae_core.sentences import sentence
from ae_core.specs import TrainingSpec, from_json, to_json
from ae_core.storage.files import any_number, check_time, checked

ENDED = ("finished", "stopped", "failed")
INTERRUPTED = Message("interrupted")
END_DAMAGED = Message("run_end_damaged")
ALWAYS = {"loss", "psnr", "seconds"}  # metrics that every epoch has
# Older histories have an English sentence instead of a message.
OLD_REASONS = {
    r"Stopped in epoch (?P<epoch>\d+)\.": "stopped",
    r"Stopped before it began\.": "stopped_waiting",
    r"Stopped after a pause of (?P<minutes>\d+) minutes in epoch (?P<epoch>\d+).": "stopped_paused",
    r"Stopped in epoch (?P<epoch>\d+): .* max_seconds=(?P<seconds>\d+), .*": "stopped_late",
    r"The loss became NaN .* in epoch (?P<epoch>\d+)\. .*": "diverged",
    r"The worker process .* died in epoch (?P<epoch>\d+) .*": "died",
    r"The training service went away in epoch (?P<epoch>\d+) .*": "lost",
    r"Training failed: (?P<kind>\w+): (?P<problem>.*)": "failed",
    r"(?P<text>.+)": "verbatim",
}


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
    """The run in its folder.

    Attributes:
        id: twelve hexadecimal digits.
        spec: the spec of the training.
        preset: the preset that it started from.
        owner: an opaque name for the visitor, empty on the command line.
        created: seconds since 1970.
        status: ``finished``, ``stopped`` or ``failed``.
        reason: why it stopped or failed; None when finished.
        history: the metrics of every complete epoch.
        sweep: the id that the runs of a sweep share, empty for a single run.
    """

    id: str
    spec: TrainingSpec
    preset: str
    owner: str
    created: float
    status: str = "failed"
    reason: Message | None = INTERRUPTED
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


def begin_to_json(record: RunRecord) -> tuple[str, str]:
    """Return the contents of ``spec.json`` and ``run.json``, which are known before training."""
    about = {"id": record.id, "preset": record.preset, "owner": record.owner}
    about |= {"sweep": record.sweep} if record.sweep else {}
    return to_json(record.spec), json.dumps(about | {"created": record.created})


def end_to_json(record: RunRecord) -> str:
    """Return the content of ``history.json``: the run's outcome and the metrics of its epochs."""
    reason = record.reason
    end = {
        "status": record.status,
        "reason": sentence(reason) if reason else "",
        "message": _plain(reason),
        "epochs": list(record.history),
    }
    return json.dumps(end, default=str)


@dataclass(frozen=True)
class RunOrigin:
    """The content of ``run.json``; `RunRecord` describes its fields."""

    preset: str
    owner: str
    created: float
    sweep: str = ""

    def __post_init__(self) -> None:
        check_time("created", self.created)


def origin_from_json(text: str) -> RunOrigin:
    """Read ``run.json``.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: this is not a text of `begin_to_json`.
    """
    about = json.loads(text)
    names = ("preset", "owner", "created", "sweep")  # the last is missing in older folders
    return checked(RunOrigin, {name: about[name] for name in names if name in about})


def spec_from_json(text: str) -> TrainingSpec:
    """Read ``spec.json``, whose network must fit its images.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: this is not a text of `begin_to_json`.
    """
    spec = from_json(text)
    network_shapes(spec)
    return spec


def from_begin(run_id: str, spec: TrainingSpec, origin: RunOrigin) -> RunRecord:
    """Return the record of a run without an outcome: it was interrupted."""
    return RunRecord(run_id, spec, origin.preset, origin.owner, origin.created, sweep=origin.sweep)


def with_end(record: RunRecord, end_json: str) -> RunRecord:
    """Return the record of a run with its outcome.

    Raises:
        One of `ae_core.storage.files.DAMAGED`: this is not a text of `end_to_json`.
    """
    end = json.loads(end_json)
    if end["status"] not in ENDED:
        raise ValueError(f"status={end['status']!r} must be one of {ENDED}")
    history = _history(end["epochs"], record.spec.epochs)
    reason = _message(end["message"]) if "message" in end else _old_reason(end["reason"])
    if reason is not None:
        if not isinstance(reason, Message):
            raise TypeError(f"the reason must be a message, not {type(reason).__name__}")
        if reason.key == "diverged" and not history:  # older versions had one key for both
            reason = Message.of("diverged_at_once", **reason.values)
        sentence(reason)  # raises unless the message can be said
    return record.ended(RunOutcome(end["status"], reason, history))


def _history(epochs: object, most: int) -> tuple[Mapping[str, float], ...]:
    """Check the metrics of a run's epochs; pages rely on equal names in all of them."""
    if not isinstance(epochs, list) or len(epochs) > most:
        raise ValueError(f"epochs must be a list of at most {most}")
    names = set(epochs[0]) if epochs else ALWAYS
    if not names >= ALWAYS or any(set(epoch) != names for epoch in epochs):
        raise ValueError(f"every epoch must have the same metrics, among them {ALWAYS}")
    return tuple({name: any_number(name, epoch[name]) for name in epoch} for epoch in epochs)


def _plain(value: Any) -> Any:
    """Convert a message, or one of its values, for JSON."""
    if isinstance(value, Message):
        return {"key": value.key, "values": {k: _plain(v) for k, v in value.values.items()}}
    return [*map(_plain, value)] if isinstance(value, tuple | list) else value


def _message(plain: Any) -> Any:
    """Reverse `_plain`."""
    if isinstance(plain, dict):
        return Message(plain["key"], {k: _message(v) for k, v in plain["values"].items()})
    return tuple(map(_message, plain)) if isinstance(plain, list) else plain


def _old_reason(said: str) -> Message | None:
    """Return the message for a sentence that an older version wrote."""
    for pattern, key in OLD_REASONS.items():
        if found := re.fullmatch(pattern, said, re.DOTALL):
            numbers = {
                name: int(v) if v.isdecimal() else v for name, v in found.groupdict().items()
            }
            return Message(key, numbers)
    return None
