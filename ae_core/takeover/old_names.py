"""The names that files of an earlier version get when they have been taken over."""

import logging
from pathlib import Path

_log = logging.getLogger(__name__)

OLD = ".old"


def put_away(path: Path) -> None:
    """Rename a file or a folder, unless it is gone; if the disk refuses, the log says so."""
    try:
        path.rename(path.with_name(f"{path.name}{OLD}"))
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("%s is taken over, but keeps its name: %s", path, error)
