"""A visitor's own pictures as an image set: its name, its card, and which pictures are held out.

This file does not know how a set is kept (`user_sets`) or who may change it. An own set is named
``own-`` and its id; the name alone tells the size of the pictures, so that a run can still be
looked at when its set has been deleted.

Letters: N pictures.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ae_core.data.catalog import ImageSetCard
from ae_core.data.readers import RawImages
from ae_core.data.user_set_store import UserSetStore
from ae_core.data.user_sets import SIDES, UserSet
from ae_core.errors import ImageSetCorrupt, UnknownThing, UserError
from ae_core.specs import TrainingSpec, change, preset
from ae_core.storage import runs_dir

PREFIX = "own-"
PRESET = "digits-dense"  # what is suggested for a set; a dense network takes any size
MIN_PICTURES = 10  # to train on
MIN_TESTS = 2
ONE_OF = 5  # pictures is held out
SEED = 0
STEPS = 1500  # of a suggested training, after which digits-dense draws legibly
MAX_EPOCHS = 300
TERMS = "Made by visitors of this server, who keep it until they delete it"


def user_sets() -> UserSetStore:
    """The sets of this server, in ``own`` beside its runs; workers find the same ones."""
    return UserSetStore(runs_dir() / "own")


def is_user_set(name: str) -> bool:
    """Whether a name of an image set is that of an own one, deleted or not."""
    if not name.startswith(PREFIX):
        return False
    try:
        user_sets().path(name.removeprefix(PREFIX))
    except UnknownThing:
        return False
    return True


def name_of(own: UserSet) -> str:
    """The name of an own set as an image set."""
    return PREFIX + own.id


def is_gone(name: str) -> bool:
    """Whether a name is that of an own set that was deleted."""
    return is_user_set(name) and not user_sets().path(name.removeprefix(PREFIX)).is_file()


def user_set(name: str) -> UserSet:
    """What is known of an own set.

    Raises:
        UnknownThing: it was deleted.
        ImageSetCorrupt: its file does not read.
    """
    return user_sets().get(name.removeprefix(PREFIX))


def check_trainable(name: str) -> None:
    """Check that a set, if it is an own one, is there and has enough pictures.

    Raises:
        UnknownThing: it was deleted.
        ImageSetCorrupt: its file does not read.
        ValueError: it has too few pictures to train on.
    """
    if is_user_set(name) and user_set(name).count < MIN_PICTURES:
        raise _too_few(user_set(name))


def _too_few(own: UserSet) -> UserError:
    return UserError("set_small", name=own.name, count=own.count, least=MIN_PICTURES)


def revision(name: str) -> int:
    """A number that changes whenever the pictures do; 0 for other sets and deleted ones."""
    if not is_user_set(name):
        return 0
    try:
        return user_set(name).changes
    except (UnknownThing, ImageSetCorrupt):
        return 0


def card_of(name: str) -> ImageSetCard:
    """The card of an own set; of a deleted or damaged one, too, with no pictures."""
    try:
        return _card(user_set(name))
    except (UnknownThing, ImageSetCorrupt):
        about = "These pictures were deleted, or do not read any more."
        side = int(name.removeprefix(PREFIX)[:2])
        return _filled(name, side, "Deleted pictures", about, 0, 0)


@lru_cache(maxsize=256)
def _card(own: UserSet) -> ImageSetCard:
    """A `UserSet` of another state is another one."""
    tests = int(_held_out(user_sets().images(own.id).numbers).sum())
    about = f"{own.count} pictures that were drawn or uploaded here."
    return _filled(name_of(own), own.side, own.name, about, own.count - tests, tests)


def _filled(
    name: str, side: int, title: str, about: str, train_count: int, test_count: int
) -> ImageSetCard:
    # 28 pixels get a margin on their way to 32, as MNIST's do; 64 are reduced.
    sizes = tuple(size for size in SIDES if size == side or size == 32)
    return ImageSetCard(
        name=name,
        title=title,
        about=about,
        kind="own",
        native_size=side,
        sizes=sizes,
        channels=1,
        train_count=train_count,
        test_count=test_count,
        embedded=False,
        file=None,
        terms=TERMS,
    )


def read_user_set(name: str) -> RawImages:
    """The pictures of an own set as they are now.

    Raises:
        UnknownThing: it was deleted.
        ImageSetCorrupt: its file does not read.
        ValueError: it has too few pictures to train on.
    """
    own = user_set(name)
    images = user_sets().images(own.id)
    if len(images.numbers) < MIN_PICTURES:
        raise _too_few(own)
    return RawImages(images.pixels, _held_out(images.numbers))


def _held_out(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True (N,) for one of every five numbers, drawn by lot.

    A picture stays on its side while others come and go: a model is never shown what it was tested
    on. Only when fewer than `MIN_TESTS` are left, the first ones take their place.
    """
    if not len(numbers):
        return np.zeros(0, np.bool_)
    blocks = numbers // ONE_OF
    lots = np.random.default_rng(SEED).integers(0, ONE_OF, size=int(blocks.max()) + 1)
    tests: NDArray[np.bool_] = numbers % ONE_OF == lots[blocks]
    if tests.sum() < MIN_TESTS or (~tests).sum() < MIN_TESTS:
        tests = np.arange(len(numbers)) < MIN_TESTS
    return tests


def suggested(own: UserSet) -> TrainingSpec:
    """A training that suits an own set: a small dense network, more epochs for fewer pictures."""
    spec = preset(PRESET).spec
    steps = max(1, own.count * (ONE_OF - 1) // (ONE_OF * spec.batch_size))
    epochs = min(max(STEPS // steps, spec.epochs), MAX_EPOCHS)
    return change(spec, image_set=name_of(own), image_size=own.side, epochs=epochs)
