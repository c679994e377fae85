"""Real workers for the tests: one embedded cluster for all that only use it."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from ae_core.connection import Connection
from ae_core.service import TrainingService
from ae_core.store import RunStore


@pytest.fixture(scope="session")
def connection() -> Iterator[Connection]:
    """An embedded cluster of one train and one infer worker."""
    made = Connection()
    yield made
    made.close()


@pytest.fixture
def service(connection, tmp_path) -> TrainingService:
    """A service of its own with an empty store, on the shared workers."""
    return TrainingService(RunStore(tmp_path / "runs"), connection)
