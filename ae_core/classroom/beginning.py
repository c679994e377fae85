"""The settings with which students of a class begin: their own seed, and a run to improve on."""

from contextlib import suppress
from dataclasses import replace

from ae_core.classroom.model import Challenge, ClassLimits, Classroom, Student
from ae_core.data.loading import card
from ae_core.data.user_image_sets import suggested_spec
from ae_core.errors import UserError
from ae_core.models.compatibility import apply_setting
from ae_core.specs import PRESETS, TrainingSpec

USUAL_PRESET = "digits-dense"  # a dense network takes images of any size
# A challenge begins weak on purpose: what made it weak is what students find and turn.
WEAK_EPOCHS, WEAK_RATE, WEAK_CODE = 5, 0.2, 0.5  # epochs; shares of the usual rate and code


def first_settings(classroom: Classroom, student: Student) -> tuple[TrainingSpec, str]:
    """Return the settings of a student's first run, and the preset that they start from.

    Raises:
        UserError: the images that the class asks for were deleted.
    """
    challenge, limits = classroom.challenge, classroom.limits
    if challenge is not None:
        spec, name = challenge_preset(challenge, limits)
    else:
        spec, name = PRESETS[USUAL_PRESET], USUAL_PRESET
        if limits.image_sets and spec.image_set not in limits.image_sets:
            spec = _on(spec, limits.image_sets[0])
        spec = replace(spec, epochs=min(spec.epochs, limits.epochs))
    return replace(spec, seed=student.seed), name


def challenge_preset(challenge: Challenge, limits: ClassLimits) -> tuple[TrainingSpec, str]:
    """Return settings that qualify for a challenge, and the preset that they start from.

    They are weak on purpose: few epochs, a low learning rate, a small code.

    Raises:
        UserError: the challenge's images were deleted.
    """
    for name, start in PRESETS.items():
        if start.image_set == challenge.image_set:
            with suppress(UserError):  # the layers may not allow it, e.g. a feature map as the code
                spec = _suited(start, challenge, limits)
                if spec.autoencoder.latent_dim <= challenge.latent_dim:
                    return spec, name
    known = card(challenge.image_set)
    spec = suggested_spec(known) if known.user_made else PRESETS[USUAL_PRESET]
    return _suited(spec, challenge, limits), USUAL_PRESET


def _suited(spec: TrainingSpec, challenge: Challenge, limits: ClassLimits) -> TrainingSpec:
    spec = _on(spec, challenge.image_set)
    for setting, value in (
        ("channels", challenge.channels),
        ("image_size", challenge.image_size),
        ("latent_dim", max(1, int(challenge.latent_dim * WEAK_CODE))),
        ("split", "held-out"),
        ("epochs", min(spec.epochs, limits.epochs, WEAK_EPOCHS)),
        ("learning_rate", spec.learning_rate * WEAK_RATE),
    ):
        spec = apply_setting(spec, setting, value)
    return spec


def _on(spec: TrainingSpec, image_set: str) -> TrainingSpec:
    return spec if spec.image_set == image_set else apply_setting(spec, "image_set", image_set)
