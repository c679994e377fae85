"""Files that are damaged, and files that are written."""

import json
import os
import resource
from dataclasses import dataclass
from pathlib import Path

import pytest

from ae_core.errors import UserError
from ae_core.storage.files import (
    DamagedFile,
    atomic_write,
    check_time,
    checked,
    reading,
)


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
