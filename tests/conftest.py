"""What tests share: an embedded cluster and a PostgreSQL for all that only use them."""

import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As Dask has it in workers. OpenMP's threads wait for each other busily: where other processes
# have the cores, scikit-learn's t-SNE takes ten times as long with two threads as with one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# More than one TensorFlow thread a process does not help where as many processes as cores compute.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.storage.database import Database, database_in
from ae_core.storage.files import data_dir
from ae_core.workers.connection import Connection
from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.distribution import GroupScheduling, is_background, place_of
from tests.helpers.postgres import Postgres

SEEN = pytest.StashKey[Counter[str]]()  # cases collected so far, by test


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log) -> GroupScheduling:
    """Keep together what shares a server or workers."""
    return GroupScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Let everybody else compute before the background, and let an example wait for its turn."""
    settings.register_profile("shared", deadline=None)  # pytest's own timeout bounds a test
    settings.load_profile("shared")
    about = getattr(config, "workerinput", {"workerid": "", "workercount": 0})
    if is_background(about["workerid"], about["workercount"]):
        os.nice(15)  # well below the trainings of the others' workers, which have 10


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave the further cases of a test that has ``samples`` to the thorough run."""
    samples = item.get_closest_marker("samples")
    if samples is not None:
        seen = item.config.stash.setdefault(SEEN, Counter())
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        if seen[test] > samples.args[0]:
            item.add_marker("thorough")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: place_of(item.nodeid.partition("::")[0]))


def pytest_collection_finish() -> None:
    """Spare the collector what was imported: every training has it look through everything."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI set nothing is skipped: what a test needs is there, or it fails."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def photos() -> list[Image.Image]:
    """The photos of people in the data folder, upright, each with one face in its middle."""
    files = sorted((data_dir() / "photos").glob("*.jpg"))
    if not files:
        pytest.skip(f"{data_dir()} (AE_DATA_DIR) holds no photos")
    return [Image.open(file).convert("RGB") for file in files]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; a test that stops it starts it again."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def postgres_address(postgres) -> Iterator[str]:
    """The address of an empty database of PostgreSQL."""
    with postgres.new_database() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def database_address(request, tmp_path) -> str:
    """The address of an empty database, for `Database` or AE_DATABASE: once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lab.db'}"
    return str(request.getfixturevalue("postgres_address"))


@pytest.fixture
def database(database_address, tmp_path, monkeypatch) -> Iterator[Database]:
    """An empty database, once of each kind; every store that the test makes uses it, too."""
    monkeypatch.setenv("AE_DATABASE", database_address)
    made = database_in(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory) -> Iterator[Path]:
    """AE_RUNS_DIR of this process and of its workers, who look for visitors' own sets there."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AE_RUNS_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def connection(runs_folder) -> Iterator[Connection]:
    """An embedded cluster of one worker of each kind, which trains one run after the other."""
    made = Connection(runs_in_turns=1)
    yield made
    made.close()


@pytest.fixture
def service(connection, tmp_path) -> Iterator[TrainingService]:
    """A service of its own with an empty store, on the shared workers."""
    made = TrainingService(RunStore(tmp_path / "runs"), connection)
    yield made
    made.leave()


@pytest.fixture(scope="session")
def started_cluster() -> Iterator[DaskCluster]:
    made = DaskCluster()
    yield made
    made.close()


@pytest.fixture
def cluster(started_cluster) -> DaskCluster:
    """A Dask cluster apart, with two workers that train; a test may kill any of them."""
    started_cluster.restore()
    return started_cluster


@pytest.fixture
def server_on(tmp_path):
    """Make servers' services on a scheduler and one store, disconnected at the end of the test."""
    with ExitStack() as stack:

        def make(address: str) -> TrainingService:
            service = TrainingService(RunStore(tmp_path / "runs"), Connection(address))
            stack.callback(service.close)
            return service

        yield make
