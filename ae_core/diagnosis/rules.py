"""The doctor's rules, which detect from a run's history that a network does not learn.

Every rule returns a `Finding` or None. Most rules require poor reconstructions: as long as these
are good, no code is a problem. They apply after `ae_core.diagnosis.doctor.EARLY_STEPS` of training;
`YOUNG_RULES` detect what no young network has, and apply at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ae_core.diagnosis import remedies
from ae_core.diagnosis.history import RunHistory
from ae_core.diagnosis.remedies import Remedy
from ae_core.latent.statistics import ACTIVE

POOR = 0.5  # share of the images' variance explained: most of their differences are lost
VERY_POOR = 0.25
SAME = 0.02  # share of the images' own spread: the differences between outputs are invisible
STEPS_TO_DIFFER = 500  # a sigmoid code on MNIST gives a constant output for 300, then learns
DARK = 0.02  # mean pixel value of an image that looks black
SATURATED = 0.9  # share of the units; a healthy sigmoid code on MNIST has 0.73
SILENT = 0.95  # share of the units: at most one in twenty is active
COLLAPSED = 0.25  # share of the latent dimensions in use: 4 of 16
HALF_THE_CODE = 0.5  # of the latent dimensions: fewer in use deserve a hint
WIDE = 4  # latent dimensions that should explain more than VERY_POOR
# What the explained share of the images' variance is called, from its least value on.
GRADES = ((0.9, "very_good"), (0.75, "good"), (POOR, "fair"), (0.0, "poor"))
FAST = 0.01  # learning rate of Adam and RMSprop: ten times the usual one
SLOW = 1e-4  # a tenth of the usual one
# Steps after which a network that learns with a large rate is better than a gray picture: every
# one of a grid of optimizers, losses and rates was after half as many.
STEPS_TO_START = 80
WORSE_THAN_GRAY = -0.5  # of `explained`: the mean image has 0, a network's first output −1 to −2
REBOUND = 0.3  # share of the training loss's fall: more than the variation between batches

PROBLEM, HINT, FINE = "problem", "hint", "fine"


@dataclass(frozen=True)
class Finding:
    """A finding of the doctor.

    Attributes:
        kind: ``nan``, ``posterior_collapse``, ``unused_dimensions``, ``code_saturated``,
            ``code_mostly_zero``, ``learning_rate_high``, ``learning_rate_low``, ``black_output``,
            ``constant_output``, ``too_little_data``, ``overfitting``, ``getting_worse``,
            ``nothing_held_out``, ``still_falling``, ``nearly_done``, ``flat``, ``too_short``,
            ``too_early``, ``learning`` or ``healthy``.
        severity: ``problem``, ``hint`` or ``fine``.
        values: the values in the sentence, by name.
        remedy: flat settings to change, see `ae_core.specs.change`; may be empty.
    """

    kind: str
    severity: str
    values: Mapping[str, float] = field(default_factory=dict)
    remedy: Remedy = field(default_factory=dict)


def grade(explained: float) -> str:
    """Return what a share of the images' variance explained, at most 1, is called."""
    return next((name for least, name in GRADES if explained >= least), "worse_than_mean")


def problem(kind: str, remedy: Remedy, **values: float) -> Finding:
    """Return a finding about something that keeps the network from learning."""
    return Finding(kind, PROBLEM, values, remedy)


def hint(kind: str, remedy: Remedy, **values: float) -> Finding:
    """Return a finding about something that could make the network better."""
    return Finding(kind, HINT, values, remedy)


def _explains_less(run: RunHistory, share: float) -> bool:
    explained = run.sustained("explained", max)
    return explained is not None and explained < share


def _posterior_collapse(run: RunHistory) -> Finding | None:
    network = run.spec.autoencoder
    if not network.is_variational:
        return None
    used, kl = run.sustained("used_dimensions", max), run.sustained("kl", max)
    if used is None and kl is not None:  # a run of an older version
        # A dimension whose mean has the variance ACTIVE costs half of it: KL ≥ ½·E[μ²].
        used = min(network.latent_dim, kl // (ACTIVE / 2))
    if used is None or used >= HALF_THE_CODE * network.latent_dim:
        return None
    values = {"used": used, "all": network.latent_dim}
    explained = run.last("explained")
    good = used > 0 and explained is not None and explained >= POOR
    if good or used > COLLAPSED * network.latent_dim:
        return hint("unused_dimensions", remedies.shrink_code(run.spec, int(used)), **values)
    return problem("posterior_collapse", remedies.reduce_kl_weight(run.spec), **values)


def _code_saturated(run: RunHistory) -> Finding | None:
    share = run.sustained("saturated_share", min)
    sparse = run.spec.autoencoder.bottleneck == "sparse"  # its code is near zero on purpose
    if sparse or share is None or share < SATURATED or not _explains_less(run, POOR):
        return None
    return problem("code_saturated", remedies.lower_learning_rate(run.spec), share=share)


def _code_mostly_zero(run: RunHistory) -> Finding | None:
    network = run.spec.autoencoder
    is_map = network.code_type == "feature_map"
    activation = network.activation if is_map else network.code_activation
    has_zero = network.bottleneck == "sparse" or activation == "relu"  # others have only a scale
    share = run.sustained("near_zero_share", min)
    if not has_zero or network.is_variational or share is None or share < SILENT:
        return None
    if run.last("explained") is not None and not _explains_less(run, POOR):
        return None
    return Finding(
        "code_mostly_zero", PROBLEM, {"share": share}, remedies.reduce_sparsity(run.spec)
    )


def _learning_rate_high(run: RunHistory) -> Finding | None:
    rate = run.spec.learning_rate
    # One or two dimensions explain little in any case.
    poor = _explains_less(run, VERY_POOR if run.spec.autoencoder.latent_dim >= WIDE else 0.0)
    fast = rate >= FAST and run.spec.optimizer != "sgd" and poor
    if not fast and not _thrown_off(run) and run.train_loss_rebound < REBOUND:
        return None
    return _too_fast(run)


def _thrown_off(run: RunHistory) -> bool:
    """Whether large steps have left one output for all images, with nothing left to learn from.

    Small steps, too, leave one output for long; but then the training loss falls in every epoch.
    """
    spread = run.sustained("output_spread", max)
    same = spread is not None and spread < SAME
    return same and run.spec.learning_rate >= FAST and not run.steadily_falling


def _thrown_off_early(run: RunHistory) -> Finding | None:
    small = run.spec.optimizer == "sgd" and run.steadily_falling  # its scale is that of the loss
    if run.steps < STEPS_TO_START or run.spec.learning_rate < FAST or small:
        return None
    return _too_fast(run) if _explains_less(run, WORSE_THAN_GRAY) else None


def _too_fast(run: RunHistory) -> Finding:
    remedy = remedies.lower_learning_rate(run.spec)
    return problem("learning_rate_high", remedy, rate=run.spec.learning_rate)


def _learning_rate_low(run: RunHistory) -> Finding | None:
    rate = run.spec.learning_rate
    slow = rate <= SLOW or run.spec.optimizer == "sgd"
    if not slow or not _explains_less(run, 0.0):
        return None
    return problem("learning_rate_low", remedies.usual_learning_rate(run.spec), rate=rate)


def _constant_output(run: RunHistory) -> Finding | None:
    spread = run.sustained("output_spread", max)
    if spread is None or spread >= SAME or run.steps < STEPS_TO_DIFFER:
        return None
    brightness = run.sustained("output_mean", max)
    dark = brightness is not None and brightness < DARK
    kind = "black_output" if dark else "constant_output"
    return problem(kind, remedies.fix_dead_units(run.spec), spread=spread)


YOUNG_RULES = (_thrown_off_early,)
# Causes come first, the mere effect last.
RULES = (
    _posterior_collapse,
    _code_saturated,
    _code_mostly_zero,
    _learning_rate_high,
    _learning_rate_low,
    _constant_output,
)
