"""Files and folders: their paths, atomic writes, and a lock between processes."""

import fcntl
import os
import secrets
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from zipfile import BadZipFile

# The errors of NumPy and zipfile for files that are damaged or not an .npz or .zip.
DAMAGED = (
    *(BadZipFile, zlib.error, OSError, EOFError),
    *(LookupError, OverflowError, RuntimeError, TypeError, ValueError),
)
ROOT = Path(__file__).resolve().parent.parent  # the project: app.py, assets, data, runs


def data_dir() -> Path:
    """Return the folder of the image sets: AE_DATA_DIR, or `data` in the project."""
    return Path(os.environ.get("AE_DATA_DIR") or ROOT / "data")


def runs_dir() -> Path:
    """Return the folder of the runs: AE_RUNS_DIR, or `runs` in the project."""
    return Path(os.environ.get("AE_RUNS_DIR") or ROOT / "runs")


def atomic_write(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file under another name and rename it, so that a reader never sees a partial file.

    Args:
        path: the file; several processes may write it at a time.
        data: its content.
        lasting: whether to wait until it would survive a power cut.

    Raises:
        OSError: the file cannot be written; no partial file remains.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


class FileLock:
    """A mutex shared by all threads and processes that use one folder; not reentrant.

    The operating system releases it when the process ends, even if killed.
    """

    def __init__(self, path: Path) -> None:
        """Use an empty file, which is created with its folder when first needed."""
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def held(self, refusal: Callable[[OSError], Exception] | None = None) -> Iterator[None]:
        """Wait for the lock and hold it.

        Args:
            refusal: returns the error to raise if the file cannot be opened or created.

        Raises:
            OSError: the file cannot be opened or created, and there is no ``refusal``.
        """
        with self._threads, ExitStack() as opened:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = opened.enter_context(self._path.open("ab"))
                fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
            except OSError as error:
                if refusal is None:
                    raise
                raise refusal(error) from error
            yield
