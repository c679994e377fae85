"""Readers of the app's image sets: each returns the `RawImages` of a file or of an embedded set.

Letters: N images, H height, W width, C channels, F factors.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import ImageSetCorrupt, Message
from ae_core.storage.files import DAMAGED

if TYPE_CHECKING:
    from ae_core.data.lfw_faces import JpegImages

TEST_PEOPLE = 0.15  # share of LFW's people
SEED = 0

_log = logging.getLogger(__name__)


def corrupt(path: Path, key: str, **values: Any) -> ImageSetCorrupt:
    """Return the error for a file with wrong content; the path goes to the log."""
    problem = Message.of(f"corrupt_{key}", **values)
    _log.error("%s is damaged: %s", path, problem)
    return ImageSetCorrupt("set_corrupt", file=path.name, problem=problem)


@dataclass(frozen=True)
class RawImages:
    """All images of a set, before any split.

    `pixels` (N, H, W), or (N, H, W, C), uint8 or float32 in [0, 1], or a `JpegImages`; `tests` (N,)
    bool, True in the usual test set; `labels` (N,) class numbers, (N, F) float32 factors or None;
    `people` (N,) numbers or None.
    """

    pixels: "NDArray[Any] | JpegImages"
    tests: NDArray[np.bool_]
    labels: NDArray[Any] | None = None
    people: NDArray[Any] | None = None


def read_digits() -> RawImages:
    """Return scikit-learn's 1,797 digits, 8×8; 360 are test images, stratified by class."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    pixels = (digits.images / 16).astype(np.float32)
    rows = np.arange(len(pixels))
    _, chosen = train_test_split(
        rows, test_size=360, random_state=SEED, shuffle=True, stratify=digits.target
    )
    return RawImages(pixels, np.isin(rows, chosen), digits.target.astype(np.int64))


def draw_toy_faces(size: int, channels: int, train_count: int, test_count: int) -> RawImages:
    """Return toy faces of random factors, always the same ones; the test images come last.

    In colour they are the same faces, in 256 steps: as float32 all of them would take 295 MB.
    """
    from ae_core.data.toy_faces import BATCH, draw_faces

    factors = _factors(train_count + test_count)
    tests = np.arange(len(factors)) >= train_count
    if channels == 1:
        return RawImages(draw_faces(factors, size), tests, factors)
    from ae_core.images import to_bytes_range  # with Pillow, which the server does not need

    pixels = np.empty((len(factors), size, size, channels), np.uint8)
    for start in range(0, len(factors), BATCH):
        part = slice(start, start + BATCH)
        pixels[part] = to_bytes_range(draw_faces(factors[part], size, channels))
    return RawImages(pixels, tests, factors)


def draw_test_faces(
    count: int, channels: int, train_count: int, test_count: int
) -> NDArray[np.float32]:
    """Return the first test images of `draw_toy_faces` alone: (N, H, W, C) in [0, 1]."""
    from ae_core.data.toy_faces import draw_faces

    factors = _factors(train_count + test_count)[train_count:]
    return draw_faces(factors[:count], channels=channels)


def _factors(count: int) -> NDArray[np.float32]:
    from ae_core.data.toy_faces import sample_factors

    return sample_factors(count, np.random.default_rng(SEED))


def read_sample(path: Path) -> RawImages:
    """Return the first test images of a set and their labels, which come with the app."""
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    return RawImages(images, np.ones(len(images), bool), labels)


def read_keras_npz(path: Path) -> RawImages:
    """Read a file like Keras's mnist.npz: x_train, x_test (N, 28, 28) uint8, y_… 0–9."""
    arrays = read_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        _check_pictures(path, f"x_{part}", x, 28)
        check_numbers(path, f"y_{part}", y, len(x))
        if y.max() > 9:
            raise corrupt(path, "class", number=int(y.max()), part=f"y_{part}")
    x_train, x_test = arrays["x_train"], arrays["x_test"]
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)
    tests = np.arange(len(labels)) >= len(x_train)
    return RawImages(np.concatenate([x_train, x_test]), tests, labels)


# People with glasses, labelled by eye: the person's number and which of the ten images.
_WITH_GLASSES: Mapping[int, Collection[int]] = {
    **dict.fromkeys((1, 5, 13, 26, 27, 30, 33, 36), range(10)),
    3: (0, 1, 2, 7, 8),
    6: (3, 4, 9),
    12: (0, 1, 4, 5, 6, 7, 8, 9),
    16: (0, 1, 4, 5, 6, 7, 8, 9),
    18: (0, 1, 2, 5, 9),
    19: (0, 1, 2, 4, 6, 7, 8, 9),
    35: (8, 9),
}


def read_olivetti(path: Path) -> RawImages:
    """Read the 400 Olivetti faces from scikit-learn's file, in the order of the source's shuffle.

    All ten images of each of five people are test images.
    """
    from sklearn.datasets import fetch_olivetti_faces

    try:
        # Constant pixels cause a division by zero in scikit-learn; the check below reports them.
        with np.errstate(all="ignore"):
            faces = fetch_olivetti_faces(data_home=path.parent, download_if_missing=False)
        order = np.random.RandomState(1000).permutation(len(faces.images))
        pixels = np.asarray(faces.images, np.float32)[order]
        people = np.asarray(faces.target, np.int64)[order]
    except Exception as error:  # a damaged pickle raises almost anything
        raise corrupt(path, "unreadable", kind=type(error).__name__) from error
    if not (np.isfinite(pixels).all() and pixels.min() == 0 and pixels.max() == 1):
        raise corrupt(path, "range")
    tests = choose_people(people, 5, np.random.default_rng(SEED))
    wearing = [
        number in _WITH_GLASSES.get(person, ()) for person in range(40) for number in range(10)
    ]
    return RawImages(pixels, tests, np.array(wearing, np.int64)[order], people)


def read_lfw_crop(path: Path) -> RawImages:
    """Read faces of LFW: images (N, 64, 64) uint8, person (N,); shuffled, split by person."""
    arrays = read_npz(path, ("images", "person"))
    _check_pictures(path, "images", arrays["images"], 64)
    check_numbers(path, "person", arrays["person"], len(arrays["images"]))
    rng = np.random.default_rng(SEED)
    # The file is sorted by name; neighbours would show the same person.
    order = rng.permutation(len(arrays["person"]))
    pixels, people = arrays["images"][order], arrays["person"][order].astype(np.int64)
    count = max(1, round(len(np.unique(people)) * TEST_PEOPLE))
    return RawImages(pixels, choose_people(people, count, rng), people=people)


def choose_people(people: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a mask (N,) of the images of `count` random people: nobody is in both splits."""
    return np.isin(people, rng.permutation(np.unique(people))[:count])


def read_npz(
    path: Path, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, NDArray[Any]]:
    """Return the named arrays of an .npz without unpickling anything; optional ones may miss."""
    try:
        # NumPy does not close a file that it opened itself if the file turns out to be bad.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            missing = [key for key in keys if key not in arrays.files]
            if not missing:
                there = [key for key in optional if key in arrays.files]
                return {key: arrays[key] for key in (*keys, *there)}
    except DAMAGED as error:
        raise corrupt(path, "unreadable", kind=type(error).__name__) from error
    raise corrupt(path, "missing", parts=tuple(missing))


def _check_pictures(path: Path, key: str, pixels: NDArray[Any], size: int) -> None:
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (size, size) or len(pixels) == 0:
        shape, wanted = f"{pixels.shape} {pixels.dtype}", f"(N, {size}, {size}) uint8"
        raise corrupt(path, "shape", part=key, shape=shape, wanted=wanted)


def check_numbers(path: Path, key: str, numbers: NDArray[Any], count: int) -> None:
    """Require one non-negative whole number for each of `count` images."""
    if numbers.dtype.kind not in "iu" or numbers.shape != (count,):
        shape, wanted = f"{numbers.shape} {numbers.dtype}", f"({count},) int"
        raise corrupt(path, "shape", part=key, shape=shape, wanted=wanted)
    if numbers.min() < 0:
        raise corrupt(path, "negative", number=int(numbers.min()), part=key)
