"""The names of files of an earlier version; they get others when they have been taken over."""

import logging
from pathlib import Path

_log = logging.getLogger(__name__)

OLD = ".old"


def earlier_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern, in order; none if another server has just put them away."""
    try:
        return sorted(folder.glob(pattern))
    except FileNotFoundError:
        return []


def put_away(path: Path) -> None:
    """Rename a file or a folder, unless it is gone; if the disk refuses, the log says so."""
    try:
        path.rename(path.with_name(f"{path.name}{OLD}"))
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("%s is taken over, but keeps its name: %s", path, error)
