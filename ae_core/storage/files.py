"""Files and folders: their paths, atomic writes, checked reading."""

import logging
import math
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from zipfile import BadZipFile

from ae_core.errors import UserError

_log = logging.getLogger(__name__)
T = TypeVar("T")

# The errors of NumPy, zipfile, json and others for files that are damaged or of another kind. JSON
# that is nested too deep is a RuntimeError, an array too large for the memory a MemoryError.
DAMAGED = (
    *(BadZipFile, zlib.error, OSError, EOFError, MemoryError, ArithmeticError),
    *(AttributeError, LookupError, RuntimeError, TypeError, ValueError, UserError),
)
MAX_LOGGED = 300  # characters of a problem
LAST_SECOND = 253_402_300_799.0  # of the year 9999, in seconds since 1970
ROOT = Path(__file__).resolve().parents[2]  # the project: app.py, assets, data, runs


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
    except BaseException:  # an interruption, too
        part.unlink(missing_ok=True)
        raise


class DamagedFile(Exception):
    """A file exists, but its content cannot be used; the log has its name and the reason."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn any error of reading a file, or of checking its content, into one.

    Raises:
        DamagedFile: the content cannot be used.
        FileNotFoundError: there is no such file.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        _log_damage(path, f"{type(error).__name__}: {error}"[:MAX_LOGGED])
        raise DamagedFile(str(path)) from error


@lru_cache(maxsize=1024)
def _log_damage(path: Path, problem: str) -> None:
    """Log a damaged file; once, because pages ask for it every second."""
    _log.error("%s is damaged: %s", path, problem)


def checked(kind: type[T], fields: object) -> T:
    """Make a dataclass of fields that come from JSON.

    Args:
        kind: the dataclass. Fields of text, numbers and truth values are checked here, and others
            have to be of its types already.
        fields: a mapping of its fields by name. Whole numbers become floats where it wants floats.

    Raises:
        ValueError, KeyError, TypeError, ArithmeticError: these are not its fields, a value has
            another type, or a float is not finite.
        UserError: the dataclass refuses the values.
    """
    if not isinstance(fields, dict):
        raise TypeError(f"{kind.__name__} needs a JSON object, not {type(fields).__name__}")
    hints = get_type_hints(kind)
    return kind(**{name: _as(hints[name], name, value) for name, value in fields.items()})


def _as(hint: Any, name: str, value: Any) -> Any:
    if hint is float:
        return checked_number(name, value)
    if hint in (str, int, bool) and type(value) is not hint:
        raise TypeError(f"{name} must be {hint.__name__}, not {type(value).__name__}")
    return value


def any_number(name: str, value: object) -> float:
    """Return a number as a float; it may be infinite or NaN.

    Raises:
        TypeError, OverflowError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    return float(value)


def checked_number(name: str, value: object) -> float:
    """Return a finite number as a float.

    Raises:
        ValueError, TypeError, OverflowError: it is none.
    """
    number = any_number(name, value)
    if not math.isfinite(number):
        raise ValueError(f"{name}={number} must be finite")
    return number


def check_time(name: str, seconds: float) -> None:
    """Raise a ValueError unless a time in seconds since 1970 is one that a calendar can name."""
    if not 0 <= seconds <= LAST_SECOND:
        raise ValueError(f"{name}={seconds} must be seconds since 1970")


def check_text(name: str, text: str) -> None:
    """Raise a ValueError unless a text is one that every database can keep."""
    text.encode()  # a UnicodeEncodeError is a ValueError
    if "\0" in text:
        raise ValueError(f"{name} must not contain a zero character")
