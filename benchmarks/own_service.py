"""Starts a training service with its own cluster and run store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.workers.cluster import RUNS_IN_TURNS
from ae_core.workers.connection import Connection


@contextmanager
def own_service(workers: int = 1, runs_in_turns: int = RUNS_IN_TURNS) -> Iterator[TrainingService]:
    """Yield a service with some training workers; all workers and runs end with it."""
    with tempfile.TemporaryDirectory() as folder:
        connection = Connection(train_workers=workers, runs_in_turns=runs_in_turns)
        service = TrainingService(RunStore(Path(folder)), connection)
        try:
            yield service
        finally:
            service.close()
