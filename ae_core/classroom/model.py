"""A class: its code and students, what its teacher allows, what it competes in, and its rules.

Everything here is a frozen value or a pure function; `store` keeps classes, `service` changes them.
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.data.user_image_sets import suggested_spec
from ae_core.data.user_sets import visible_text
from ae_core.errors import NotAllowed, UserError
from ae_core.models.compatibility import apply_setting, image_shape
from ae_core.specs import LIMITS, PRESETS, Limit, TrainingSpec

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # read aloud: no I, L, O, 0, 1
CODE_LENGTH = 5
MAX_NICKNAME = 30  # characters
MAX_STUDENTS = 200  # in a class
MAX_JOINS, JOIN_SECONDS = 60, 10.0  # at most so many students join within so many seconds
DAYS = 30  # the life of a class
CLASS_LIMITS: Mapping[str, Limit] = {
    "epochs": LIMITS["epochs"],
    "runs": Limit(0, 100),  # 0: no limit
    "latent_dim": LIMITS["latent_dim"],
}
FALLBACK_PRESET = "digits-dense"  # a dense network takes images of any size


@dataclass(frozen=True)
class ClassLimits:
    """What a teacher allows each student.

    Attributes:
        epochs: the maximum of a run.
        image_sets: the names of the allowed image sets; empty allows all.
        runs: the maximum that a student may begin, 0 for any number; a sweep counts as its runs.
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
    """The class competes for the best validation PSNR with a small code.

    Attributes:
        latent_dim: the maximum.
        image_set: all runs train on it.
        image_size: H = W; PSNRs of images of another size would not compare.
        begun: seconds since 1970; only runs begun later take part.
    """

    latent_dim: int
    image_set: str
    image_size: int
    begun: float = 0.0

    def __post_init__(self) -> None:
        CLASS_LIMITS["latent_dim"].check("latent_dim", self.latent_dim)
        card(self.image_set)
        image_shape(TrainingSpec(image_set=self.image_set, image_size=self.image_size))


@dataclass(frozen=True)
class Classroom:
    """A class as its teacher has set it.

    Attributes:
        code: `CODE_LENGTH` of `CODE_LETTERS`; everybody who knows it may join.
        key: SHA-256 of the teacher's secret, hexadecimal.
        created: seconds since 1970.
        limits: apply to every student's runs.
        challenge: the class's competition, or None.
        paused: whether nobody may train now.
        cleared: seconds since 1970; the wall leaves out runs begun earlier.
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
    """A visitor in a class.

    Attributes:
        visitor: the opaque name of the owner of the runs; other students never see it.
        nickname: 1 to `MAX_NICKNAME` characters of plain text, never markup.
        joined: seconds since 1970; the wall leaves out runs begun earlier.
        left: whether the student has left; ``joined`` stays when the student comes back.
    """

    visitor: str
    nickname: str
    joined: float
    left: bool = False

    @property
    def id(self) -> str:
        """A name that other students may see: it does not reveal the visitor's."""
        return file_name(self.visitor)


def file_name(visitor: str) -> str:
    """Return the name under which a student is kept."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:16]


def checked_nickname(typed: str) -> str:
    """Return the visible text of a nickname.

    Raises:
        UserError: nothing is left, or more than `MAX_NICKNAME` characters.
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
        code: of the class.
        nickname: from `checked_nickname`.
        others: all others who are or were in the class.
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
    """Return one text for all nicknames that differ in capitals or letter widths only."""
    return unicodedata.normalize("NFKC", nickname).casefold()


def check_submission(classroom: Classroom, specs: Sequence[TrainingSpec], begun: int) -> None:
    """Check whether a student may begin runs.

    Args:
        classroom: the student's class.
        specs: of the runs.
        begun: how many runs of the student are on the wall.

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
    """Return the name of an image set; of a visitor's set the one that its maker gave it."""
    return card(image_set).title or image_set


def challenge_preset(challenge: Challenge, limits: ClassLimits) -> tuple[TrainingSpec, str]:
    """Return settings that take part in a challenge, and the preset that they start from.

    Raises:
        UserError: its images were deleted.
    """
    for name, start in PRESETS.items():
        if start.image_set == challenge.image_set:
            with suppress(UserError):  # the layers may not allow it, e.g. a feature map as the code
                spec = _suited(start, challenge, limits)
                if spec.autoencoder.latent_dim <= challenge.latent_dim:
                    return spec, name
    known = card(challenge.image_set)
    spec = suggested_spec(known) if known.user_made else PRESETS[FALLBACK_PRESET]
    return _suited(spec, challenge, limits), FALLBACK_PRESET


def _suited(spec: TrainingSpec, challenge: Challenge, limits: ClassLimits) -> TrainingSpec:
    if spec.image_set != challenge.image_set:
        spec = apply_setting(spec, "image_set", challenge.image_set)
    for setting, value in (
        ("image_size", challenge.image_size),
        ("latent_dim", challenge.latent_dim),
        ("split", "held-out"),
        ("epochs", min(spec.epochs, limits.epochs)),
    ):
        spec = apply_setting(spec, setting, value)
    return spec
