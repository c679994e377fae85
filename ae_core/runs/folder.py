"""A run as a folder of files: how the command line writes one, and earlier versions kept them.

The files are ``spec.json``, ``run.json``, at its end ``history.json``, and those of
`ae_core.runs.store`.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ae_core.errors import Message, StorageError, disk_reason
from ae_core.runs.record import (
    END_DAMAGED,
    ENDED,
    RunOutcome,
    RunRecord,
    checked_history,
    checked_reason,
    from_plain,
    plain,
    spec_from_json,
)
from ae_core.specs import to_json
from ae_core.storage.files import (
    DamagedFile,
    atomic_write,
    check_text,
    check_time,
    checked,
    reading,
)
from ae_core.text.sentences import sentence

_log = logging.getLogger(__name__)

ORIGIN, SPEC, END = "run.json", "spec.json", "history.json"
INTERRUPTED = Message("interrupted")  # of a run without an end
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


def write_run(
    folder: Path, record: RunRecord, files: Mapping[str, bytes], *, ended: bool = False
) -> None:
    """Write a run folder.

    Raises:
        StorageError: the folder cannot be written.
    """
    about = {"id": record.id, "preset": record.preset, "owner": record.owner}
    about |= {"sweep": record.sweep} if record.sweep else {}
    texts = {SPEC: to_json(record.spec)}
    texts[ORIGIN] = json.dumps(about | {"created": record.created})
    if ended:
        texts[END] = _end_to_json(record)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in {**files, **{k: v.encode() for k, v in texts.items()}}.items():
            atomic_write(folder / name, data)
    except OSError as error:
        _log.error("a run could not be saved: %s", error)
        raise StorageError("run_not_saved", reason=disk_reason(error)) from error


def read_run(folder: Path) -> RunRecord:
    """Read the run of a folder that has its id as name; if its end is damaged, the reason says so.

    Raises:
        FileNotFoundError: this is no run folder.
        DamagedFile: its settings or its origin cannot be read.
    """
    about = read_origin(folder)
    spec, end = folder / SPEC, folder / END
    with reading(spec):
        settings = spec_from_json(spec.read_text(encoding="utf-8"))
    record = RunRecord(
        *(folder.name, settings, about.preset, about.owner, about.created),
        *("failed", INTERRUPTED),
        sweep=about.sweep,
    )
    try:
        with reading(end):
            return record.ended(_end_from_json(end.read_text(encoding="utf-8"), settings.epochs))
    except FileNotFoundError:
        return record
    except DamagedFile:
        return record.ended(RunOutcome("failed", END_DAMAGED))


@dataclass(frozen=True)
class Origin:
    """The content of ``run.json``; `RunRecord` describes its fields."""

    preset: str
    owner: str
    created: float
    sweep: str = ""

    def __post_init__(self) -> None:
        check_time("created", self.created)
        for name in ("preset", "owner", "sweep"):
            check_text(name, getattr(self, name))


def read_origin(folder: Path) -> Origin:
    """Read what a run folder says of its run besides the settings and the end.

    Raises:
        FileNotFoundError: this is no run folder.
        DamagedFile: it cannot be read.
    """
    path = folder / ORIGIN
    with reading(path):
        about = json.loads(path.read_text(encoding="utf-8"))
        names = ("preset", "owner", "created", "sweep")  # the last is missing in older folders
        return checked(Origin, {name: about[name] for name in names if name in about})


def _end_to_json(record: RunRecord) -> str:
    reason = record.reason
    end = {
        "status": record.status,
        "reason": sentence(reason) if reason else "",
        "message": plain(reason),
        "epochs": list(record.history),
    }
    return json.dumps(end, default=str)


def _end_from_json(text: str, epochs: int) -> RunOutcome:
    end = json.loads(text)
    if end["status"] not in ENDED:
        raise ValueError(f"status={end['status']!r} must be one of {ENDED}")
    history = checked_history(end["epochs"], epochs)
    said = from_plain(end["message"]) if "message" in end else _old_reason(end["reason"])
    reason = checked_reason(said)
    if reason is not None and reason.key == "diverged" and not history:
        reason = Message.of(
            "diverged_at_once", **reason.values
        )  # older versions had one key for both
        checked_reason(reason)
    return RunOutcome(end["status"], reason, history)


def _old_reason(said: str) -> Message | None:
    """Return the message for a sentence that an older version wrote."""
    for pattern, key in OLD_REASONS.items():
        if found := re.fullmatch(pattern, said, re.DOTALL):
            numbers = {
                name: int(v) if v.isdecimal() else v for name, v in found.groupdict().items()
            }
            return Message(key, numbers)
    return None
