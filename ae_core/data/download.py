"""Reads the files of image sets, and downloads those that are missing.

The addresses are those that Keras and scikit-learn publish. Each ``download_…`` function creates
one complete file in an empty, writable folder.
"""

import contextlib
import gzip
import hashlib
import io
import logging
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import numpy as np

from ae_core.data import lfw_faces, readers
from ae_core.data.catalog import IMAGE_SETS, ImageSetCard
from ae_core.data.readers import RawImages
from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable, Message, UserError
from ae_core.storage.files import atomic_write

if TYPE_CHECKING:
    from PIL.Image import Image

_log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds without an answer; a classroom without internet sees the message quickly
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
# Keras publishes no hashes for these; gzip's checksum and the sizes in the headers are checked.
FASHION = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
OLIVETTI_URL = "https://ndownloader.figshare.com/files/5976027"
OLIVETTI_SHA256 = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"
LFW_URL = "https://ndownloader.figshare.com/files/5976018"
LFW_SHA256 = "055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0"
LFW_BOX = (83, 92, 166, 175)  # left, top, right, bottom: the box of LFWcrop


def _fetch(url: str, target: Path, sha256: str = "") -> None:
    """Fetch `url` into `target`.

    Raises:
        OSError: there is no connection, or no answer within 10 s.
        UserError: the checksum is wrong.
    """
    digest = hashlib.sha256()
    with urlopen(url, timeout=TIMEOUT) as answer, target.open("wb") as file:
        while block := answer.read(1 << 20):
            digest.update(block)
            file.write(block)
    if sha256 and digest.hexdigest() != sha256:
        raise UserError("checksum")


def download_mnist(target: Path) -> None:
    """Download the file that `keras.datasets.mnist` uses."""
    _fetch(KERAS + "mnist.npz", target, MNIST_SHA256)


def download_fashion_mnist(target: Path) -> None:
    """Download the four files of `keras.datasets.fashion_mnist` into one file like mnist.npz."""
    arrays: dict[str, Any] = {}
    for key, name in FASHION.items():
        packed = target.with_name(name)
        _fetch(KERAS + name, packed)
        raw = np.frombuffer(gzip.decompress(packed.read_bytes()), np.uint8)
        # An idx file: two zeros, the type (8: bytes), the number of axes, then each axis' length.
        axes = 3 if key[0] == "x" else 1
        start = 4 + 4 * axes
        shape = tuple(int(n) for n in raw[4:start].view(">u4"))
        if list(raw[:4]) != [0, 0, 8, axes] or raw.size - start != int(np.prod(shape)):
            raise UserError("other_file", name=name)
        arrays[key] = raw[start:].reshape(shape)
    np.savez_compressed(target, **arrays)


def download_olivetti(target: Path) -> None:
    """Download the original file to scikit-learn's folder, and let scikit-learn convert it."""
    from sklearn.datasets import fetch_olivetti_faces

    # scikit-learn's own download has no time limit; it uses a file that is already there.
    _fetch(OLIVETTI_URL, target.with_name("olivettifaces.mat"), OLIVETTI_SHA256)
    fetch_olivetti_faces(data_home=target.parent)


def download_lfw_crop(target: Path) -> None:
    """Download LFW (180 MB) and crop its images as LFWcrop does, in gray, 64×64.

    The result has all 13,233 images; the catalogue counts those of a file with about a tenth fewer.
    """
    from PIL import Image

    faces = {
        name: np.asarray(
            photo.convert("L").resize((64, 64), Image.Resampling.BICUBIC, LFW_BOX), np.uint8
        )
        for name, photo in _lfw_photos(target)
    }
    images = np.stack([faces[name] for name in sorted(faces)])
    np.savez_compressed(target, images=images, person=lfw_faces.people(faces))


def download_lfw_faces(target: Path) -> None:
    """Download LFW (180 MB) and align its faces, without labels: this takes minutes."""
    lfw_faces.write_lfw_faces(target, _lfw_photos(target))


def _lfw_photos(target: Path) -> "Iterator[tuple[str, Image]]":
    """Download LFW beside a file; return the names and the photos, RGB, in the archive's order."""
    from PIL import Image

    archive = target.with_name("lfw.tgz")
    _fetch(LFW_URL, archive, LFW_SHA256)
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            file = members.extractfile(member) if member.name.endswith(".jpg") else None
            if file is not None:
                with Image.open(io.BytesIO(file.read())) as photo:
                    yield member.name, photo.convert("RGB")


_FAILED = (UserError, OSError, HTTPException, EOFError, ValueError, zlib.error, tarfile.TarError)
_BACKENDS: Mapping[str, tuple[Callable[[Path], RawImages], Callable[[Path], None]]] = {
    "mnist": (readers.read_keras_npz, download_mnist),
    "fashion-mnist": (readers.read_keras_npz, download_fashion_mnist),
    "olivetti": (readers.read_olivetti, download_olivetti),
    "lfw-crop": (readers.read_lfw_crop, download_lfw_crop),
    "lfw-faces": (lfw_faces.read_lfw_faces, download_lfw_faces),
}


def read_or_download(card: ImageSetCard, folder: Path) -> RawImages:
    """Read a set's file in a folder; download it if it is missing, and keep it there if possible.

    Raises:
        ImageSetUnavailable: the file is missing and could not be downloaded.
        ImageSetCorrupt: the content of the file is wrong.
    """
    assert card.file is not None  # every set in _BACKENDS has one
    read, download = _BACKENDS[card.name]
    path = folder / card.file
    if path.is_file():
        return read(path)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            fresh = Path(scratch, card.file)
            fresh.parent.mkdir(exist_ok=True)
            download(fresh)
            found = read(fresh)
            with contextlib.suppress(OSError):  # a read-only folder is not an error
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(path, fresh.read_bytes(), lasting=False)
    except ImageSetCorrupt:
        raise
    except _FAILED as error:
        _log.error("%s could not be downloaded to %s: %s", card.name, folder, error)
        raise ImageSetUnavailable(
            "set_unavailable",
            title=card.name,
            file=card.file,
            problem=_reason(error),
            embedded=tuple(name for name, one in IMAGE_SETS.items() if one.embedded),
        ) from error
    return found


def _reason(error: Exception) -> Message | str:
    if isinstance(error, UserError):
        return error.message
    cause = getattr(error, "reason", error)  # urllib wraps the cause
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
