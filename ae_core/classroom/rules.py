"""What follows from how a class is set: names that may stand on its wall, runs that may begin.

It knows neither files nor runs that have begun.
"""

import unicodedata
from collections.abc import Mapping, Sequence

from ae_core.classroom.model import (
    JOIN_SECONDS,
    LONGEST_NICKNAME,
    MOST_JOINS,
    MOST_STUDENTS,
    Challenge,
    ClassError,
    ClassLimits,
    Classroom,
    Student,
)
from ae_core.data.loading import card
from ae_core.data.user_image_sets import is_own, own_set, suggested
from ae_core.data.user_set import OwnSetCorrupt
from ae_core.models.compatibility import with_setting
from ae_core.specs import PRESETS, TrainingSpec, preset
from ae_core.specs.serialization import Value

FALLBACK_PRESET = "digits-dense"  # a dense network takes pictures of any size


class NotAllowed(ClassError):
    """A class does not allow a run.

    Attributes:
        remedy: settings that would be allowed, by name; empty if no setting helps.
    """

    def __init__(self, message: str, remedy: Mapping[str, Value] | None = None) -> None:
        """Say what is not allowed, and which settings would be."""
        super().__init__(message)
        self.remedy = dict(remedy or {})


def checked_nickname(typed: str) -> str:
    """Return a nickname without what cannot be seen.

    Raises:
        ClassError: nothing is left, or too much.
    """
    seen = "".join(letter if letter.isprintable() else " " for letter in typed)
    short = " ".join(seen.split())
    if not 1 <= len(short) <= LONGEST_NICKNAME:
        raise ClassError(
            f"nickname={short[:40]} must be 1 to {LONGEST_NICKNAME} characters: "
            f"{'type a shorter one' if short else 'type a name for the wall'}"
        )
    return short


def check_joining(
    code: str, nickname: str, others: Sequence[Student], now: float, *, again: bool
) -> None:
    """Check whether somebody may join a class.

    Args:
        code: of the class.
        nickname: a checked one.
        others: all others who are or were in the class.
        now: seconds since 1970.
        again: whether it is somebody who was there before.

    Raises:
        ClassError: the class is full, many join it at once, or the nickname is taken.
    """
    there = [student for student in others if not student.left]
    if len(there) >= MOST_STUDENTS or len(others) >= 2 * MOST_STUDENTS:
        raise ClassError(
            f"students={MOST_STUDENTS + 1} must be at most {MOST_STUDENTS} in class {code}: "
            "ask your teacher to open a second one"
        )
    if not again and sum(s.joined > now - JOIN_SECONDS for s in others) >= MOST_JOINS:
        raise ClassError(
            f"students={MOST_JOINS + 1} must be at most {MOST_JOINS} that join within "
            f"{JOIN_SECONDS:.0f} seconds: wait a moment and join again"
        )
    if any(_folded(nickname) == _folded(student.nickname) for student in there):
        raise ClassError(
            f"nickname={nickname} must be one that nobody has in class {code} yet: "
            "add a letter or a number"
        )


def _folded(nickname: str) -> str:
    """Return what is the same for nicknames that differ in capitals or widths only."""
    return unicodedata.normalize("NFKC", nickname).casefold()


def check_runs(room: Classroom, specs: Sequence[TrainingSpec], begun: int) -> None:
    """Check whether a student may begin runs.

    Args:
        room: the student's class.
        specs: of the runs.
        begun: how many runs of the student are on the wall.

    Raises:
        NotAllowed: the class is paused, or a limit is passed.
    """
    limits, code = room.limits, room.code
    if room.paused:
        raise NotAllowed(
            f"class={room.code} must go on before anybody trains: the teacher has paused it. "
            "Your settings stay; press the button again when the class goes on."
        )
    if limits.runs and begun + len(specs) > limits.runs:
        raise NotAllowed(
            f"runs={begun + len(specs)} must be at most {limits.runs} a student in class {code}: "
            f"you have begun {begun}. Ask your teacher for more."
        )
    for spec in specs:
        if spec.epochs > limits.epochs:
            raise NotAllowed(
                f"epochs={spec.epochs} must be at most {limits.epochs} in class {code}: "
                "your teacher has set this limit",
                {"epochs": limits.epochs},
            )
        if limits.image_sets and spec.image_set not in limits.image_sets:
            raise NotAllowed(
                f"image_set={_named(spec.image_set)} must be one of "
                f"{', '.join(map(_named, limits.image_sets))} in class {code}: "
                "your teacher has chosen these pictures",
                {"image_set": limits.image_sets[0]},
            )


def _named(image_set: str) -> str:
    """Return the name of an image set, an own one's as its maker called it."""
    return card(image_set).title if is_own(image_set) else image_set


def challenge_set_up(challenge: Challenge, limits: ClassLimits) -> tuple[TrainingSpec, str]:
    """Return settings with which a student can begin on a challenge, and their preset."""
    name = challenge.image_set
    of_its_own = [p.name for p in PRESETS.values() if p.spec.image_set == name]
    for start in (*of_its_own, FALLBACK_PRESET):
        try:
            spec = suggested(own_set(name)) if is_own(name) else preset(start).spec
            for setting, value in (
                *((("image_set", name),) if spec.image_set != name else ()),
                ("image_size", challenge.image_size),
                ("latent_dim", challenge.numbers),
                ("split", "held-out"),
                ("epochs", min(spec.epochs, limits.epochs)),
            ):
                spec = with_setting(spec, setting, value)
        except (ValueError, OwnSetCorrupt):
            continue  # this one's layers cannot do it, e.g. a feature map as the code
        if spec.autoencoder.latent_dim <= challenge.numbers:
            return spec, start
    raise ClassError(f"numbers={challenge.numbers} must be a code size that a network can have")
