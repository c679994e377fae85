"""What the server and its workers write to files, and how to keep them from it."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psutil


def processes(server) -> list[psutil.Process]:
    process = psutil.Process(server.pid)
    return [process, *process.children(recursive=True)]


def places(server) -> set[Path]:
    """Where the server and its workers might write: their folders and those of open files."""
    found = {server.runs, Path(tempfile.gettempdir()) / "dask-scratch-space"}
    for process in processes(server):
        found.add(Path(process.cwd()))
        found |= {Path(file.path).parent for file in process.open_files() if "w" in file.mode}
    return {place for place in found if place.is_dir() and place != Path("/dev")}


def written_since(started: float, folder: Path):
    """Give the files of a folder that were written since then, and what is in them."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            name for name in folders if name not in (".venv", ".git", "shared", "__pycache__")
        ]
        for name in names:
            path = Path(parent) / name
            try:
                if path.stat().st_mtime >= started and path.is_file():
                    yield path, path.read_bytes()
            except OSError:
                continue  # gone, or not for us


@contextmanager
def no_writing(server):
    """Whatever the server or a worker writes to a file meanwhile fails."""
    limited = processes(server)
    before = [process.rlimit(psutil.RLIMIT_FSIZE) for process in limited]
    for process, (_, hard) in zip(limited, before, strict=True):
        process.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for process, limits in zip(limited, before, strict=True):
            process.rlimit(psutil.RLIMIT_FSIZE, limits)
