"""Reads and writes the file of LFW's aligned colour faces; a measured one has labels as well.

N images, S pixels a side, F labels. Smile, mouth, eyes, brows, turn and width of the face come from
landmarks, and are reliable for faces that look ahead; the other five are averages of pixels.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ae_core.data import readers
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.readers import SEED, TEST_PEOPLE, RawImages, corrupt
from ae_core.storage.files import DAMAGED

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 128  # pixels
QUALITY = 92  # of the JPEG files
SMALLEST = 60  # pixels of LFW's photos, 250×250: the faces in their middle are larger


@dataclass(frozen=True)
class JpegImages:
    """Colour images, compressed: decoded at 128×128 they would take eight times the memory.

    Attributes:
        data: uint8, JPEG files one after the other.
        begins, ends: (N,) the first byte of each image and the one after its last.
    """

    data: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        """Return N."""
        return len(self.begins)

    def __getitem__(self, chosen: NDArray[Any]) -> "JpegImages":
        """Return some of the images, by a mask (N,) or by their numbers."""
        return JpegImages(self.data, self.begins[chosen], self.ends[chosen])

    def decoded(self, size: int) -> NDArray[np.float32]:
        """Return the images (N, S, S, 3) in [0, 1], reduced to S = ``size``."""
        from PIL.Image import Resampling  # the server reads the catalogue without Pillow

        images = np.empty((len(self), size, size, 3), np.float32)
        for image, begin, end in zip(images, self.begins, self.ends, strict=True):
            with self._opened(begin, end) as jpeg:
                image[:] = np.asarray(jpeg.resize((size, size), Resampling.BICUBIC))
        images /= 255
        return images

    def check(self, path: Path) -> None:
        """Refuse files that are no RGB images of `SIDE` pixels; only their heads are read."""
        for begin, end in zip(self.begins, self.ends, strict=True):
            try:
                with self._opened(begin, end) as jpeg:
                    found = f"{jpeg.width}×{jpeg.height} {jpeg.mode}"
            except DAMAGED as error:
                raise corrupt(path, "unreadable", kind=type(error).__name__) from error
            wanted = f"{SIDE}×{SIDE} RGB"
            if found != wanted:
                raise corrupt(path, "shape", part="jpeg", shape=found, wanted=wanted)

    def _opened(self, begin: int, end: int) -> "Image":
        from PIL import Image

        return Image.open(io.BytesIO(self.data[begin:end].tobytes()), formats=("JPEG",))


def read_lfw_faces(path: Path) -> RawImages:
    """Read ``jpeg``, ``offset`` (N + 1), ``person`` (N); split by person.

    Only a file that was measured has ``labels`` (N, F) and ``label_names``.

    Raises:
        ImageSetCorrupt: the content of the file is wrong.
    """
    parts = ("jpeg", "offset", "person")
    arrays = readers.read_npz(path, parts, optional=("labels", "label_names"))
    offset, people = arrays["offset"], arrays["person"]
    count = len(offset) - 1
    readers.check_numbers(path, "offset", offset, count + 1)
    readers.check_numbers(path, "person", people, count)
    labels = _labels(path, arrays, count)
    if arrays["jpeg"].dtype != np.uint8 or (np.diff(offset) < 0).any():
        raise corrupt(path, "unreadable", kind="offset")
    images = JpegImages(arrays["jpeg"], offset[:-1], offset[1:])
    images.check(path)
    people = people.astype(np.int64)
    count = max(1, round(len(np.unique(people)) * TEST_PEOPLE))
    tests = readers.choose_people(people, count, np.random.default_rng(SEED))
    return RawImages(images, tests, labels, people)


def _labels(path: Path, arrays: Mapping[str, NDArray[Any]], count: int) -> NDArray[Any] | None:
    """Return the labels (N, F) of N = ``count`` images in [-1, 1], None for a file without any."""
    if "labels" not in arrays and "label_names" not in arrays:
        return None
    names = IMAGE_SETS["lfw-faces"].label_names
    if "labels" not in arrays or tuple(arrays.get("label_names", ())) != names:
        raise corrupt(path, "missing", parts=names)
    labels = arrays["labels"]
    if labels.shape != (count, len(names)) or not np.isfinite(labels).all():
        wanted = f"({count}, {len(names)}) float32"
        raise corrupt(path, "shape", part="labels", shape=str(labels.shape), wanted=wanted)
    return scaled(labels)


def write_lfw_faces(path: Path, photos: "Iterable[tuple[str, Image]]") -> None:
    """Find the face in the middle of each photo, align it, and write the file: it has no labels.

    Photos without a face in their middle are left out.

    Args:
        path: the file.
        photos: the name of each photo in LFW's archive, and the photo, RGB.
    """
    from PIL import Image

    # Here, not above: with it comes Pillow, and TensorFlow with its first search.
    from ae_core.images.faces import aligned, find, nearest

    files: dict[str, bytes] = {}
    for name, photo in photos:
        middle = complex(*photo.size) / 2
        face = nearest(find(photo, SMALLEST), middle)
        if face is not None and abs(face.middle - middle) < SMALLEST:
            file = io.BytesIO()
            Image.fromarray(aligned(photo, face, SIDE)).save(file, "JPEG", quality=QUALITY)
            files[name] = file.getvalue()
    in_order = [files[name] for name in sorted(files)]
    jpeg = np.frombuffer(b"".join(in_order), np.uint8)
    np.savez(path, jpeg=jpeg, offset=np.cumsum([0, *map(len, in_order)]), person=people(files))


def people(names: Iterable[str]) -> NDArray[np.int16]:
    """Return the number of the person in each of LFW's photos, in the order of their names."""
    folders = [name.split("/")[-2] for name in sorted(names)]
    return np.unique(folders, return_inverse=True)[1].astype(np.int16)


def scaled(labels: NDArray[Any]) -> NDArray[np.float32]:
    """Bring labels (N, F) of different units to standard deviations from their median."""
    deviation = np.maximum(labels.std(axis=0), np.finfo(np.float32).tiny)
    return ((labels - np.median(labels, axis=0)) / deviation).astype(np.float32)
