"""One at a time among all threads of all servers that share a folder.

The operating system lets go of a lock when its process ends, however that happens.
"""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """A lock with a file behind it; not to be taken twice by one thread."""

    def __init__(self, path: Path) -> None:
        """Use a file, which holds nothing; it is made, with its folder, when first needed."""
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it.

        Raises:
            OSError: the file cannot be opened or made.
        """
        with self._threads:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
                yield
