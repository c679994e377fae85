"""Visitors' sets among the image sets: their cards, their images, what is held out.

A set's name, ``own-`` and its id, tells the size of its images, so that a run can still be looked
at when its set has been deleted.

Letters: N images.
"""

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ae_core.data.catalog import ImageSetCard
from ae_core.data.readers import RawImages
from ae_core.data.user_set_store import UserSetStore
from ae_core.data.user_sets import PREFIX, SET_ID, SIDES, UserSet
from ae_core.errors import ImageSetCorrupt, UnknownThing, UserError
from ae_core.specs import TrainingSpec, change, preset
from ae_core.storage import runs_dir

PRESET = "digits-dense"  # what is suggested for a set; a dense network takes any size
MIN_IMAGES = 10  # to train on
MIN_TESTS = 2
TEST_EVERY = 5  # images, of which one is held out
SEED = 0
STEPS = 1500  # of a suggested training, after which digits-dense draws legibly
MAX_EPOCHS = 300
_NAME = re.compile(PREFIX + SET_ID.pattern)


def user_sets() -> UserSetStore:
    """Return the store of this server's sets, ``own`` beside its runs; workers find the same."""
    return _store(str(runs_dir()))


@lru_cache(maxsize=4)
def _store(runs: str) -> UserSetStore:
    return UserSetStore(Path(runs, "own"))


def is_user_set(name: str) -> bool:
    """Whether a name of an image set is that of a visitor's set, deleted or not."""
    return _NAME.fullmatch(name) is not None


def user_card(name: str) -> ImageSetCard:
    """Return the card of a visitor's set; that of a deleted or damaged one counts no images."""
    set_id = name.removeprefix(PREFIX)
    try:
        return _card(user_sets().get(set_id))
    except (UnknownThing, ImageSetCorrupt) as error:
        return _filled(UserSet(set_id, "", "", 0.0), 0, error)


@lru_cache(maxsize=256)
def _card(found: UserSet) -> ImageSetCard:
    """Return a set's card; a set that was changed is another argument."""
    tests = int(_held_out(user_sets().read(found.id)[1].numbers).sum())
    return _filled(found, tests, _too_few(found) if found.count < MIN_IMAGES else None)


def _filled(found: UserSet, tests: int, problem: UserError | None) -> ImageSetCard:
    return ImageSetCard(
        name=found.image_set,
        kind="user",
        native_size=found.side,
        # 28 pixels get a margin on their way to 32, as MNIST's do; 64 are reduced.
        sizes=tuple(size for size in SIDES if size in (found.side, 32)),
        train_count=found.count - tests,
        test_count=tests,
        title=found.name,
        revision=found.changes,
        gone=isinstance(problem, UnknownThing),
        problem=problem,
    )


def _too_few(found: UserSet) -> UserError:
    return UserError("set_small", name=found.name, count=found.count, least=MIN_IMAGES)


def read_user_set(name: str) -> RawImages:
    """Return the images of a visitor's set as they are now.

    Raises:
        UnknownThing: it was deleted.
        ImageSetCorrupt: its file does not read.
        UserError: it has too few images to train on.
    """
    found, images = user_sets().read(name.removeprefix(PREFIX))
    if found.count < MIN_IMAGES:
        raise _too_few(found)
    return RawImages(images.pixels, _held_out(images.numbers))


def _held_out(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return True (N,) for one of every five numbers, drawn at random.

    An image stays on its side while others come and go: no model is tested on images that it was
    trained on. Only where fewer than `MIN_TESTS` are left, the first ones take their place.
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
    """Return a training that suits a visitor's set: the fewer images, the more epochs.

    Raises:
        UserError: the set was deleted or is damaged.
    """
    if not card.train_count:
        card.check_trainable()
    spec = preset(PRESET)
    count = card.train_count + card.test_count
    steps = max(1, count * (TEST_EVERY - 1) // (TEST_EVERY * spec.batch_size))
    epochs = min(max(STEPS // steps, spec.epochs), MAX_EPOCHS)
    return change(spec, image_set=card.name, image_size=card.native_size, epochs=epochs)
