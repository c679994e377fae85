"""A class: its code, students, limits, challenge and rules.

Everything here is a frozen value or a pure function; `service` keeps classes and changes them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.errors import NotAllowed, UserError
from ae_core.models.compatibility import image_shape
from ae_core.specs import LIMITS, Limit, TrainingSpec
from ae_core.text.typed import looks_like, visible_text

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # read aloud: no I, L, O, 0, 1
CODE_LENGTH = 5
MAX_NICKNAME = 30  # characters
MAX_STUDENTS = 200  # per class
MAX_JOINS, JOIN_SECONDS = 60, 10.0  # so many students may join within so many seconds
SECONDS_PER_DAY = 86_400.0
DAYS = 200  # that a class lasts after its last use
CLASS_LIMITS: Mapping[str, Limit] = {
    "epochs": LIMITS["epochs"],
    "runs": Limit(0, 100),  # 0: no limit
    "latent_dim": LIMITS["latent_dim"],
}
OWN_SEEDS = 9_999_999  # so many seeds that students begin with, from 1: two of 200 rarely share one


@dataclass(frozen=True)
class ClassLimits:
    """The limits that a teacher sets for each student.

    Attributes:
        epochs: the maximum for one run.
        image_sets: the names of the allowed image sets; an empty tuple allows all.
        runs: the maximum that a student may begin, 0 for no limit; each run of a sweep counts.
    """

    epochs: int = int(LIMITS["epochs"].high)
    image_sets: tuple[str, ...] = ()
    runs: int = 0

    def __post_init__(self) -> None:
        CLASS_LIMITS["epochs"].check("epochs", self.epochs)
        CLASS_LIMITS["runs"].check("runs", self.runs)
        for name in self.image_sets:
            card(name)


@dataclass(frozen=True)
class Challenge:
    """A class's competition for the best validation PSNR with a small code.

    Attributes:
        latent_dim: the maximum.
        image_set: the set that every run must train on.
        image_size: H = W; PSNRs at different image sizes are not comparable.
        begun: seconds since 1970; only runs that begin later take part.
        channels: 1 for gray, 3 for colour, likewise; without effect if the set offers no choice.
    """

    latent_dim: int
    image_set: str
    image_size: int
    begun: float = 0.0
    channels: int = 1

    def __post_init__(self) -> None:
        CLASS_LIMITS["latent_dim"].check("latent_dim", self.latent_dim)
        card(self.image_set)
        self.image_shape  # noqa: B018 - it raises

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images."""
        size, channels = self.image_size, self.channels
        return image_shape(TrainingSpec(self.image_set, size, channels=channels))


@dataclass(frozen=True)
class Classroom:
    """A class with the settings of its teacher.

    Attributes:
        code: `CODE_LENGTH` of `CODE_LETTERS`; everybody who knows it may join.
        key: SHA-256 of the teacher's secret, hexadecimal.
        created: seconds since 1970.
        used: its last use, in seconds since 1970, to the hour.
        teacher: an opaque name for the visitor who opened it, "" if unknown.
        limits: the limits of every student's runs.
        challenge: the class's competition, or None.
        paused: whether training is paused for the whole class.
        closed: whether nobody else may join.
        cleared: seconds since 1970; the wall leaves out runs that began earlier.
    """

    code: str
    key: str
    created: float
    used: float
    teacher: str = ""
    limits: ClassLimits = ClassLimits()
    challenge: Challenge | None = None
    paused: bool = False
    closed: bool = False
    cleared: float = 0.0

    @property
    def expires(self) -> float:
        """The time at which the class ends unless it is used, in seconds since 1970."""
        return self.used + DAYS * SECONDS_PER_DAY


@dataclass(frozen=True)
class Student:
    """A visitor in a class.

    Attributes:
        visitor: an opaque name, the owner of the runs; other students never see it.
        nickname: 1 to `MAX_NICKNAME` characters of plain text, never markup.
        joined: seconds since 1970; the wall leaves out runs that began earlier.
        left: whether the student has left; ``joined`` stays when the student comes back.
    """

    visitor: str
    nickname: str
    joined: float
    left: bool = False

    @property
    def id(self) -> str:
        """The name that other students may see; it does not reveal the visitor's name."""
        return hashlib.sha256(self.visitor.encode()).hexdigest()[:16]

    @property
    def seed(self) -> int:
        """The seed that the student's runs begin with, so that no two students train the same."""
        return int(self.id, 16) % OWN_SEEDS + 1


def written_code(typed: str) -> str:
    """Return a code as it is kept: typed ones may have spaces and small letters."""
    return "".join(typed.upper().split())


def checked_nickname(typed: str) -> str:
    """Return the visible text of a nickname.

    Raises:
        UserError: the text is empty, or longer than `MAX_NICKNAME` characters.
    """
    short = visible_text(typed)
    if not short:
        raise UserError("nickname_empty", longest=MAX_NICKNAME)
    if len(short) > MAX_NICKNAME:
        raise UserError("nickname_long", name=short, longest=MAX_NICKNAME)
    return short


def check_joining(
    code: str, nickname: str, others: Sequence[Student], now: float, *, again: bool
) -> None:
    """Check whether a visitor may join a class.

    Args:
        code: the code of the class.
        nickname: a result of `checked_nickname`.
        others: all other students who are in the class, or were and have runs of that time.
        now: seconds since 1970.
        again: whether the visitor was in the class before.

    Raises:
        UserError: the class is full, too many join at once, or the nickname is taken.
    """
    present = [student for student in others if not student.left]
    if len(present) >= MAX_STUDENTS or len(others) >= 2 * MAX_STUDENTS:
        raise UserError("class_full", code=code, most=MAX_STUDENTS)
    if not again and sum(s.joined > now - JOIN_SECONDS for s in others) >= MAX_JOINS:
        raise UserError("class_rush", most=MAX_JOINS, seconds=round(JOIN_SECONDS))
    if normalize(nickname) in {normalize(student.nickname) for student in present}:
        raise UserError("nickname_taken", code=code, name=nickname)


def normalize(nickname: str) -> str:
    """Return the same text for all nicknames that look alike, also in other capitals."""
    return looks_like(nickname)


def check_submission(classroom: Classroom, specs: Sequence[TrainingSpec], begun: int) -> None:
    """Check whether a student may begin runs.

    Args:
        classroom: the student's class.
        specs: the specs of the runs.
        begun: the number of the student's runs on the wall.

    Raises:
        NotAllowed: the class is paused, or a run exceeds a limit.
    """
    limits, code = classroom.limits, classroom.code
    if classroom.paused:
        raise NotAllowed("class_paused", code=code)
    if limits.runs and begun + len(specs) > limits.runs:
        count = begun + len(specs)
        raise NotAllowed("class_runs", count=count, most=limits.runs, begun=begun)
    for spec in specs:
        if spec.epochs > limits.epochs:
            most = limits.epochs
            raise NotAllowed("class_epochs", count=spec.epochs, most=most, remedy={"epochs": most})
        if limits.image_sets and spec.image_set not in limits.image_sets:
            raise NotAllowed(
                "class_images",
                name=_title(spec.image_set),
                names=tuple(map(_title, limits.image_sets)),
                remedy={"image_set": limits.image_sets[0]},
            )


def _title(image_set: str) -> str:
    """Return the title of an image set; for a visitor's set, the one that its owner chose."""
    return card(image_set).title or image_set
