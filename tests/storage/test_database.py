"""The database on SQLite and on PostgreSQL: transactions, several processes, faults, migrations."""

import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select, text

from ae_core.errors import Message, StorageError
from ae_core.storage import database as database_module
from ae_core.storage.database import FILE, Database, database_in, insert_new, upgrade, upsert
from ae_core.storage.files import ROOT
from ae_core.storage.tables import (
    CLASSES,
    GUESSES,
    HAND_INS,
    QUESTIONS,
    SETTINGS,
    STEPS,
    STUDENTS,
    TABLES,
    USER_SETS,
    VERSION,
)
from ae_core.text.sentences import sentence
from tests.helpers.refusals import refused

PASSWORD = "op3n-s3same"


def put(database, value, name="a"):
    with database.changing() as connection:
        upsert(connection, SETTINGS, {"name": name, "value": value})


def content(database):
    with database.reading() as connection:
        return dict(connection.execute(select(SETTINGS.c.name, SETTINGS.c.value)).all())


def processes(script, address, count):
    """Run a script in processes that begin at the same time; return what each printed."""
    begin = (
        "import sys\nfrom ae_core.storage.database import *\nfrom ae_core.storage.tables import *\n"
    )
    begin += "from sqlalchemy import select, update\ndatabase = Database(sys.argv[1])\n"
    begin += "print('ready', flush=True)\nsys.stdin.readline()\n"
    command = [sys.executable, "-c", begin + script, address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    made = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(count)]
    for each in made:
        assert each.stdout.readline() == "ready\n", each.communicate()
    for each in made:
        each.stdin.write("\n")
        each.stdin.flush()
    ended = [each.communicate() for each in made]
    assert [each.returncode for each in made] == [0] * count, ended
    return [out for out, _ in ended]


# --- transactions -----------------------------------------------------------------------------


def test_a_change_is_there_for_all_others(database, database_address):
    put(database, "1")
    put(database, "2")
    put(database, "3", "b")
    other = Database(database_address)
    assert content(other) == {"a": "2", "b": "3"}
    other.close()


def test_only_what_is_new_is_inserted_and_counted(database):
    put(database, "1")
    rows = [{"name": name, "value": "2"} for name in "abc"]
    with database.changing() as connection:
        assert insert_new(connection, SETTINGS, rows) == 2
        assert insert_new(connection, SETTINGS, rows) == 0
        assert insert_new(connection, SETTINGS, []) == 0
    assert content(database) == {"a": "1", "b": "2", "c": "2"}


def test_an_error_undoes_the_whole_change(database):
    put(database, "1")

    def fail():
        with database.changing() as connection:
            upsert(connection, SETTINGS, {"name": "a", "value": "2"})
            upsert(connection, SETTINGS, {"name": "b", "value": "3"})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert content(database) == {"a": "1"}


def test_a_reader_does_not_wait_for_a_change_and_does_not_see_half_of_it(database):
    put(database, "1")
    with database.changing() as connection:
        upsert(connection, SETTINGS, {"name": "a", "value": "2"})
        assert content(database) == {"a": "1"}
    assert content(database) == {"a": "2"}


@pytest.mark.thorough
def test_eight_processes_lose_no_change(database, database_address):
    put(database, "0")
    script = """
for _ in range(25):
    with database.changing() as connection:
        mine = select(SETTINGS.c.value).where(SETTINGS.c.name == "a")
        value = int(connection.execute(mine).scalar_one())
        more = update(SETTINGS).where(SETTINGS.c.name == "a").values(value=str(value + 1))
        connection.execute(more)
"""
    processes(script, database_address, 8)
    assert content(database) == {"a": "200"}


def test_an_address_keeps_its_own_settings(postgres_address):
    database = Database(postgres_address)
    with database.changing() as connection:
        connection.execute(text("CREATE SCHEMA apart"))
    own = {"options": "-csearch_path=apart", "connect_timeout": "9"}
    elsewhere = Database(str(make_url(postgres_address).update_query_dict(own)))
    put(elsewhere, "1")
    with database.reading() as connection:
        assert connection.execute(text("SELECT value FROM apart.settings")).scalar() == "1"
    assert content(database) == {}
    database.close()
    elsewhere.close()


def test_a_server_that_hangs_amid_a_change_does_not_stop_the_others(postgres_address, monkeypatch):
    hanging, other = Database(postgres_address), Database(postgres_address)
    put(other, "0")
    monkeypatch.setattr("ae_core.storage.database.HANGING_SECONDS", 0.5)  # of the one used next
    with refused("database_unavailable", StorageError), hanging.changing() as connection:
        upsert(connection, SETTINGS, {"name": "a", "value": "1"})
        put(other, "2")  # has waited until the first change was undone
        upsert(connection, SETTINGS, {"name": "a", "value": "3"})
    assert content(other) == {"a": "2"}
    put(hanging, "4")
    assert content(other) == {"a": "4"}
    hanging.close()
    other.close()


def test_processes_may_open_a_new_database_at_the_same_time(database_address):
    script = "with database.reading() as it: print(it.execute(select(RUNS)).all())"
    assert processes(script, database_address, 6) == ["[]\n"] * 6


def test_all_stores_of_a_process_use_one_database(database, tmp_path):
    assert database_in(tmp_path) is database
    assert database_in(tmp_path / "runs") is database


def test_without_an_address_every_folder_has_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("AE_DATABASE", raising=False)
    assert database_in(tmp_path) is database_in(tmp_path)
    assert database_in(tmp_path / "runs") is not database_in(tmp_path)


# --- faults -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path, monkeypatch) -> Iterator[Database]:
    """A database of SQLite in a folder of its own."""
    monkeypatch.delenv("AE_DATABASE", raising=False)
    made = database_in(tmp_path / "runs")
    put(made, "1")
    yield made
    made.close()


def test_without_an_address_it_is_a_file_beside_the_runs(file, tmp_path):
    assert (tmp_path / "runs" / FILE).is_file()


def test_another_s_long_change_is_a_sentence(file, tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "PRAGMAS", ("busy_timeout=50",))
    file.close()
    assert content(file) == {"a": "1"}
    with sqlite3.connect(tmp_path / "runs" / FILE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused("database_unavailable"):
            put(file, "2")
        other.execute("ROLLBACK")
    other.close()
    put(file, "2")


def test_a_full_disk_is_a_sentence(file):
    with file.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with refused("database_refused", reason=Message("disk_full")):
        put(file, "x" * 100_000)
    assert content(file) == {"a": "1"}


def test_a_database_that_may_not_be_written_is_a_sentence(file):
    with file.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with refused("database_refused", reason=Message("disk_forbidden")):
        put(file, "2")
    assert content(file) == {"a": "1"}


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("AE_DATABASE", raising=False)
    (tmp_path / "runs").write_text("a file")
    with refused("database_refused"):
        content(database_in(tmp_path / "runs"))


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / FILE).write_text("no database, but text" * 100)
    with refused("database_unavailable"):
        content(Database(f"sqlite:///{tmp_path / FILE}"))


def test_a_database_that_stops_and_starts_again_is_used_again(postgres, postgres_address, caplog):
    database = Database(postgres_address)
    put(database, "1")
    postgres.stop()
    try:
        content_is_refused(database)  # by the connection that breaks
        caplog.clear()
        for _ in range(3):
            content_is_refused(database)
            with refused("database_unavailable"):
                put(database, "2")
        assert len(caplog.records) <= 2  # one for reading, one for changes
    finally:
        postgres.start()
    caplog.clear()
    for _ in range(2):
        assert content(database) == {"a": "1"}
        put(database, "2")
        put(database, "1")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["the database can be read again", "the database can be changed again"]
    database.close()


def content_is_refused(database):
    with refused("database_unavailable"):
        content(database)


def test_a_server_may_start_before_its_database(postgres, postgres_address):
    database = Database(postgres_address)
    postgres.stop()
    try:
        with refused("database_unavailable"):
            content(database)
    finally:
        postgres.start()
    assert content(database) == {}
    database.close()


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://lab:{PASSWORD}@127.0.0.1:1/lab",
        f"postgresql://lab:{PASSWORD}@127.0.0.1:1/lab",
        f"postgres://lab:{PASSWORD}@127.0.0.1:1/lab",
        f"postgresql://lab:{PASSWORD}/2@127.0.0.1/lab",  # a letter that must be written as %2F
        f"postgresql://lab:x@127.0.0.1:{PASSWORD}/lab",
        f"oracle://lab:{PASSWORD}@127.0.0.1/lab",
        f"nonsense://lab:{PASSWORD}@127.0.0.1/lab",
        f"lab:{PASSWORD}",
    ],
)
def test_no_password_gets_into_the_log_or_a_sentence(address, caplog):
    with refused("database_unavailable") as raised:
        content(Database(address))
    assert caplog.records
    trace = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in f"{caplog.text} {sentence(raised.value)} {trace}"


def test_a_refused_password_gets_into_no_log(postgres, postgres_address, caplog):
    address = postgres_address.replace("lab@/", f"nobody:{PASSWORD}@/")
    assert address != postgres_address
    with refused("database_unavailable"):
        content(Database(address))
    assert "nobody" in caplog.text
    assert PASSWORD not in caplog.text


def test_an_address_as_others_write_it_means_postgresql(postgres_address):
    for prefix in ("postgresql://", "postgres://"):
        other = Database(postgres_address.replace("postgresql+psycopg://", prefix))
        assert content(other) == {}
        other.close()


# --- migrations -------------------------------------------------------------------------------


def version(database):
    with database.reading() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()


def test_the_newest_migration_is_the_version_of_the_tables():
    config = Config()
    config.set_main_option("script_location", str(database_module.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [VERSION]


def test_a_new_database_and_the_migrations_agree_with_the_tables(database):
    assert version(database) == [VERSION]
    with database.changing() as connection:
        upgrade(connection)
    assert version(database) == [VERSION]
    with database.reading() as connection:
        found = compare_metadata(MigrationContext.configure(connection), TABLES)
    assert [each for each in found if "alembic_version" not in str(each)] == []


def without_leads(connection):
    """Take away what the fourth and the fifth version have added."""
    connection.execute(text("ALTER TABLE user_sets DROP COLUMN used"))
    connection.execute(text("ALTER TABLE classes DROP COLUMN lead_json"))
    connection.execute(text("ALTER TABLE students DROP COLUMN place"))
    for table in (QUESTIONS, GUESSES, STEPS, HAND_INS):
        connection.execute(text(f"DROP TABLE {table.name}"))


def test_students_of_the_third_version_are_nowhere(database):
    row = {"code": "AAAAA", "visitor": "ada", "nickname": "Ada", "joined": 1.0, "left": False}
    with database.changing() as connection:
        connection.execute(STUDENTS.insert().values(row))
        without_leads(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    database.close()
    with database.reading() as connection:
        (found,) = connection.execute(select(STUDENTS)).mappings()
        assert connection.execute(select(GUESSES)).all() == []
        differences = compare_metadata(MigrationContext.configure(connection), TABLES)
    assert found == row | {"place": ""}
    assert [each for each in differences if "alembic_version" not in str(each)] == []
    assert version(database) == [VERSION]


def test_a_server_of_the_third_version_may_go_on_with_the_tables_of_the_fourth(database):
    """It names the columns that it knows when it opens a class and lets somebody join."""
    about = (
        "code, teacher, key, created, used, limits_json, challenge_json, paused, closed, cleared"
    )
    opened = "'AAAAA', '', '', 1, 1, '{}', 'null', false, false, 0"
    joined = 'INSERT INTO students (code, visitor, nickname, joined, "left") '
    with database.changing() as connection:
        connection.execute(text(f"INSERT INTO classes ({about}) VALUES ({opened})"))
        connection.execute(text(joined + "VALUES ('AAAAA', 'ada', 'Ada', 1, false)"))
    with database.reading() as connection:
        assert connection.scalars(select(CLASSES.c.lead_json)).all() == ["{}"]
        assert connection.scalars(select(STUDENTS.c.place)).all() == [""]


def test_classes_of_the_first_version_have_an_unknown_address(database):
    row = dict.fromkeys(("code", "teacher", "key", "limits_json", "challenge_json"), "x")
    row |= {"created": 1.0, "used": 2.0, "paused": False, "closed": False, "cleared": 0.0}
    with database.changing() as connection:
        connection.execute(CLASSES.insert().values(row))
        connection.execute(text("ALTER TABLE classes DROP COLUMN address"))
        connection.execute(text("ALTER TABLE user_sets DROP COLUMN channels"))
        without_leads(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()
    with database.reading() as connection:
        (found,) = connection.execute(select(CLASSES)).mappings()
    assert found == row | {"address": "", "lead_json": "{}"}
    assert version(database) == [VERSION]


def test_pictures_of_the_second_version_are_gray(database):
    row = {"id": "28-0123456789ab", "owner": "ada", "name": "x", "created": 1.0, "count": 1}
    row |= {"next_number": 1, "changes": 1, "pixels": bytes(28 * 28), "numbers": bytes(8)}
    with database.changing() as connection:
        connection.execute(USER_SETS.insert().values(row))
        connection.execute(text("ALTER TABLE user_sets DROP COLUMN channels"))
        without_leads(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    database.close()
    with database.reading() as connection:
        (found,) = connection.execute(select(USER_SETS)).mappings()
    assert found == row | {"channels": 1, "used": pytest.approx(time.time(), abs=600)}
    assert version(database) == [VERSION]


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Two later versions of the tables; each changes what the one before it has made."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    env = (database_module.MIGRATIONS / "env.py").read_text()
    (folder / "env.py").write_text(env)
    (first,) = (database_module.MIGRATIONS / "versions").glob("0001*.py")
    (folder / "versions" / first.name).write_text(first.read_text())
    steps = {
        "0002": "op.add_column('settings', sa.Column('more', sa.String()))",
        "0003": "op.execute(\"UPDATE settings SET more = value || '+'\")",
    }
    before = "0001"
    for name, step in steps.items():
        lines = ["import sqlalchemy as sa", "from alembic import op", f"revision = '{name}'"]
        lines += [f"down_revision = '{before}'", "def upgrade():", f"    {step}"]
        (folder / "versions" / f"{name}.py").write_text("\n".join(lines))
        before = name
    monkeypatch.setattr(database_module, "MIGRATIONS", folder)
    monkeypatch.setattr(database_module, "VERSION", before)
    return folder


def test_an_older_database_is_brought_up_to_date_when_it_is_opened(database, later, request):
    monkeypatch = request.getfixturevalue("monkeypatch")
    with monkeypatch.context() as older:
        older.setattr(database_module, "VERSION", "0001")
        put(database, "1")
    database.close()
    with database.reading() as connection:
        assert connection.execute(text("SELECT name, more FROM settings")).all() == [("a", "1+")]
    assert version(database) == ["0003"]


def test_a_migration_that_fails_leaves_the_database_as_it_was(database, later, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(database_module, "VERSION", "0001")
        put(database, "1")
    database.close()
    broken = later / "versions" / "0003.py"
    broken.write_text(broken.read_text().replace("UPDATE settings", "UPDATE no_such_table"))
    with refused("database_unavailable"):
        content(database)
    with monkeypatch.context() as older:
        older.setattr(database_module, "VERSION", "0001")
        assert version(database) == ["0001"]
        with database.reading() as connection:
            assert connection.execute(text("SELECT * FROM settings")).all() == [("a", "1")]


def test_a_newer_database_is_left_alone(database):
    put(database, "1")
    with database.changing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with refused("database_newer"):
        content(database)


def test_an_up_to_date_database_needs_no_alembic(database, database_address):
    put(database, "1")
    script = "with database.reading() as it: it.execute(select(RUNS)).all()\n"
    script += "print(sorted(name for name in sys.modules if 'alembic' in name or name == 'mako'))"
    assert processes(script, database_address, 1) == ["[]\n"]
