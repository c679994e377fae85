"""What all servers of a database share."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from ae_core.storage.database import Database
from ae_core.storage.settings import cookie_secret


def test_servers_that_start_together_agree_on_one_secret_and_keep_it(database_address):
    servers = [Database(database_address) for _ in range(4)]
    at_once = Barrier(len(servers))

    def start(server: Database) -> str:
        at_once.wait(10)
        return cookie_secret(server)

    with ThreadPoolExecutor(len(servers)) as threads:
        found = set(threads.map(start, servers))
    later = Database(database_address)
    found.add(cookie_secret(later))
    for each in (*servers, later):
        each.close()
    (secret,) = found
    assert len(secret) >= 43  # 256 bits


def test_each_database_has_a_secret_of_its_own(tmp_path):
    first, second = (Database(f"sqlite:///{tmp_path / name}") for name in ("a.db", "b.db"))
    assert cookie_secret(first) != cookie_secret(second)
    first.close()
    second.close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT count(*) FROM settings").fetchone() == (1,)
