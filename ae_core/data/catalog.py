"""What an image set is, and the catalogue of those the app knows.

This file does not know how a set is found, read or drawn; reading it loads nothing.

Letters: N pictures, H height, W width, C channels, F factors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.data.toy_faces import FACTORS


@dataclass(frozen=True)
class ImageSetCard:
    """What is known of a set without loading anything; pictures are square, values in [0, 1].

    `kind` is "digits", "faces" or "clothes"; `sizes` hold `native_size`; the counts are those of
    the usual split; `file` is relative to the data folder, None for an embedded set. LFW's counts
    are those of the file that the project is developed with: one made by `downloads` holds more.
    """

    name: str
    title: str
    about: str
    kind: str
    native_size: int
    sizes: tuple[int, ...]
    channels: int
    train_count: int
    test_count: int
    embedded: bool
    file: str | None
    terms: str


@dataclass(frozen=True, eq=False)
class ImageSet:
    """The pictures of a set; every array is read-only.

    `train`, `test` (N, H, W, C) float32 in [0, 1]. Labels: (N,) int64 class numbers, for toy faces
    (N, F) float32 factors in [-1, 1], or None; `label_names` name the classes or the factors.
    Groups: (N,) int64 numbers of the person on each picture, or None.
    """

    name: str
    train: NDArray[np.float32]
    test: NDArray[np.float32]
    train_labels: NDArray[Any] | None
    test_labels: NDArray[Any] | None
    label_names: tuple[str, ...]
    train_groups: NDArray[np.int64] | None
    test_groups: NDArray[np.int64] | None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one picture."""
        height, width, channels = self.train.shape[1:]
        return height, width, channels


_CARDS = (
    ImageSetCard(
        name="digits",
        title="Tiny digits",
        about="1,797 handwritten digits, only 8×8 pixels each: a network learns them in seconds.",
        kind="digits",
        native_size=8,
        sizes=(8, 16, 32),
        channels=1,
        train_count=1437,
        test_count=360,
        embedded=True,
        file=None,
        terms="Optical Recognition of Handwritten Digits, UCI, CC BY 4.0",
    ),
    ImageSetCard(
        name="toy-faces",
        title="Toy faces",
        about="Cartoon faces drawn from eight known properties, to compare with what is learned.",
        kind="faces",
        native_size=64,
        sizes=(32, 64),
        channels=1,
        train_count=5000,
        test_count=1000,
        embedded=True,
        file=None,
        terms="Drawn by this app; free to use",
    ),
    ImageSetCard(
        name="mnist",
        title="MNIST digits",
        about="70,000 handwritten digits, the classic first exercise.",
        kind="digits",
        native_size=28,
        sizes=(28, 32),
        channels=1,
        train_count=60000,
        test_count=10000,
        embedded=False,
        file="mnist.npz",
        terms="Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    ),
    ImageSetCard(
        name="fashion-mnist",
        title="Fashion-MNIST",
        about="70,000 pictures of clothes, shoes and bags: like MNIST, but harder.",
        kind="clothes",
        native_size=28,
        sizes=(28, 32),
        channels=1,
        train_count=60000,
        test_count=10000,
        embedded=False,
        file="fashion-mnist.npz",
        terms="Zalando SE, MIT licence",
    ),
    ImageSetCard(
        name="olivetti",
        title="Olivetti faces",
        about="400 portraits of 40 people under steady light.",
        kind="faces",
        native_size=64,
        sizes=(32, 64),
        channels=1,
        train_count=350,
        test_count=50,
        embedded=False,
        file="scikit_learn_data/olivetti_py3.pkz",
        terms="AT&T Laboratories Cambridge, free for research",
    ),
    ImageSetCard(
        name="lfw-crop",
        title="Faces in the wild",
        about="Thousands of faces from news photos, in every light and mood.",
        kind="faces",
        native_size=64,
        sizes=(32, 64),
        channels=1,
        train_count=10272,
        test_count=1678,
        embedded=False,
        file="lfwcrop_grey64.npz",
        terms="LFW / LFWcrop, for research and teaching",
    ),
)
IMAGE_SETS: Mapping[str, ImageSetCard] = MappingProxyType({card.name: card for card in _CARDS})

_DIGITS = tuple("0123456789")
LABEL_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "digits": _DIGITS,
        "toy-faces": tuple(factor.name for factor in FACTORS),
        "mnist": _DIGITS,
        "olivetti": ("no glasses", "glasses"),
        "fashion-mnist": (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    }
)
