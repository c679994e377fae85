"""A visitor's image set and its images.

They are only the S×S pixels and the number of each image: no uploaded file, no file name, no camera
data.

Letters: N images, S side, C channels: 1 for gray, 3 for colour.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import UnknownThing, UserError
from ae_core.specs.limits import CHANNELS
from ae_core.storage.files import check_time
from ae_core.text.typed import visible_text

SIDES = (28, 32, 64)  # pixels
MAX_NAME = 40  # characters
MAX_NUMBER = 10_000_000  # of an image, for a split that is drawn quickly
PREFIX = "own-"  # begins a set's name among the image sets
SET_ID = re.compile(r"(28|32|64)-[0-9a-f]{12}")


@dataclass(frozen=True)
class UserSet:
    """A visitor's set without its images.

    Attributes:
        id: its side, a dash and twelve hexadecimal digits that nobody can guess.
        name: its owner's name for it, 1 to `MAX_NAME` characters.
        owner: an opaque name for the visitor who made it.
        created: seconds since 1970.
        count: the number of images.
        next_number: the number of the next image; no number is reused.
        changes: the number of changes so far.
        channels: C; a set is in colour from its first coloured image on.
    """

    id: str
    name: str
    owner: str
    created: float
    count: int = 0
    next_number: int = 0
    changes: int = 0
    channels: int = 1

    @property
    def image_set(self) -> str:
        """The name of the set among the image sets."""
        return PREFIX + self.id

    @property
    def side(self) -> int:
        """The height and width of the images in pixels, taken from the id."""
        return int(self.id[:2])


@dataclass(frozen=True, eq=False)
class UserImages:
    """The images of a set: pixels (N, S, S, C) uint8, 0 black, and their numbers (N,) int64."""

    pixels: NDArray[np.uint8]
    numbers: NDArray[np.int64]

    @classmethod
    def empty(cls, side: int) -> "UserImages":
        """Return no images (0, S, S, 1)."""
        return cls(np.zeros((0, side, side, 1), np.uint8), np.zeros(0, np.int64))

    def append(self, pixels: NDArray[np.uint8], first: int) -> "UserImages":
        """Return these images plus others (M, S, S, C), numbered from ``first``.

        If one kind is gray and the other in colour, all are in colour.
        """
        numbers = np.arange(first, first + len(pixels), dtype=np.int64)
        both = self.pixels, pixels
        channels = max(each.shape[3] for each in both)
        shown = [np.broadcast_to(each, (*each.shape[:3], channels)) for each in both]
        return UserImages(np.concatenate(shown), np.concatenate([self.numbers, numbers]))

    def remove(self, number: int) -> "UserImages":
        """Return the images without the one with a number, if there is one."""
        kept = self.numbers != number
        return UserImages(self.pixels[kept], self.numbers[kept])


def unknown_set(set_id: str) -> UnknownThing:
    """Return the error for an id without a set, or of a deleted one."""
    return UnknownThing("unknown_set", id=set_id)


def checked_name(name: str) -> str:
    """Return the visible text of a name; refuse an empty or too long one."""
    short = visible_text(name)
    if not 1 <= len(short) <= MAX_NAME:
        raise UserError("set_name", name=short, count=len(short), most=MAX_NAME)
    return short


def check_images(user_set: UserSet, images: UserImages) -> None:
    """Raise a ValueError unless the images and the counts of a set belong together."""
    shape = (len(images.numbers), user_set.side, user_set.side, user_set.channels)
    fits = images.pixels.dtype == np.uint8 and images.pixels.shape == shape
    fits = fits and images.numbers.dtype == np.int64 and images.numbers.ndim == 1
    if not fits:
        raise ValueError("a set must hold N square images and N numbers")
    check_time("created", user_set.created)
    if user_set.channels not in CHANNELS:
        raise ValueError(f"channels={user_set.channels} must be one of {CHANNELS}")
    if not 0 <= user_set.next_number <= MAX_NUMBER or user_set.changes < 0:
        raise ValueError(f"next_number and changes must be 0 or more, at most {MAX_NUMBER}")
    known = images.numbers
    if len(known) and (known[0] < 0 or known[-1] >= user_set.next_number):
        raise ValueError("numbers must lie between 0 and the next one")
    if (np.diff(known) < 1).any():
        raise ValueError("numbers must rise")
