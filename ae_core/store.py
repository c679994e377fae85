"""Runs on disk: ``<id>/{run,spec,history}.json, weights.npz, preview.png, moments.npz``.

``weights.npz`` is there while a run still trains, too, and then changes every few seconds.

It knows files only. Every file is written under another name and then renamed, so that a reader
never sees half of one; a run whose folder has no ``history.json`` was cut off by a restart.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ae_core.specs import TrainingSpec, from_json, to_json

INTERRUPTED = "The server was restarted before this run ended, so its end is lost. Train again."


def runs_dir() -> Path:
    """The folder of the runs: AE_RUNS_DIR, else `runs` in the project. It need not exist."""
    return Path(os.environ.get("AE_RUNS_DIR") or Path(__file__).resolve().parent.parent / "runs")


class StoreError(Exception):
    """The store could not be written; the text says where and why."""


class UnknownRun(ValueError):
    """There is no run of that id."""

    def __init__(self, run_id: str) -> None:
        """Word the error for the visitor whose link is wrong."""
        super().__init__(
            f"run={run_id[:40]} must be the id of a run on this server; "
            "it may have been made on another one, or deleted"
        )


class UnknownSweep(ValueError):
    """There is no sweep of that id."""

    def __init__(self, sweep_id: str) -> None:
        """Word the error for the visitor whose link is wrong."""
        super().__init__(
            f"sweep={sweep_id[:40]} must be the id of a sweep on this server; "
            "it may have been made on another one, or deleted"
        )


@dataclass(frozen=True)
class RunRecord:
    """A run as its folder tells it.

    Attributes:
        id: twelve hexadecimal digits.
        spec: what was trained.
        preset: the preset that it started from.
        owner: an opaque name for the visitor, empty on the command line.
        created: seconds since 1970.
        status: ``finished``, ``stopped`` or ``failed``.
        reason: a sentence, empty when finished.
        history: the metrics of every epoch.
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


def new_run_id() -> str:
    """Return an id that nobody can guess: who has the link may see the run."""
    return secrets.token_hex(6)


class RunStore:
    """All run folders below one folder.

    Attributes:
        root: that folder; made when first needed.
    """

    def __init__(self, root: Path) -> None:
        """Use ``root``; nothing is read or written yet."""
        self.root = root

    def folder(self, run_id: str) -> Path:
        """Return a run's folder, whether or not it exists.

        Raises:
            UnknownRun: ``run_id`` is no id at all, e.g. a path.
        """
        if not re.fullmatch(r"[0-9a-f]{12}", run_id):
            raise UnknownRun(run_id)
        return self.root / run_id

    def begin(self, record: RunRecord) -> None:
        """Write what is known before training.

        Raises:
            StoreError: the folder cannot be written, for example because the disk is full.
        """
        write_record(self.folder(record.id), record, {})

    def finish(self, record: RunRecord, files: Mapping[str, bytes]) -> None:
        """Write a run's end: its files (``weights.npz``, ``preview.png``), history and status.

        Raises:
            StoreError: as in `begin`.
        """
        write_record(self.folder(record.id), record, files, ended=True)

    def read(self, run_id: str) -> RunRecord:
        """Read a run.

        Raises:
            UnknownRun: there is none, or its files do not read.
        """
        folder = self.folder(run_id)
        try:
            spec = from_json((folder / "spec.json").read_text())
            about = json.loads((folder / "run.json").read_text())
            record = RunRecord(
                run_id,
                spec,
                about["preset"],
                about["owner"],
                about["created"],
                sweep=about.get("sweep", ""),  # which older folders do not have
            )
            if not (folder / "history.json").exists():
                return record
            end = json.loads((folder / "history.json").read_text())
            history = tuple(end["epochs"])
            return replace(record, status=end["status"], reason=end["reason"], history=history)
        except (OSError, ValueError, KeyError, TypeError):
            raise UnknownRun(run_id) from None

    def file(self, run_id: str, name: str) -> bytes | None:
        """Return a file of a run, or None if the run has no such file."""
        path = self.folder(run_id) / name
        return path.read_bytes() if path.is_file() else None

    def has_weights(self, run_id: str) -> bool:
        """Whether a run's weights are there; they may be before it has ended."""
        return (self.folder(run_id) / "weights.npz").is_file()

    def owners(self) -> list[tuple[str, str]]:
        """Return (owner, id) of every run, newest first; what does not read is left out."""
        return [(owner, run_id) for _, owner, run_id, _ in reversed(self._known())]

    def sweeps(self) -> dict[str, list[str]]:
        """Return the ids of the runs of every sweep, oldest first."""
        found: dict[str, list[str]] = {}
        for _, _, run_id, sweep in self._known():
            if sweep:
                found.setdefault(sweep, []).append(run_id)
        return found

    def discard(self, run_id: str) -> None:
        """Delete the folder of a run that was never begun, as far as that can be done."""
        shutil.rmtree(self.folder(run_id), ignore_errors=True)

    def _known(self) -> list[tuple[float, str, str, str]]:
        found = []
        for path in self.root.glob("*/run.json"):
            try:
                about = json.loads(path.read_text())
                names = (str(about["owner"]), str(about["id"]), str(about.get("sweep", "")))
                found.append((float(about["created"]), *names))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        return sorted(found)


def new_record(spec: TrainingSpec, preset: str, owner: str, sweep: str = "") -> RunRecord:
    """Return a record for a run that begins now."""
    return RunRecord(new_run_id(), spec, preset, owner, time.time(), sweep=sweep)


def write_record(
    folder: Path, record: RunRecord, files: Mapping[str, bytes], *, ended: bool = False
) -> None:
    """Write a run folder; ``history.json`` comes last, as the mark of a complete one.

    Raises:
        StoreError: the folder cannot be written.
    """
    about = {"id": record.id, "preset": record.preset, "owner": record.owner}
    about |= {"sweep": record.sweep} if record.sweep else {}
    texts = {
        "spec.json": to_json(record.spec),
        "run.json": json.dumps(about | {"created": record.created}),
    }
    if ended:
        end = {"status": record.status, "reason": record.reason, "epochs": list(record.history)}
        texts["history.json"] = json.dumps(end)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in {**files, **{k: v.encode() for k, v in texts.items()}}.items():
            write_file(folder / name, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"The run could not be saved in {folder}: {reason}. Make room there, or set "
            "AE_RUNS_DIR to another folder."
        ) from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file under another name and rename it.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def ended(
    record: RunRecord, status: str, reason: str, history: tuple[Mapping[str, float], ...]
) -> RunRecord:
    """Return the record of a run that has ended."""
    return replace(record, status=status, reason=reason, history=history)
