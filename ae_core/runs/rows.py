"""A run as a row of the database."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from ae_core.errors import UnknownThing
from ae_core.runs.record import (
    END_DAMAGED,
    ENDED,
    STATUSES,
    RunOutcome,
    RunRecord,
    checked_history,
    reason_from_json,
    reason_to_json,
    spec_from_json,
)
from ae_core.specs import to_json
from ae_core.storage.files import DamagedFile, check_time, reading


def to_row(record: RunRecord, scheduler: str = "", number: int = 0) -> dict[str, Any]:
    """Return the row of a run, the ``number``-th that was submitted together."""
    return {
        "id": record.id,
        "owner": record.owner,
        "sweep": record.sweep,
        "preset": record.preset,
        "image_set": record.spec.image_set,
        "spec_json": to_json(record.spec),
        "created": record.created,
        "number": number,
        **end_to_row(record),
        "scheduler": scheduler,
        "ended": record.created if record.status in ENDED else 0.0,
    }


def end_to_row(record: RunRecord) -> dict[str, str]:
    """Return the columns of a run's outcome."""
    return {
        "status": record.status,
        "reason_json": reason_to_json(record.reason),
        "history_json": json.dumps(record.history),
    }


def record_of(row: Row[Any]) -> RunRecord:
    """Return the run of a row; if its outcome is damaged, the reason says so.

    Raises:
        UnknownThing: its settings cannot be read.
    """
    try:
        with reading(Path(row.id, "spec")):
            check_time("created", row.created)
            spec = spec_from_json(row.spec_json)
    except DamagedFile:
        raise UnknownThing("run_damaged", id=row.id) from None
    record = RunRecord(row.id, spec, row.preset, row.owner, row.created, sweep=row.sweep)
    try:
        with reading(Path(row.id, "end")):
            if row.status not in STATUSES:
                raise ValueError(f"status={row.status!r} must be one of {STATUSES}")
            history = checked_history(json.loads(row.history_json), spec.epochs)
            reason = reason_from_json(row.reason_json)
            return record.ended(RunOutcome(row.status, reason, history))
    except DamagedFile:
        return record.ended(RunOutcome("failed", END_DAMAGED))
