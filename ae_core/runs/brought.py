"""Stores a run that a visitor brings back from a file, see `ae_core.runs.home_file`."""

import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from sqlalchemy import Connection, func, select

from ae_core.errors import ImageSetUnavailable, Message, StorageError, UserError, disk_reason
from ae_core.models import weights
from ae_core.models.inference import ModelFile
from ae_core.runs.home_file import HomeFile
from ae_core.runs.housekeeping import Housekeeping
from ae_core.runs.record import RunRecord, new_run_id, reason_to_json
from ae_core.runs.snapshot import Snapshot, files_of
from ae_core.runs.store import WEIGHTS, RunStore
from ae_core.storage.files import atomic_write
from ae_core.storage.tables import RUNS

BROUGHT = Message("brought")  # a run's reason: nobody here has seen it train
MAX_AN_HOUR = 30  # runs that a visitor may bring back


def bring_back(
    store: RunStore,
    housekeeping: Housekeeping,
    file: HomeFile,
    owner: str,
    draw: Callable[[ModelFile], np.ndarray],
) -> str:
    """Store a run of a visitor with its weights and metrics, and return its id.

    Args:
        store: the runs.
        housekeeping: their bounds.
        file: what the visitor brings.
        owner: the visitor.
        draw: returns the preview images (R, N, H, W, C) uint8 of a model, which no file may bring;
            raises ImageSetUnavailable if they are not here.

    Raises:
        UserError: the visitor has brought back too many within an hour, or the store is full.
        StorageError: the database or the disk refuses.
    """
    housekeeping.make_room(owner)
    known = file.preset, owner, time.time(), file.status
    record = RunRecord(new_run_id(), file.spec, *known, BROUGHT, file.history)

    def few_enough(connection: Connection) -> None:
        recent = RUNS.c.owner == owner, RUNS.c.created > record.created - 3600
        same = select(func.count()).where(*recent, RUNS.c.reason_json == reason_to_json(BROUGHT))
        if connection.execute(same).scalar_one() >= MAX_AN_HOUR:
            raise UserError("home_many", most=MAX_AN_HOUR)

    folder = store.folder(record.id)
    model = ModelFile(file.spec, str((folder / WEIGHTS).resolve()), 0)
    try:
        folder.mkdir(parents=True)
        atomic_write(folder / WEIGHTS, weights.to_bytes(file.weights))
        with suppress(ImageSetUnavailable):
            drawn = Snapshot.of(record, record.status, pictures=draw(model))
            for name, data in files_of(drawn).items():
                atomic_write(folder / name, data)
        store.insert([record], check=few_enough)
    except (OSError, UserError) as error:
        store.discard(record.id)
        if isinstance(error, OSError):
            raise StorageError("run_not_saved", reason=disk_reason(error)) from error
        raise
    return record.id
