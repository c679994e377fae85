"""A lock for all that share a folder, and files that are damaged."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ae_core.errors import UserError
from ae_core.storage.files import (
    ROOT,
    DamagedFile,
    FileLock,
    atomic_write,
    check_time,
    checked,
    reading,
)

TIMES = 40


# Adds 1 to a file's number, many times; without the lock some would be lost.
COUNT_UP = f"""
import sys
from pathlib import Path
from ae_core.storage.files import FileLock
path = Path(sys.argv[1])
for _ in range({TIMES}):
    with FileLock(path.with_suffix(".lock")).held():
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_processes_take_turns(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    command = [sys.executable, "-c", COUNT_UP, str(path)]
    each = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in each] == [0, 0, 0]
    assert int(path.read_text()) == 3 * TIMES


@pytest.fixture
def nowhere(tmp_path):
    """A lock where no file can be: below a file."""
    (tmp_path / "file").touch()
    return FileLock(tmp_path / "file" / "lock")


def test_where_there_can_be_no_file_the_error_is_the_caller_s(nowhere):
    with pytest.raises(OSError), nowhere.held():
        pass
    with (
        pytest.raises(LookupError, match="no lock: ") as raised,
        nowhere.held(lambda error: LookupError(f"no lock: {error.strerror}")),
    ):
        pass
    assert isinstance(raised.value.__cause__, OSError)


def test_what_goes_wrong_while_it_is_held_is_not_its_own(tmp_path):
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(OSError, match="a full disk"), lock.held(LookupError):
        raise OSError("a full disk")
    with lock.held():  # it was let go
        pass


@pytest.mark.parametrize(
    "problem",
    [ValueError("x"), RecursionError(), MemoryError(), PermissionError(13, "no"), UserError("key")],
)
def test_whatever_is_wrong_with_a_file_is_one_error_and_one_line_of_the_log(caplog, problem):
    path = Path(f"/runs/{type(problem).__name__}")
    for _ in range(3):
        with pytest.raises(DamagedFile, match=path.name), reading(path):
            raise problem
    assert caplog.text.count(f"{path} is damaged: {type(problem).__name__}") == 1


def test_a_file_that_is_missing_is_not_damaged_and_a_wrong_program_is_not_hidden():
    for error in (FileNotFoundError(2, "no"), AssertionError()):
        with pytest.raises(type(error)), reading(Path("x")):
            raise error


@dataclass(frozen=True)
class Thing:
    name: str
    count: int
    when: float = 0.0
    old: bool = False


def test_json_becomes_a_dataclass():
    assert checked(Thing, json.loads('{"name": "a", "count": 2, "when": 3}')) == Thing("a", 2, 3.0)


@pytest.mark.parametrize(
    "text",
    ['[]', 'null', '{"name": "a"}', '{"name": 7, "count": 2}', '{"name": "a", "count": true}',
     '{"name": "a", "count": 2.0}', '{"name": "a", "count": 2, "when": NaN}',
     '{"name": "a", "count": 2, "when": "3"}', '{"name": "a", "count": 2, "when": 1e999}',
     '{"name": "a", "count": 2, "old": 1}', '{"name": "a", "count": 2, "new": 1}'],
)  # fmt: skip
def test_json_of_another_kind_does_not(text):
    with pytest.raises((TypeError, ValueError, KeyError)):
        checked(Thing, json.loads(text))


@pytest.mark.parametrize("seconds", [-1.0, 1e12, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_is_refused(seconds):
    with pytest.raises(ValueError, match="when="):
        check_time("when", seconds)


SMALL = 4096  # bytes: no file may become larger


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            atomic_write(path, bytes(2 * SMALL))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(path.name, b"old")]


def test_an_interrupted_write_leaves_no_part(tmp_path, monkeypatch):
    def interrupt(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(tmp_path / "picture.png", b"new")
    assert list(tmp_path.iterdir()) == []
