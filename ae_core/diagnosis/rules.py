"""What is wrong with a network that does not learn, judged by the course of its run.

Every rule gives a `Finding` or None. Most ask whether the reconstructions are poor: whatever a
code looks like, it is no problem while they are good. Who asks has to wait for some steps of
training, as a network that is merely young looks much like a sick one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ae_core.diagnosis import remedies
from ae_core.diagnosis.history import Course
from ae_core.diagnosis.remedies import Remedy
from ae_core.latent.statistics import ACTIVE

POOR = 0.5  # of the pictures' variance: less than half of what makes them differ is right
VERY_POOR = 0.25
SAME = 0.02  # of the pictures' own spread: the outputs differ by less than the eye sees
STEPS_TO_DIFFER = 500  # a sigmoid code on MNIST gives all but one output for 300 and then learns
DARK = 0.02  # mean pixel of a picture that looks black
SATURATED = 0.9  # of the code's numbers; a healthy sigmoid code on MNIST has 0.73
SILENT = 0.95  # of the code's numbers: at most one unit in twenty speaks
FEW_DIMENSIONS = 0.25  # of the code: 4 of 16
HALF_THE_CODE = 0.5  # fewer in use are worth a hint
WIDE = 4  # numbers of a code that should explain more than VERY_POOR
FAST = 0.01  # for Adam and RMSprop: ten times the usual rate
SLOW = 1e-4  # a tenth of it
RISEN = 0.3  # of what the training loss had fallen: more than batches vary

PROBLEM, HINT, FINE = "problem", "hint", "fine"


@dataclass(frozen=True)
class Finding:
    """What the doctor sees.

    Attributes:
        kind: ``nan``, ``posterior_collapse``, ``unused_dimensions``, ``code_saturated``,
            ``code_mostly_zero``, ``learning_rate_high``, ``learning_rate_low``, ``black_output``,
            ``constant_output``, ``too_little_data``, ``overfitting``, ``getting_worse``,
            ``nothing_held_out``, ``still_falling``, ``flat``, ``learning`` or ``healthy``.
        severity: ``problem``, ``hint`` or ``fine``.
        values: numbers for the sentence, by name.
        remedy: flat settings to change, see `ae_core.specs.change`; may be empty.
    """

    kind: str
    severity: str
    values: Mapping[str, float] = field(default_factory=dict)
    remedy: Remedy = field(default_factory=dict)


def _poor(course: Course, below: float) -> bool:
    explained = course.at_most("explained")
    return explained is not None and explained < below


def _posterior_collapse(course: Course) -> Finding | None:
    network = course.spec.autoencoder
    if network.bottleneck != "variational":
        return None
    used = course.at_most("used_dimensions")
    divergence = course.at_most("kl")
    if used is None and divergence is not None:  # an older run
        # Each number whose mean varies by ACTIVE costs half of that: KL ≥ ½·E[μ²].
        used = min(network.latent_dim, divergence // (ACTIVE / 2))
    if used is None or used >= HALF_THE_CODE * network.latent_dim:
        return None
    values = {"used": used, "all": network.latent_dim}
    explained = course.last("explained")
    good = used > 0 and explained is not None and explained >= POOR
    if good or used > FEW_DIMENSIONS * network.latent_dim:
        return Finding("unused_dimensions", HINT, values, remedies.shorter(course.spec, int(used)))
    return Finding("posterior_collapse", PROBLEM, values, remedies.freed(course.spec))


def _code_saturated(course: Course) -> Finding | None:
    share = course.at_least("saturated_share")
    sparse = course.spec.autoencoder.bottleneck == "sparse"  # which is to be near zero
    if sparse or share is None or share < SATURATED or not _poor(course, POOR):
        return None
    return Finding("code_saturated", PROBLEM, {"share": share}, remedies.slower(course.spec))


def _code_mostly_zero(course: Course) -> Finding | None:
    network = course.spec.autoencoder
    activation = (
        network.activation if network.code_type == "feature_map" else network.code_activation
    )
    has_zero = network.bottleneck == "sparse" or activation == "relu"  # others only have a scale
    share = course.at_least("near_zero_share")
    if not has_zero or network.bottleneck == "variational" or share is None or share < SILENT:
        return None
    known = course.last("explained") is not None
    if known and not _poor(course, POOR):
        return None
    return Finding("code_mostly_zero", PROBLEM, {"share": share}, remedies.cheaper(course.spec))


def _learning_rate_high(course: Course) -> Finding | None:
    rate = course.spec.learning_rate
    # One or two numbers explain little at any rate.
    poor = _poor(course, VERY_POOR if course.spec.autoencoder.latent_dim >= WIDE else 0.0)
    fast = rate >= FAST and course.spec.optimizer != "sgd" and poor
    if not fast and course.has_risen < RISEN:
        return None
    return Finding("learning_rate_high", PROBLEM, {"rate": rate}, remedies.slower(course.spec))


def _learning_rate_low(course: Course) -> Finding | None:
    rate = course.spec.learning_rate
    slow = rate <= SLOW or course.spec.optimizer == "sgd"
    if not slow or not _poor(course, 0.0):
        return None
    return Finding("learning_rate_low", PROBLEM, {"rate": rate}, remedies.faster(course.spec))


def _constant_output(course: Course) -> Finding | None:
    spread = course.at_most("output_spread")
    if spread is None or spread >= SAME or course.steps < STEPS_TO_DIFFER:
        return None
    brightness = course.at_most("output_mean")
    dark = brightness is not None and brightness < DARK
    kind = "black_output" if dark else "constant_output"
    return Finding(kind, PROBLEM, {"spread": spread}, remedies.revived(course.spec))


# The causes that can be told before the mere effect, which is last.
SYMPTOMS = (
    _posterior_collapse,
    _code_saturated,
    _code_mostly_zero,
    _learning_rate_high,
    _learning_rate_low,
    _constant_output,
)
