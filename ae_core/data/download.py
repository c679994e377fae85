"""Files of image sets from the addresses that Keras and scikit-learn publish, made ready to read.

Each `download_…` makes one finished file in a folder that is empty and writable. This file does not
know where the file is kept afterwards, or what a caller says to a visitor when it fails.
"""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import UserError

TIMEOUT = 10.0  # seconds without an answer; a room without internet gets its sentence quickly
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


def download(url: str, target: Path, sha256: str = "") -> None:
    """Fetch `url` into `target`.

    Raises:
        OSError: no connection, or no answer in 10 s.
        UserError: a wrong checksum.
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
    download(KERAS + "mnist.npz", target, MNIST_SHA256)


def download_fashion_mnist(target: Path) -> None:
    """Download the four files that `keras.datasets.fashion_mnist` uses into one like mnist.npz."""
    arrays: dict[str, Any] = {}
    for key, name in FASHION.items():
        packed = target.with_name(name)
        download(KERAS + name, packed)
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
    """Download the original file to where scikit-learn looks, and let scikit-learn convert it."""
    from sklearn.datasets import fetch_olivetti_faces

    # Not left to scikit-learn, whose download has no time limit; it takes a file that is there.
    download(OLIVETTI_URL, target.with_name("olivettifaces.mat"), OLIVETTI_SHA256)
    fetch_olivetti_faces(data_home=target.parent)


def download_lfw_crop(target: Path) -> None:
    """Download LFW (180 MB) and crop its pictures as LFWcrop does, in gray, 64×64.

    These are all 13,233 of them; the file that the catalogue counts has about a tenth fewer.
    """
    from PIL import Image

    archive = target.with_name("lfw.tgz")
    download(LFW_URL, archive, LFW_SHA256)
    faces: list[tuple[str, NDArray[np.uint8]]] = []
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            file = members.extractfile(member) if member.name.endswith(".jpg") else None
            if file is not None:
                with Image.open(io.BytesIO(file.read())) as picture:
                    small = picture.convert("L").resize((64, 64), Image.Resampling.BICUBIC, LFW_BOX)
                faces.append((member.name, np.asarray(small)))
    faces.sort(key=lambda face: face[0])
    folders = [name.split("/")[-2] for name, _ in faces]
    person = np.unique(folders, return_inverse=True)[1].astype(np.int16)
    np.savez_compressed(target, images=np.stack([pixels for _, pixels in faces]), person=person)
