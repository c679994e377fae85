"""The database: one SQLite file beside the runs, or the PostgreSQL of ``AE_DATABASE``.

Servers and workers that share it see the same runs, classes and image sets. Every change is a
transaction, so nothing else needs a lock.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ae_core.errors import Message, StorageError, disk_reason
from ae_core.storage.tables import TABLES, VERSION

_log = logging.getLogger(__name__)

FILE = "lab.db"
BUSY_SECONDS = 10.0  # for which a change waits for another one's, of whichever process
# SQLite writes ahead, so that readers and a writer do not wait for each other, and overwrites what
# is deleted.
PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000:.0f}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "secure_delete=ON",
)
# PostgreSQL's bounds: a change that hangs is undone before those that wait for it give up.
HANGING_SECONDS, WAITING_SECONDS = 10.0, 20.0
CONNECT = {"connect_timeout": "5", "tcp_user_timeout": "10000"}  # s, ms: a host may vanish
MIGRATIONS = Path(__file__).with_name("migrations")
_SQLITE_REASONS = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "disk_forbidden",
    sqlite3.SQLITE_CANTOPEN: "disk_forbidden",
}
# By what an address begins with; others write PostgreSQL's in two ways.
DRIVERS = {"sqlite": "sqlite"} | dict.fromkeys(("postgresql", "postgres"), "postgresql+psycopg")
LOCK = 0x41454C4142  # PostgreSQL's advisory lock of a transaction that changes something


class Database:
    """A database that is opened, made and brought up to date when first used; any thread may."""

    def __init__(self, address: str, folder: Path | None = None) -> None:
        """Use SQLAlchemy's address of a database; a file's folder is made when first needed."""
        self.address = address
        self._folder = folder
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._refused: dict[str, str] = {}  # the problems that the log has, by what was asked for

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading.

        Raises:
            StorageError: the database does not answer.
        """
        with self._refusals("read"), self._opened().connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Yield a connection with a transaction: all changes are made or, after an error, none.

        One such transaction runs at a time, whichever server began it: what it has read holds.

        Raises:
            StorageError: the database does not answer, or the disk refuses.
        """
        with self._refusals("changed"), self._opened().connect() as connection:
            connection = connection.execution_options(changing=True)
            with connection.begin():
                yield connection

    def answers(self) -> bool:
        """Return whether the database can be read; only after a refusal this asks it."""
        if not self._refused:
            return True
        try:
            with self.reading() as connection:
                connection.execute(text("SELECT 1"))
        except StorageError:
            return False
        return True

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                if self._folder is not None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                engine = _engine(self.address)
                try:
                    migrate(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    @contextmanager
    def _refusals(self, asked: str) -> Iterator[None]:
        """Turn an error of the database into one for the visitor.

        The log has the original once: with the database away, all open pages ask every second.

        Args:
            asked: ``read`` or ``changed``; a full disk refuses only one of them.

        Raises:
            StorageError: the database does not answer, or the disk refuses.
        """
        try:
            yield
        except OSError as error:
            self._note(asked, f"cannot be opened: {error}")
            raise StorageError("database_refused", reason=disk_reason(error)) from error
        except SQLAlchemyError as error:
            original = error.orig if isinstance(error, DBAPIError) else error
            self._note(asked, f"cannot be {asked}: {original}")
            reason = _SQLITE_REASONS.get(getattr(original, "sqlite_errorcode", 0) & 0xFF)
            if reason is not None:
                raise StorageError("database_refused", reason=Message(reason)) from error
            raise StorageError("database_unavailable") from error
        else:
            if self._refused.pop(asked, None) is not None:
                _log.warning("the database can be %s again", asked)

    def _note(self, asked: str, problem: str) -> None:
        if self._refused.get(asked) != problem:
            self._refused[asked] = problem
            _log.error("the database %s", problem)


@lru_cache(maxsize=8)
def _database(address: str, folder: Path | None) -> Database:
    return Database(address, folder)


def database_in(folder: Path) -> Database:
    """Return the one database of this process for a folder of runs, or that of ``AE_DATABASE``."""
    if address := os.environ.get("AE_DATABASE"):
        return _database(address, None)
    folder = folder.absolute()
    return _database(f"sqlite:///{folder / FILE}", folder)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or change the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    others = {name: value for name, value in row.items() if name not in keys}
    inserted = _insert(connection, table).values(row)
    connection.execute(inserted.on_conflict_do_update(index_elements=keys, set_=others))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose primary keys are not there yet; return how many these are."""
    new = _insert(connection, table).on_conflict_do_nothing()
    new = new.execution_options(preserve_rowcount=True)
    return sum(connection.execute(new, row).rowcount for row in rows)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    on_postgresql = connection.dialect.name == "postgresql"
    return postgresql.Insert(table) if on_postgresql else sqlite.Insert(table)


def migrate(engine: Engine) -> None:
    """Give a database the present tables; servers that start together wait for each other."""
    with engine.connect().execution_options(changing=True) as connection, connection.begin():
        if "alembic_version" not in inspect(connection).get_table_names():
            TABLES.create_all(connection)
            connection.execute(
                text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": VERSION})
            return
        if connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != VERSION:
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables of an older version up to date.

    Raises:
        StorageError: they are of a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    known = ScriptDirectory.from_config(config).walk_revisions()
    if present not in {migration.revision for migration in known}:
        _log.error("the database has version %s; this app knows none after %s", present, VERSION)
        raise StorageError("database_newer")
    command.upgrade(config, to)


def _url(address: str) -> URL:
    """Return an address with the driver that is installed.

    Raises:
        ArgumentError: this is none; the error does not repeat it, because it may have a password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ArgumentError("AE_DATABASE is no address of a database") from None
    driver = DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise ArgumentError("AE_DATABASE must begin with postgresql:// or sqlite:///")
    return url.set(drivername=driver)


def _engine(address: str) -> Engine:
    """Return an engine that has not connected yet.

    Raises:
        ArgumentError: the address is none of a database that the app can use.
    """
    url = _url(address)
    if url.drivername != "sqlite":
        return _postgresql_engine(url)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not by sqlite3's guess
        for pragma in PRAGMAS:
            _set(connection, pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that changes something takes its turn at once: one that reads first and
        # writes then could fail in the middle.
        connection.exec_driver_sql(f"BEGIN {'IMMEDIATE' if _changes(connection) else 'DEFERRED'}")

    return engine


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Set a pragma; where SQLite itself does not wait for others that write ahead at last, wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _postgresql_engine(url: URL) -> Engine:
    # Set for each transaction, because behind a pooler the next one may have another connection.
    limits = {
        "lock_timeout": WAITING_SECONDS,
        "idle_in_transaction_session_timeout": HANGING_SECONDS,
    }
    set_limits = (f"set_config('{name}', '{1e3 * s:.0f}ms', true)" for name, s in limits.items())
    take_turn = f"SELECT {', '.join(set_limits)}, pg_advisory_xact_lock({LOCK})"
    url = url.update_query_dict({k: v for k, v in CONNECT.items() if k not in url.query})
    unprepared = {"prepare_threshold": None}
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, connect_args=unprepared)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if _changes(connection):
            connection.exec_driver_sql(take_turn)

    return engine


def _changes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("changing"))
