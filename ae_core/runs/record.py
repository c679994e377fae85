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
from ae_core.sentences import sentence
from ae_core.specs import TrainingSpec, from_json, to_json

INTERRUPTED = Message("interrupted")
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


def from_begin(run_id: str, spec_json: str, about_json: str) -> RunRecord:
    """Return the record of a run without an outcome: it was interrupted.

    Raises:
        ValueError, KeyError, TypeError: these are not the texts of `begin_to_json`.
    """
    spec, about = from_json(spec_json), json.loads(about_json)
    return RunRecord(
        run_id,
        spec,
        about["preset"],
        about["owner"],
        about["created"],
        sweep=about.get("sweep", ""),  # missing in older folders
    )


def with_end(record: RunRecord, end_json: str) -> RunRecord:
    """Return the record of a run with its outcome.

    Raises:
        ValueError, KeyError, TypeError: this is not the text of `end_to_json`.
    """
    end = json.loads(end_json)
    reason = _message(end["message"]) if "message" in end else _old_reason(end["reason"])
    return record.ended(RunOutcome(end["status"], reason, tuple(end["epochs"])))


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
