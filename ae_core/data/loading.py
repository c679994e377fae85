"""Finds the card and the images of an image set by its name.

Letters: N images, H height, W width, C channels, F factors.
"""

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.data import readers, user_image_sets
from ae_core.data.catalog import IMAGE_SETS, SPLITS, ImageSet, ImageSetCard
from ae_core.data.download import read_or_download
from ae_core.data.lfw_faces import JpegImages
from ae_core.data.readers import RawImages
from ae_core.errors import ImageSetUnavailable, UnknownThing, UserError
from ae_core.storage.files import ROOT, data_dir


def card(name: str) -> ImageSetCard:
    """Return the card of an image set, either a visitor's or one of the app's.

    Raises:
        UserError: there is no such set.
    """
    if name in IMAGE_SETS:
        return IMAGE_SETS[name]
    if user_image_sets.is_user_set(name):
        return user_image_sets.user_card(name)
    raise UserError("one_of", name="image_set", value=name, choices=tuple(IMAGE_SETS))


def load_images(name: str, size: int = 0, split: str = "held-out", channels: int = 1) -> ImageSet:
    """Load a set at one of its card's sizes, 0 for the native one, in gray (1) or colour (3).

    A set that offers only one of these is loaded as that.

    Split "held-out" is the usual split into train and test, always the same; no person is in both.
    With "none", train holds all images and test stays the same: this reproduces recipes whose
    source trains on all images. The error on that test set says nothing about new images.

    A missing file is downloaded and kept in `data_dir()`; if that folder is read-only, the set is
    used from memory and downloaded again next time. The last two sets stay in memory, but never a
    visitor's set, which may change or be deleted.

    Raises:
        UserError: there is no such name, size or split, or a visitor's set has too few images.
        ImageSetUnavailable: the file is missing and could not be downloaded, or was deleted.
        ImageSetCorrupt: the content of the file is wrong.
    """
    known = card(name)
    size, channels = known.side(size), known.channels_for(channels)
    if split not in SPLITS:
        raise UserError("one_of", name="split", value=split, choices=SPLITS)
    if not known.user_made:
        return _load(name, size, split, channels, data_dir())
    try:
        return _made(known, user_image_sets.read_user_set(name, channels), size, split)
    except UnknownThing as error:
        raise ImageSetUnavailable.from_message(error.message) from error


def load_tests(name: str, size: int = 0, split: str = "held-out", channels: int = 1) -> ImageSet:
    """Load a set for its test images; raises like `load_images`.

    Where its file is missing, and the app has a sample of it, those are the sample's, which are the
    first ones of the set, and there are no training images.
    """
    known = card(name)
    if known.available or known.sample is None:
        return load_images(name, size, split, channels)
    return _load_sample(known.sample, name, known.side(size))


@lru_cache(maxsize=2)
def _load_sample(file: str, name: str, size: int) -> ImageSet:
    found = readers.read_sample(ROOT / "assets" / "images" / file)
    return _made(IMAGE_SETS[name], found, size, "held-out")


@lru_cache(maxsize=2)
def _load(name: str, size: int, split: str, channels: int, folder: Path) -> ImageSet:
    """Load a set of the app; the folder is an argument because it is part of the cache key."""
    known = IMAGE_SETS[name]
    if name == "digits":
        found = readers.read_digits()
    elif name == "toy-faces":
        found = readers.draw_toy_faces(size, channels, known.train_count, known.test_count)
    else:
        found = read_or_download(known, folder)
    return _made(known, found, size, split)


def _made(card: ImageSetCard, found: RawImages, size: int, split: str) -> ImageSet:
    pixels = found.pixels
    if not isinstance(pixels, JpegImages) and pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    tests, labels, people = found.tests, found.labels, found.people
    trains = np.ones_like(tests) if split == "none" else ~tests
    return ImageSet(
        name=card.name,
        read_train=partial(_train, pixels, trains, size),
        train_count=int(trains.sum()),
        test=_frozen(_sized(pixels[tests], size)),
        train_labels=None if labels is None else _frozen(labels[trains]),
        test_labels=None if labels is None else _frozen(labels[tests]),
        label_names=() if labels is None else card.label_names,
        train_groups=None if people is None else _frozen(people[trains]),
        test_groups=None if people is None else _frozen(people[tests]),
    )


def _train(
    pixels: NDArray[Any] | JpegImages, chosen: NDArray[np.bool_], size: int
) -> NDArray[np.float32]:
    return _frozen(_sized(pixels[chosen], size))


def _sized(pixels: NDArray[Any] | JpegImages, size: int) -> NDArray[np.float32]:
    """Resize pixels (N, H, H, C), uint8 or float32, to (N, size, size, C) float32 in [0, 1].

    Compressed images have C = 3.
    """
    if isinstance(pixels, JpegImages):
        return pixels.decoded(size)
    native = pixels.shape[1]
    scale = np.float32(255 if pixels.dtype == np.uint8 else 1)
    if native == size and pixels.dtype == np.float32:
        return pixels
    sized = np.zeros((len(pixels), size, size, pixels.shape[3]), dtype=np.float32)
    if native in (28, size):  # 28×28 images get a margin: their strokes keep their thickness
        edge = (size - native) // 2
        inner = slice(edge, edge + native)
        np.divide(pixels, scale, out=sized[:, inner, inner])
        return sized
    from ae_core.images import bicubic  # with Pillow, which the server does not need for a card

    for index, picture in enumerate(pixels):
        sized[index] = bicubic(picture / scale, size)
    return sized


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array
