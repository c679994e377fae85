"""Visitors' sets as image sets: their cards, their images and their split.

The name of a set, ``own-`` and its id, contains the size of its images, so that a run can still be
viewed after its set was deleted.

Letters: N images.
"""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ae_core.data.catalog import ImageSetCard
from ae_core.data.readers import RawImages
from ae_core.data.user_set_store import UserSetStore
from ae_core.data.user_sets import PREFIX, SET_ID, SIDES, UserSet
from ae_core.errors import ImageSetCorrupt, UnknownThing, UserError
from ae_core.specs import TrainingSpec, change, preset
from ae_core.specs.limits import CHANNELS
from ae_core.storage.database import database_in
from ae_core.storage.files import runs_dir

PRESET = "digits-dense"  # suggested for every set: a dense network takes images of any size
MIN_IMAGES = 10  # needed for training
MIN_TESTS = 2
TEST_EVERY = 5  # one image in five is held out
SEED = 0
STEPS = 1500  # of a suggested training; by then digits-dense draws legible digits
MAX_EPOCHS = 300
_NAME = re.compile(PREFIX + SET_ID.pattern)


def user_sets() -> UserSetStore:
    """Return the store of this server's sets, in the database of its runs; workers use it, too."""
    return UserSetStore(database_in(runs_dir()))


def is_user_set(name: str) -> bool:
    """Return whether a name is that of a visitor's set, deleted or not."""
    return _NAME.fullmatch(name) is not None


def user_card(name: str) -> ImageSetCard:
    """Return the card of a visitor's set; if the set is deleted or damaged, it counts no images."""
    set_id = name.removeprefix(PREFIX)
    try:
        return _card(user_sets().get(set_id))
    except (UnknownThing, ImageSetCorrupt) as error:
        # A run with its pictures may have been in colour: it can still be looked at.
        return _filled(UserSet(set_id, "", "", 0.0, channels=3), 0, error)


@lru_cache(maxsize=256)
def _card(found: UserSet) -> ImageSetCard:
    """Return a set's card, cached; a changed set is another cache key."""
    tests = int(_held_out(user_sets().read(found.id)[1].numbers).sum())
    return _filled(found, tests, _too_few(found) if found.count < MIN_IMAGES else None)


def _filled(found: UserSet, tests: int, problem: UserError | None) -> ImageSetCard:
    return ImageSetCard(
        name=found.image_set,
        kind="user",
        native_size=found.side,
        # Images of 28 pixels get a margin to reach 32, as MNIST's do; those of 64 are reduced.
        sizes=tuple(size for size in SIDES if size in (found.side, 32)),
        train_count=found.count - tests,
        test_count=tests,
        channels=CHANNELS if found.channels == 3 else (1,),
        title=found.name,
        revision=found.changes,
        gone=isinstance(problem, UnknownThing),
        problem=problem,
    )


def _too_few(found: UserSet) -> UserError:
    return UserError("set_small", name=found.name, count=found.count, least=MIN_IMAGES)


def read_user_set(name: str, channels: int) -> RawImages:
    """Return the current images of a visitor's set, in gray (1) or in colour (3).

    Raises:
        UnknownThing: the set was deleted.
        ImageSetCorrupt: its images cannot be read.
        UserError: it has too few images for training.
    """
    found, images = user_sets().read(name.removeprefix(PREFIX))
    if found.count < MIN_IMAGES:
        raise _too_few(found)
    pixels = images.pixels
    if channels != pixels.shape[3]:
        from ae_core.images import luma  # with Pillow, which the server does not need for a card

        pixels = luma(pixels)
    return RawImages(pixels, _held_out(images.numbers))


def _held_out(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a mask (N,) of the held-out numbers: a pseudorandom one in five.

    An image stays in its split while others are added and removed, so that no model is tested on
    its training images. Only if fewer than `MIN_TESTS` are left, the first images are held out.
    """
    if not len(numbers):
        return np.zeros(0, np.bool_)
    blocks = numbers // TEST_EVERY
    lots = np.random.default_rng(SEED).integers(0, TEST_EVERY, size=int(blocks.max()) + 1)
    tests: NDArray[np.bool_] = numbers % TEST_EVERY == lots[blocks]
    if tests.sum() < MIN_TESTS or (~tests).sum() < MIN_TESTS:
        tests = np.arange(len(numbers)) < MIN_TESTS
    return tests


def suggested_spec(card: ImageSetCard) -> TrainingSpec:
    """Return a spec that suits a visitor's set and its colours: the fewer images, the more epochs.

    Raises:
        UserError: the set was deleted or is damaged.
    """
    if not card.train_count:
        card.check_trainable()
    spec = preset(PRESET)
    count = card.train_count + card.test_count
    steps = max(1, count * (TEST_EVERY - 1) // (TEST_EVERY * spec.batch_size))
    epochs = min(max(STEPS // steps, spec.epochs), MAX_EPOCHS)
    size, channels = card.native_size, card.channels[-1]
    return change(spec, image_set=card.name, image_size=size, channels=channels, epochs=epochs)
