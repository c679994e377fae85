"""The app's image sets, and the types that describe and hold any image set.

Letters: N images, H height, W width, C channels, F factors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.data.toy_faces import FACTORS
from ae_core.errors import UserError
from ae_core.storage.files import data_dir

SPLITS = ("held-out", "none")


@dataclass(frozen=True)
class ImageSetCard:
    """The description of an image set, known before it loads; see `ae_core.data.loading.card`.

    Attributes:
        name: its name in specs and links.
        kind: ``digits``, ``clothes``, ``faces``, or ``user`` for a visitor's set.
        native_size: height and width of the images in pixels.
        sizes: the sizes at which the images can be loaded, including the native one.
        train_count: training images in the usual split. LFW's counts are those of the file that the
            app is developed with; the file that the app downloads holds more.
        test_count: test images, likewise.
        file: its name in the data folder; None if no file is needed, and for a visitor's set.
        sample: its file in ``assets/images`` with the first test images, None if there is none.
        channels: what the images can be loaded as: 1 for gray, 3 for colour (RGB).
        label_names: the classes, or what is known of faces as numbers; empty without labels. The
            file of ``lfw-faces`` that the app makes has none.
        followers: for a label, those that change with it in people: its direction may change them.
        reliable: a label, and how far from 0 it may be if the others are to be measured well.
        framing: how a photo is cut for it: ``face``, close as in LFWcrop; ``head``, with its hair,
            both eyes at fixed places; or ``middle``, its middle square.
        title: the title of a visitor's set; ``assets/text`` has the titles of the others.
        revision: for a visitor's set, a number that changes whenever its images change.
        gone: whether a visitor's set was deleted.
        problem: the reason why a visitor's set cannot be trained on, None if it can.
    """

    name: str
    kind: str
    native_size: int
    sizes: tuple[int, ...]
    train_count: int
    test_count: int
    file: str | None = None
    sample: str | None = None
    channels: tuple[int, ...] = (1,)
    label_names: tuple[str, ...] = ()
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    reliable: tuple[str, float] | None = None
    framing: str = "middle"
    title: str = ""
    revision: int = 0
    gone: bool = False
    problem: UserError | None = None

    @property
    def user_made(self) -> bool:
        """Whether a visitor made the set; that visitor may change and delete it."""
        return self.kind == "user"

    @property
    def embedded(self) -> bool:
        """Whether the set comes with the app: it needs no file."""
        return self.file is None and not self.user_made

    @property
    def available(self) -> bool:
        """Whether the set loads without internet access; its file, if it has one, is not read."""
        return not self.gone and (self.file is None or (data_dir() / self.file).is_file())

    @property
    def has_tests(self) -> bool:
        """Whether test images can be shown without internet access: all, or those of the sample."""
        return self.available or self.sample is not None

    def side(self, image_size: int) -> int:
        """Return the height and width for the image size of a spec; 0 means the native size.

        Raises:
            UserError: the set cannot be loaded at that size.
        """
        side = image_size or self.native_size
        if side not in self.sizes:
            values = {"value": side, "choices": self.sizes, "image_set": self.name}
            raise UserError("one_of_for", name="image_size", **values)
        return side

    def channels_for(self, wanted: int) -> int:
        """Return the channels for those of a spec: the only ones if the set offers no choice.

        So a spec from before there was one, or changed to another set, still has images.
        """
        return wanted if wanted in self.channels else self.channels[0]

    def check_trainable(self) -> None:
        """Refuse a visitor's set that was deleted, is damaged or has too few images.

        Raises:
            UserError: see `problem`.
        """
        if self.problem is not None:
            raise type(self.problem).from_message(self.problem.message)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """The images of a set; every array is read-only.

    `test` (N, H, W, C) float32 in [0, 1]; `read_train` returns the `train_count` images of `train`.
    Labels: (N,) int64 class numbers; or (N, F) float32 factors, in [-1, 1] if they were chosen, in
    standard deviations if they were measured; or None. `label_names` name the classes or the
    factors. Groups: (N,) int64 number of the person in each image, or None.
    """

    name: str
    read_train: Callable[[], NDArray[np.float32]]
    train_count: int
    test: NDArray[np.float32]
    train_labels: NDArray[Any] | None
    test_labels: NDArray[Any] | None
    label_names: tuple[str, ...]
    train_groups: NDArray[np.int64] | None
    test_groups: NDArray[np.int64] | None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image."""
        height, width, channels = self.test.shape[1:]
        return height, width, channels

    @property
    def train(self) -> NDArray[np.float32]:
        """(N, H, W, C) float32 in [0, 1], made anew each time.

        Only the pixels as they came stay in memory: as float32 they take four times as much, and
        hardly anything asks twice.
        """
        return self.read_train()


_DIGITS = tuple("0123456789")
_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_MEASURED = (
    *("smile", "mouth_open", "eyes_open", "brows_raised", "head_turn", "face_width"),
    *("skin_light", "light_from_right", "hair_light", "beard", "background_light"),
)
_CARDS = (
    ImageSetCard(
        name="digits",
        kind="digits",
        native_size=8,
        sizes=(8, 16, 32),
        train_count=1437,
        test_count=360,
        label_names=_DIGITS,
    ),
    ImageSetCard(
        name="toy-faces",
        kind="faces",
        framing="face",
        native_size=64,
        sizes=(32, 64),
        train_count=5000,
        test_count=1000,
        channels=(1, 3),
        label_names=tuple(factor.name for factor in FACTORS),
    ),
    ImageSetCard(
        name="mnist",
        kind="digits",
        native_size=28,
        sizes=(28, 32),
        train_count=60000,
        test_count=10000,
        file="mnist.npz",
        sample="mnist.npz",
        label_names=_DIGITS,
    ),
    ImageSetCard(
        name="fashion-mnist",
        kind="clothes",
        native_size=28,
        sizes=(28, 32),
        train_count=60000,
        test_count=10000,
        file="fashion-mnist.npz",
        label_names=_CLOTHES,
    ),
    ImageSetCard(
        name="olivetti",
        kind="faces",
        framing="face",
        native_size=64,
        sizes=(32, 64),
        train_count=350,
        test_count=50,
        file="scikit_learn_data/olivetti_py3.pkz",
        label_names=("no glasses", "glasses"),
    ),
    ImageSetCard(
        name="lfw-crop",
        kind="faces",
        framing="face",
        native_size=64,
        sizes=(32, 64),
        train_count=10272,
        test_count=1678,
        file="lfwcrop_grey64.npz",
    ),
    ImageSetCard(
        name="lfw-faces",
        kind="faces",
        framing="head",
        native_size=64,
        sizes=(32, 64),
        train_count=7968,
        test_count=1398,
        file="lfw_faces.npz",
        channels=(3,),
        label_names=_MEASURED,
        followers={
            "smile": ("mouth_open", "face_width"),
            "mouth_open": ("smile", "face_width"),
            "face_width": ("smile", "mouth_open"),
        },
        reliable=("head_turn", 0.9),  # a face that looks aside shows only one half of it well
    ),
)
IMAGE_SETS: Mapping[str, ImageSetCard] = MappingProxyType({card.name: card for card in _CARDS})
