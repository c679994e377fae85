"""A disk that is full, for tests."""

import errno
import os
from pathlib import Path

FULL = "No space left on device"


class FullAfter:
    """A file that takes half of what is written, then says that the disk is full."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, FULL)


def no_room(monkeypatch, how):
    open_ = Path.open

    def refuse(*_):
        raise OSError(errno.ENOSPC, FULL)

    def open_full(path, mode="r", *args, **kwargs):
        if "w" not in mode:
            return open_(path, mode, *args, **kwargs)
        return refuse() if how == "open" else FullAfter(open_(path, mode, *args, **kwargs))

    if how in ("open", "write"):
        monkeypatch.setattr(Path, "open", open_full)
    else:
        owner, name = {"fsync": (os, "fsync"), "mkdir": (Path, "mkdir")}[how]
        monkeypatch.setattr(owner, name, lambda *args, **kwargs: refuse())
