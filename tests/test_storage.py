"""A lock for all threads and processes that share a folder, and what it says where it cannot be."""

import subprocess
import sys

import pytest

from ae_core.storage import ROOT, FileLock

TIMES = 40


# Adds 1 to a file's number, many times; without the lock some would be lost.
COUNT_UP = f"""
import sys
from pathlib import Path
from ae_core.storage import FileLock
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
