"""One at a time among all threads of all servers that share a folder.

The operating system lets go of a lock when its process ends, however that happens.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


class FileLock:
    """A lock with a file behind it; not to be taken twice by one thread."""

    def __init__(self, path: Path) -> None:
        """Use a file, which holds nothing; it is made, with its folder, when first needed."""
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def held(self, refusal: Callable[[OSError], Exception] | None = None) -> Iterator[None]:
        """Wait for the lock and hold it.

        Args:
            refusal: what to raise instead where the file cannot be opened or made.

        Raises:
            OSError: the file cannot be opened or made, and there is no ``refusal``.
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
