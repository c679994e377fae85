"""A PostgreSQL for the tests: an ordinary process with its data in a temporary folder."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

DEBIAN = Path("/usr/lib/postgresql")
SECONDS = 60  # to start or to stop
ROLE = "lab"  # the server trusts everybody who may enter its folder
# Nothing here has to survive a crash.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class Postgres:
    """A server that is reached only by a socket in its folder."""

    def __init__(self) -> None:
        """Make its data, and start it; the test is skipped where there is no PostgreSQL."""
        initdb, self._program = program("initdb"), program("postgres")
        # Not in pytest's folder, which only its user may enter; and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ae-pg-"))
        self._as_whom = _as_whom(self.folder)
        self._data = str(self.folder / "data")
        options = ("--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        command = [*self._as_whom, initdb, "--pgdata", self._data, *options]
        subprocess.run(command, check=True, capture_output=True, env=_environment())
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = (*FAST, "listen_addresses=", f"unix_socket_directories={self.folder}")
        options = [part for setting in settings for part in ("-c", setting)]
        command = [*self._as_whom, self._program, "-D", self._data, *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
            )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self._do("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End all connections and the server; `start` finds its databases again."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(SECONDS)

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def address(self, name: str) -> str:
        """Return the address of a database for SQLAlchemy and for AE_DATABASE."""
        return f"postgresql+psycopg://{ROLE}@/{name}?host={self.folder}"

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Make an empty database, yield its address, and delete it."""
        name = f"t{secrets.token_hex(8)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE template0{self._copying}")
        try:
            yield self.address(name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        address = f"host={self.folder} user={ROLE} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            # The other way, which version 15 made the default, writes everything to the log, too.
            newer = connection.info.server_version >= 150000
            self._copying = " STRATEGY file_copy" if newer else ""
            connection.execute(statement.encode())


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs: on PATH, else Debian's newest."""
    debian = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        pytest.skip("there is no PostgreSQL; `make postgres` installs it")
    return found


def _as_whom(folder: Path) -> list[str]:
    """Return how a command begins that ends with this process and does not run as root.

    PostgreSQL refuses to run as root; another user than root gets the folder then.
    """
    setpriv = shutil.which("setpriv")  # of Linux
    ending = [setpriv, "--pdeathsig", "INT"] if setpriv else []
    if os.geteuid() != 0:
        return ending
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    assert setpriv, "as root, PostgreSQL needs setpriv"
    return [*ending, "--reuid", user.pw_name, f"--regid={user.pw_gid}", "--clear-groups"]


def _environment() -> dict[str, str]:
    """Return this environment without PostgreSQL's settings, and with a locale that is there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
