"""The files of the image sets that are not embedded: where they lie, and how they get there.

This file does not know what a file looks like inside (`sources`) or where it is downloaded from
(`downloads`), nor what becomes of the pictures.
"""

import contextlib
import logging
import secrets
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path

from ae_core.data import download, readers
from ae_core.data.catalog import IMAGE_SETS, ImageSetCard
from ae_core.data.readers import RawImages
from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable, Message, UserError

_log = logging.getLogger(__name__)
_FAILED = (OSError, HTTPException, EOFError, ValueError, zlib.error, tarfile.TarError)
_BACKENDS: Mapping[str, tuple[Callable[[Path], RawImages], Callable[[Path], None]]] = {
    "mnist": (readers.read_keras_npz, download.download_mnist),
    "fashion-mnist": (readers.read_keras_npz, download.download_fashion_mnist),
    "olivetti": (readers.read_olivetti, download.download_olivetti),
    "lfw-crop": (readers.read_lfw_crop, download.download_lfw_crop),
}


def read(known: ImageSetCard, folder: Path) -> RawImages:
    """Read a set's file in a folder; a missing one is downloaded, and kept there if it can be.

    Raises:
        ImageSetUnavailable: the file is missing and could not be downloaded.
        ImageSetCorrupt: the file does not hold what it should.
    """
    assert known.file is not None  # every set that is not embedded has one
    read_file, obtain = _BACKENDS[known.name]
    path = folder / known.file
    if path.is_file():
        return read_file(path)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            fresh = Path(scratch, known.file)
            fresh.parent.mkdir(exist_ok=True)
            obtain(fresh)
            found = read_file(fresh)
            _keep(fresh, path)
    except ImageSetCorrupt:
        raise
    except (UserError, *_FAILED) as error:
        names = tuple(name for name, one in IMAGE_SETS.items() if one.embedded)
        _log.error("%s could not be downloaded to %s: %s", known.name, folder, error)
        raise ImageSetUnavailable(
            "set_unavailable",
            title=known.name,
            file=known.file,
            problem=_reason(error),
            embedded=names,
        ) from error
    return found


def _reason(error: Exception) -> Message | str:
    if isinstance(error, UserError):
        return error.message
    cause = getattr(error, "reason", error)  # what urllib wraps
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _keep(fresh: Path, path: Path) -> None:
    """Put a finished file in its place at once; a folder that cannot be written is no error."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fresh, part)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
