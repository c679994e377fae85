"""A class: its code, who is in it, what its teacher allows, and what it competes in.

It knows neither what follows from that (`class_rules`) nor files (`class_book`) nor runs
(`class_wall`), and no page.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ae_core.data.loading import IMAGE_SETS, is_known
from ae_core.models.compatibility import image_shape
from ae_core.specs import LIMITS, Limit, TrainingSpec

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # read aloud: no I, L, O, 0, 1
CODE_LENGTH = 5
LONGEST_NICKNAME = 30  # characters
MOST_STUDENTS = 200  # of a class
MOST_JOINS, JOIN_SECONDS = 60, 10.0  # so many students may join within so many seconds
DAYS = 30  # that a class lasts
CLASS_LIMITS: Mapping[str, Limit] = {
    "epochs": LIMITS["epochs"],
    "runs": Limit(0, 100),  # 0: as many as a student likes
    "numbers": LIMITS["latent_dim"],
}


class ClassError(ValueError):
    """What a visitor asked of a class cannot be; the text says why, and what to do."""


@dataclass(frozen=True)
class ClassLimits:
    """What a teacher allows each student.

    Attributes:
        epochs: of a run, at most.
        image_sets: names of those to train on; empty for all.
        runs: that a student may begin, 0 for any number; a sweep counts as its runs.
    """

    epochs: int = int(LIMITS["epochs"].high)
    image_sets: tuple[str, ...] = ()
    runs: int = 0

    def __post_init__(self) -> None:
        CLASS_LIMITS["epochs"].check("epochs", self.epochs)
        CLASS_LIMITS["runs"].check("runs", self.runs)
        for name in self.image_sets:
            _check_image_set(name)


@dataclass(frozen=True)
class Challenge:
    """Who gets the best PSNR on held-out pictures with a code of few numbers?

    Attributes:
        numbers: of the code, at most.
        image_set: the pictures, of which all runs see the same.
        image_size: H = W of them; a PSNR at another size would not compare.
        begun: seconds since 1970; only runs begun later take part.
    """

    numbers: int
    image_set: str
    image_size: int
    begun: float = 0.0

    def __post_init__(self) -> None:
        CLASS_LIMITS["numbers"].check("numbers", self.numbers)
        _check_image_set(self.image_set)
        image_shape(TrainingSpec(image_set=self.image_set, image_size=self.image_size))


@dataclass(frozen=True)
class Classroom:
    """A class as its teacher has set it.

    Attributes:
        code: `CODE_LENGTH` of `CODE_LETTERS`; who knows it may join.
        key: SHA-256 of the teacher's secret, hexadecimal.
        created: seconds since 1970.
        limits: of every student's runs.
        challenge: what the class competes in, or None.
        paused: whether nobody may train now.
        cleared: seconds since 1970; runs begun earlier are not on the wall.
    """

    code: str
    key: str
    created: float
    limits: ClassLimits = ClassLimits()
    challenge: Challenge | None = None
    paused: bool = False
    cleared: float = 0.0

    @property
    def expires(self) -> float:
        """When nobody can open it any more, in seconds since 1970."""
        return self.created + DAYS * 86_400


@dataclass(frozen=True)
class Student:
    """Somebody in a class.

    Attributes:
        visitor: the opaque name of whoever owns the runs; not for other students.
        nickname: 1 to `LONGEST_NICKNAME` characters of plain text, never markup.
        joined: seconds since 1970; runs begun earlier are not on the wall.
        left: whether the student has left; coming back, ``joined`` stays.
    """

    visitor: str
    nickname: str
    joined: float
    left: bool = False

    @property
    def id(self) -> str:
        """A name that other students may see: the visitor's cannot be had from it."""
        return file_name(self.visitor)


def file_name(visitor: str) -> str:
    """Return the name under which a student is kept."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:16]


def _check_image_set(name: str) -> None:
    if not is_known(name):
        raise ValueError(f"image_set={name[:40]} must be one of {', '.join(IMAGE_SETS)}")


def to_json(thing: Classroom | Student) -> str:
    """Write a class or a student as JSON text."""
    return json.dumps(asdict(thing))


def room_from_json(text: str) -> Classroom:
    """Read what `to_json` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is not that.
    """
    about = dict(json.loads(text))
    limits, challenge = about.pop("limits"), about.pop("challenge")
    limits["image_sets"] = tuple(limits["image_sets"])
    return Classroom(
        **about,
        limits=ClassLimits(**limits),
        challenge=Challenge(**challenge) if challenge else None,
    )


def student_from_json(text: str) -> Student:
    """Read what `to_json` wrote.

    Raises:
        ValueError, TypeError: it is not that.
    """
    return Student(**json.loads(text))
