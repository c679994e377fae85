"""The record of a run: its settings, its end and its metrics, and their JSON."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ae_core.specs import TrainingSpec, from_json, to_json

INTERRUPTED = "The server was restarted before this run ended, so its end is lost. Train again."


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended.

    Attributes:
        status: ``finished``, ``stopped`` or ``failed``.
        reason: a sentence, empty when finished.
        history: the metrics of every complete epoch.
        weights: by name, of the last complete epoch whose loss was finite, else of the start;
            none where the worker was lost.
    """

    status: str
    reason: str
    history: tuple[Mapping[str, float], ...] = ()
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """A run as its folder has it.

    Attributes:
        id: twelve hexadecimal digits.
        spec: what was trained.
        preset: the preset that it started from.
        owner: an opaque name for the visitor, empty on the command line.
        created: seconds since 1970.
        status: ``finished``, ``stopped`` or ``failed``.
        reason: a sentence, empty when finished.
        history: the metrics of every complete epoch.
        sweep: an id that runs submitted together share, empty for a run of its own.
    """

    id: str
    spec: TrainingSpec
    preset: str
    owner: str
    created: float
    status: str = "failed"
    reason: str = INTERRUPTED
    history: tuple[Mapping[str, float], ...] = ()
    sweep: str = ""

    def ended(self, outcome: RunOutcome) -> "RunRecord":
        """Return the record of the run with its end."""
        return replace(self, status=outcome.status, reason=outcome.reason, history=outcome.history)


def new_run_id() -> str:
    """Return an id that nobody can guess: whoever has the link may see the run."""
    return secrets.token_hex(6)


def new_record(spec: TrainingSpec, preset: str, owner: str, sweep: str = "") -> RunRecord:
    """Return a record for a run that begins now."""
    return RunRecord(new_run_id(), spec, preset, owner, time.time(), sweep=sweep)


def begin_to_json(record: RunRecord) -> tuple[str, str]:
    """Return the texts of ``spec.json`` and ``run.json``, which are known before training."""
    about = {"id": record.id, "preset": record.preset, "owner": record.owner}
    about |= {"sweep": record.sweep} if record.sweep else {}
    return to_json(record.spec), json.dumps(about | {"created": record.created})


def end_to_json(record: RunRecord) -> str:
    """Return the text of ``history.json``: how the run ended, and the metrics of its epochs."""
    end = {"status": record.status, "reason": record.reason, "epochs": list(record.history)}
    return json.dumps(end)


def from_begin(run_id: str, spec_json: str, about_json: str) -> RunRecord:
    """Return the record of a run without an end: it was interrupted.

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
        sweep=about.get("sweep", ""),  # which older folders do not have
    )


def with_end(record: RunRecord, end_json: str) -> RunRecord:
    """Return the record of a run with its end.

    Raises:
        ValueError, KeyError, TypeError: this is not the text of `end_to_json`.
    """
    end = json.loads(end_json)
    return record.ended(RunOutcome(end["status"], end["reason"], tuple(end["epochs"])))
