"""Backup and restore, by the commands of docs/operation.md, while a server works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from ae_core.classroom.service import ClassroomService
from ae_core.storage.database import Database
from ae_core.storage.files import ROOT
from ae_core.storage.tables import CLASSES
from tests.helpers.postgres import program

OPERATION = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")


def command(begins: str) -> str:
    """The command of the document that begins so."""
    (found,) = re.findall(rf"(?:^|`)({re.escape(begins)}[^`\n]*)", OPERATION, re.MULTILINE)
    return str(found)


def do(words: str, folder: Path, address: str = "") -> None:
    """Type a command, as somebody who is in the environment of the app."""
    programs = (Path(sys.executable).parent, Path(program("pg_dump")).parent)
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "AE_DATABASE": address}
    subprocess.run(words, cwd=folder, shell=True, check=True, env=variables)


def classes(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(select(CLASSES.c.code)).all())


def test_a_copy_of_sqlite_is_what_there_was(tmp_path):
    (tmp_path / "runs").mkdir()
    file = tmp_path / "runs" / "lab.db"
    database = Database(f"sqlite:///{file}")
    book = ClassroomService(database)
    book.open_class("the teacher")
    do(command("python -c"), tmp_path)
    book.open_class("the teacher")
    assert classes(database) == 2
    database.close()
    shutil.copy(tmp_path / "backup.db", file)
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    restored = Database(f"sqlite:///{file}")
    assert classes(restored) == 1
    restored.close()


def test_a_dump_of_postgresql_is_what_there_was(postgres, postgres_address, tmp_path):
    # As the document writes an address; the role needs no password here.
    plain = postgres_address.replace("+psycopg", "").replace("@/", "@localhost/")
    database = Database(postgres_address)
    book = ClassroomService(database)
    book.open_class("the teacher")
    do(command("pg_dump"), tmp_path, plain)
    book.open_class("the teacher")
    assert classes(database) == 2
    database.close()
    do(command("pg_restore"), tmp_path, plain)
    restored = Database(postgres_address)
    assert classes(restored) == 1
    restored.close()
