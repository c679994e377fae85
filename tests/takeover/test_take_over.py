"""A folder of an earlier version is taken over: once, whole, whatever happens in between."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ae_core.__main__ import main
from ae_core.data.user_set_file import read
from ae_core.data.user_set_store import UserSetStore
from ae_core.errors import StorageError
from ae_core.runs.store import RunStore
from ae_core.service.queue_store import QueueStore
from ae_core.storage.files import ROOT
from ae_core.storage.tables import CLASSES, MATCHES, RUNS, STUDENTS, USER_SETS
from ae_core.takeover import runs as takeover_runs
from ae_core.takeover import store as takeover_store
from ae_core.takeover.store import open_store
from tests.helpers.refusals import check, refused, says

FIXTURES = ROOT / "tests" / "fixtures"
TEXTS = {"run.json", "spec.json", "history.json"}
ENDED = {path.parent.name for path in (FIXTURES / "store").glob("*/run.json")}
SWEEP = "89874624702f"
WAITING = ["7d0d253919b9", "d6c9c8a15fe0", "c80ee64fdf11"]
TRAINING = "5acf70017696"
ONE = "369ac0683694"  # of the ended runs


@pytest.fixture
def root(database, tmp_path):
    """The folder of an earlier version."""
    return shutil.copytree(FIXTURES / "store", tmp_path / "runs")


@pytest.fixture
def shared(database, tmp_path):
    """The folder of an earlier version whose servers shared a scheduler."""
    return shutil.copytree(FIXTURES / "store-queue", tmp_path / "runs")


def rows(database):
    with database.reading() as connection:
        return {row.id: row for row in connection.execute(select(RUNS))}


def names(folder):
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


def test_every_run_is_in_the_database_and_its_texts_have_another_name(root, database):
    store = open_store(root)
    assert set(rows(database)) == ENDED
    for run_id in ENDED:
        files = {path.name for path in (root / run_id).iterdir()}
        assert {f"{name}.old" for name in TEXTS} <= files
        assert not TEXTS & files
        before = {path.name for path in (FIXTURES / "store" / run_id).iterdir()} - TEXTS
        assert before <= files
    row = rows(database)[ONE]
    about = json.loads((root / ONE / "run.json.old").read_text())
    assert (row.owner, row.created, row.preset) == (
        *(about["owner"], about["created"], about["preset"]),
    )
    assert row.bytes > (root / ONE / "weights.npz").stat().st_size
    assert [ref.id for ref in store.sweep(SWEEP)] == ["ea797a0c612a", "affeb0422b32"]


def test_runs_that_waited_or_trained_on_a_shared_scheduler_wait_again(shared, database):
    open_store(shared)
    queue = QueueStore(database, "tcp://elsewhere")
    assert queue.take_over()
    waiting = {entry.id: entry for entry in queue.read().waiting}
    assert set(waiting) == {*WAITING, TRAINING}
    assert {entry.attempt for entry in waiting.values()} == {0}
    first, second = (waiting[run_id] for run_id in WAITING[1:])
    assert (first.sweep, first.number, second.number) == (second.sweep, 0, 1)
    assert not (shared / "queue").exists()
    assert (shared / "queue.old" / "waiting" / f"{WAITING[0]}.json").is_file()


def test_a_run_without_an_end_was_interrupted(shared, database):
    shutil.rmtree(shared / "queue")
    store = open_store(shared)
    for run_id in (*WAITING, TRAINING):
        record = store.read(run_id)
        assert record.status == "failed"
        check(record.reason, "interrupted")


def test_a_run_that_ended_before_its_entry_went_stays_ended(shared, database):
    shutil.copy(FIXTURES / "store" / ONE / "history.json", shared / TRAINING / "history.json")
    assert open_store(shared).read(TRAINING).status == "finished"


def test_a_folder_is_taken_over_once(root, database, caplog):
    caplog.set_level("INFO")
    open_store(root)
    assert f": {len(ENDED)} runs, 0 damaged" in caplog.text
    caplog.clear()
    shutil.copytree(FIXTURES / "store" / ONE, root / "0123456789ab")
    open_store(root)
    assert set(rows(database)) == ENDED
    assert (root / "0123456789ab" / "run.json").is_file()
    assert not caplog.records


def test_a_new_folder_needs_nothing(database, tmp_path, caplog):
    caplog.set_level("INFO")
    open_store(tmp_path / "new")
    assert rows(database) == {}
    assert not caplog.records


@pytest.mark.samples(3)
@pytest.mark.parametrize("after", range(0, 8, 3))
@pytest.mark.parametrize(
    ("owner", "name"), [(RunStore, "insert"), (takeover_runs, "put_away")], ids=["row", "rename"]
)
def test_what_a_killed_server_left_undone_is_done_at_the_next_start(
    root, database, monkeypatch, owner, name, after
):
    real, calls = getattr(owner, name), []

    def killed(*arguments):
        calls.append(arguments)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KeyboardInterrupt):
            open_store(root)
    open_store(root)
    assert set(rows(database)) == ENDED
    assert not [*root.glob("*/*.json")]


@pytest.mark.samples(1)
def test_servers_that_start_together_take_over_each_run_once(root, shared_start, database):
    assert shared_start(root, 3) == [0, 0, 0]
    assert set(rows(database)) == ENDED
    assert {row.status for row in rows(database).values()} == {"finished", "stopped", "failed"}
    assert not [*root.glob("*/*.json")]


@pytest.mark.samples(2)
@pytest.mark.parametrize("moment", range(0, 60, 5))
def test_another_server_may_be_faster_at_any_moment(
    root, shared_start, database, monkeypatch, moment
):
    """Between any two looks at the disk, another server takes everything over."""
    looks = iter(range(1000))

    def slower(real):
        def look(*arguments):
            if next(looks) == moment:
                assert shared_start(root, 1) == [0]
            return real(*arguments)

        return look

    for owner, name in ((os, "scandir"), (Path, "lstat"), (Path, "exists"), (Path, "rename")):
        monkeypatch.setattr(owner, name, slower(getattr(owner, name)))
    open_store(root)
    assert next(looks) > moment
    monkeypatch.undo()
    assert set(rows(database)) == ENDED
    assert not [*root.glob("*/*.json")]


@pytest.fixture
def shared_start():
    """Open a store in several processes at the same time; return their exit codes."""
    script = "import sys\nfrom pathlib import Path\nfrom ae_core.takeover.store import open_store\n"
    script += "print('ready', flush=True)\nsys.stdin.readline()\nopen_store(Path(sys.argv[1]))"

    def start(root, count):
        command = [sys.executable, "-c", script, str(root)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        made = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(count)]
        for each in made:
            assert each.stdout.readline() == "ready\n"
        for each in made:
            each.stdin.write("\n")
            each.stdin.flush()
        for each in made:
            each.communicate()
        return [each.returncode for each in made]

    return start


DAMAGES = {
    "run.json": "no JSON",
    "spec.json": '{"image_set": 3}',
    "owner": json.dumps({"preset": "", "owner": "a\0b", "created": 1.0}),
    "created": json.dumps({"preset": "", "owner": "a", "created": "now"}),
}


@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
def test_a_damaged_run_costs_a_line_and_itself_only(root, database, caplog, damage):
    if damage == "missing":
        (root / ONE / "spec.json").unlink()
    else:
        name = damage if damage.endswith(".json") else "run.json"
        (root / ONE / name).write_text(DAMAGES[damage])
    before = names(root / ONE)
    open_store(root)
    assert set(rows(database)) == ENDED - {ONE}
    (line,) = [line.getMessage() for line in caplog.records if ONE in line.getMessage()]
    assert "is damaged" in line
    assert names(root / ONE) == before
    caplog.clear()
    open_store(root)
    assert not caplog.records


def test_a_run_with_a_damaged_end_is_taken_over_and_says_so(root, database):
    (root / ONE / "history.json").write_text("{")
    check(open_store(root).read(ONE).reason, "run_end_damaged")


def test_texts_that_cannot_be_renamed_stay_and_the_log_names_them(root, database, caplog):
    (root / ONE / "run.json.old").mkdir()
    (root / ONE / "run.json.old" / "file").touch()
    open_store(root)
    assert set(rows(database)) == ENDED
    assert f"{root / ONE / 'run.json'} is taken over, but keeps its name" in caplog.text


# --- classes, match results, image sets -------------------------------------------------------

CLASS, ADA, BEN = "YTC6N", "53cdea56a8bd9ee7", "241986f3ae5a84d7"
SET_ID = "28-332853aa9331"
OTHERS = ("classes", "own", "matches.jsonl")


def counts(database):
    with database.reading() as connection:
        tables = (CLASSES, STUDENTS, USER_SETS, MATCHES)
        return [connection.scalar(select(func.count()).select_from(table)) for table in tables]


def student_file(root, visitor):
    (path,) = [
        path
        for path in (root / "classes" / CLASS / "students").iterdir()
        if visitor in path.read_text()
    ]
    return path


def present(database):
    with database.reading() as connection:
        found = select(STUDENTS.c.visitor, STUDENTS.c.code).where(~STUDENTS.c.left)
        return sorted(map(tuple, connection.execute(found)))


def test_all_that_visitors_made_is_taken_over_and_its_files_have_another_name(root, database):
    store = open_store(root)
    assert counts(database) == [1, 2, 1, 1]
    for name in OTHERS:
        assert not (root / name).exists()
        assert (root / f"{name}.old").exists()
    assert present(database) == [(BEN, CLASS), (ADA, CLASS)]
    kept, images = UserSetStore(store.database).read(SET_ID)
    before, pictures = read(FIXTURES / "store" / "own" / f"{SET_ID}.npz")
    assert kept == before
    assert (images.pixels == pictures.pixels).all()
    assert (images.numbers == pictures.numbers).all()


def test_another_folder_with_what_is_known_changes_nothing(root, database, here):
    assert main(["import", str(root)]) == 0
    with database.changing() as connection:
        connection.execute(CLASSES.update().values(paused=True))
    assert main(["import", str(root)]) == 0
    assert counts(database) == [1, 2, 1, 1]
    with database.reading() as connection:
        assert connection.scalar(select(CLASSES.c.paused)) is True
    assert all((root / name).exists() for name in OTHERS)


def test_a_visitor_is_in_the_class_that_they_joined_last(root, database):
    other = root / "classes" / "AAAAA"
    shutil.copytree(root / "classes" / CLASS, other)
    text = (other / "class.json").read_text().replace(CLASS, "AAAAA")
    (other / "class.json").write_text(text)
    pointer = root / "classes" / "members" / student_file(root, ADA).name
    pointer.write_text('{"class": "AAAAA"}')
    (root / "classes" / "members" / student_file(root, BEN).name).unlink()
    open_store(root)
    assert counts(database)[:2] == [2, 4]
    in_one = dict(present(database))
    assert in_one[ADA] == "AAAAA"
    assert set(in_one) == {ADA, BEN}


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (f"classes/{CLASS}/class.json", [0, 0, 1, 1]),
        ("student", [1, 1, 1, 1]),
        (f"own/{SET_ID}.npz", [1, 2, 0, 1]),
        ("matches.jsonl", [1, 2, 1, 0]),
    ],
)
@pytest.mark.parametrize("text", ["{", '{"visitor": "a\\u0000", "nickname": "a", "joined": 1}'])
def test_what_is_damaged_costs_itself_only(root, database, caplog, path, left, text):
    damaged = student_file(root, ADA) if path == "student" else root / path
    damaged.write_text(text)
    open_store(root)
    assert counts(database) == left
    assert damaged.name in caplog.text
    assert set(rows(database)) == ENDED
    found = [path for path in root.rglob(f"{damaged.name}*") if path.is_file()]
    assert text in {path.read_text() for path in found}


# --- by hand ----------------------------------------------------------------------------------


@pytest.fixture
def here(database, tmp_path, monkeypatch):
    """The folder of this server, which is new."""
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path / "here"))
    return tmp_path / "here"


def test_another_folder_is_imported_and_stays_as_it_is(root, database, here, capsys):
    before = names(root)
    assert main(["import", str(root)]) == 0
    assert f": {len(ENDED)} runs, 0 damaged" in capsys.readouterr().out
    assert set(rows(database)) == ENDED
    assert names(root) == before
    copied = {path.name for path in (here / ONE).iterdir()}
    assert copied == {path.name for path in (root / ONE).iterdir()} - TEXTS
    assert main(["import", str(root)]) == 0
    assert ": 0 runs, 0 damaged" in capsys.readouterr().out
    assert set(rows(database)) == ENDED


def test_a_copy_that_was_cut_off_is_made_anew(root, database, here):
    (here / f".{ONE}.part").mkdir(parents=True)
    (here / f".{ONE}.part" / "weights.npz").write_text("half")
    assert main(["import", str(root)]) == 0
    assert (here / ONE / "weights.npz").read_bytes() == (root / ONE / "weights.npz").read_bytes()
    assert not (here / f".{ONE}.part").exists()


def test_a_disk_that_refuses_the_copy_is_a_sentence(root, database, here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    store = open_store(here)
    monkeypatch.setattr(shutil, "copytree", full)
    with refused("run_not_saved", StorageError):
        takeover_store.take_over(root, store)
    assert rows(database) == {}


def test_the_server_s_own_folder_is_taken_over_by_hand(root, database, monkeypatch, capsys):
    monkeypatch.setenv("AE_RUNS_DIR", str(root))
    (root / ONE / "run.json").rename(root / ONE / "run")
    assert main(["import", str(root)]) == 0
    assert len(rows(database)) == len(ENDED) - 1
    (root / ONE / "run").rename(root / ONE / "run.json")
    assert main(["import", f"{root}/../{root.name}"]) == 0
    assert ": 1 runs, 0 damaged" in capsys.readouterr().out
    assert not (root / ONE / "run.json").exists()


def test_a_folder_that_is_not_there_is_a_sentence(database, here, tmp_path, capsys):
    assert main(["import", str(tmp_path / "nowhere")]) == 2
    assert says(capsys.readouterr().err, "no_folder", name=str(tmp_path / "nowhere"))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(RUNS)) == 0
