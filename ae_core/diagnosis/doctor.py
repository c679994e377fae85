"""The Doctor: examines a run's history and reports findings, the most important first.

A finding contains values that show the problem, and settings that would help; pages turn it into
sentences.
"""

from collections.abc import Mapping, Sequence

from ae_core.diagnosis import remedies
from ae_core.diagnosis.history import RunHistory
from ae_core.diagnosis.rules import (
    FINE,
    POOR,
    PROBLEM,
    RULES,
    WIDE,
    YOUNG_RULES,
    Finding,
    hint,
    problem,
)
from ae_core.runs.snapshot import LIVE
from ae_core.specs import TrainingSpec

# Before these steps a healthy network looks like a sick one: after 80 steps of mnist-vae no
# dimension is in use, after 100 the code of olivetti-conv may be saturated.
EARLY_STEPS = 200
VAL_REBOUND = 0.05  # share of the validation loss's fall
OVERFITTING_GAP = 3.0  # dB between training and validation images: twice the error
FEW_IMAGES = 1000
STILL_GAINING = 0.1  # dB in the last fifth of the epochs: visible after twice as many
CLEARLY_GAINING = 0.3  # dB; less is hardly to be seen in the curve of the loss
NO_GAIN = 0.03  # dB; a gain between the two needs no finding
LONG_ENOUGH = 10  # epochs after which "no gain" is meaningful
SLOWLY_GAINING = 0.05  # dB since `flat` looks back: of a poor network, it is worth a finding
GOOD_ENOUGH = 0.98  # share of the images' variance explained: a larger code has no visible effect


def examine(
    spec: TrainingSpec,
    history: Sequence[Mapping[str, float]],
    *,
    status: str = "running",
    diverged: bool = False,
) -> tuple[Finding, ...]:
    """Return the findings about a run, the most important first.

    Args:
        spec: the run's spec.
        history: the metrics of every epoch so far; older versions recorded fewer metrics.
        status: the run's status, see `ae_core.runs.snapshot.Snapshot`.
        diverged: whether the run failed because its loss became NaN.
    """
    if diverged:
        return (problem("nan", remedies.stabilize(spec), rate=spec.learning_rate),)
    run = RunHistory(spec, history)
    if status == "failed" or not history or not run.train_count:  # 0 for a deleted user set
        return ()
    live = status in LIVE
    rules = RULES if run.steps >= EARLY_STEPS else YOUNG_RULES
    sick = next((finding for rule in rules if (finding := rule(run)) is not None), None)
    if sick is not None and sick.severity == PROBLEM:
        return (sick,)  # everything else follows from it
    overfit = _overfitting(run)
    trend = _trend(run, live=live) if overfit is None else None
    blind = None if live else _nothing_held_out(run)
    found = tuple(f for f in (overfit, sick, trend, blind) if f is not None)
    return found or (_verdict(run, live=live),)


def _verdict(run: RunHistory, *, live: bool) -> Finding:
    """Return what to say if nothing was found: fine only of what has been seen to learn."""
    explained = run.last("explained")
    if live:
        begun = len(run.epochs) == 1 or run.gain(len(run.epochs) - 1) >= NO_GAIN
        lost = explained is not None and explained < 0 and not begun
        return Finding("too_early" if lost else "learning", FINE)
    unseen = len(run.epochs) == 1 and (explained is None or explained < GOOD_ENOUGH)
    if unseen or _is_poor(run):  # a poor one that no longer gains has been called flat
        return hint("too_short", remedies.train_longer(run.spec))
    return Finding("healthy", FINE)


def _is_poor(run: RunHistory) -> bool:
    """Whether most differences between images are lost that a code of this size could keep."""
    explained = run.last("explained")
    least = POOR if run.spec.autoencoder.latent_dim >= WIDE else 0.0
    return explained is not None and explained < least


def _overfitting(run: RunHistory) -> Finding | None:
    rebound, best = run.val_loss_rebound
    explained = run.last("explained")
    if explained is not None and explained < 0:
        rebound = 0.0  # a network that is worse than a gray picture has learned nothing by heart
    if run.gap < OVERFITTING_GAP and rebound < VAL_REBOUND:
        return None
    remedy = remedies.regularize(run.spec, best)
    if run.train_count < FEW_IMAGES:
        return problem("too_little_data", remedy, pictures=run.train_count)
    if run.gap >= OVERFITTING_GAP:
        return problem("overfitting", remedy, gap=run.gap)
    return problem("getting_worse", remedy, best=best)


def _nothing_held_out(run: RunHistory) -> Finding | None:
    if run.spec.split != "none" or run.train_count >= FEW_IMAGES:
        return None
    return hint("nothing_held_out", remedies.hold_out(run.spec), pictures=run.train_count)


def _trend(run: RunHistory, *, live: bool) -> Finding | None:
    epochs = len(run.epochs)
    gain = run.gain(run.recent)
    if not live and gain >= STILL_GAINING:
        remedy = remedies.train_longer(run.spec)
        kind = "still_falling" if gain >= CLEARLY_GAINING else "nearly_done"
        return hint(kind, remedy, gain=gain, since=epochs - run.recent)
    if live and run.spec.schedule != "constant":
        return None  # much of the gain comes from the small steps at the end
    look_back = max(run.recent, LONG_ENOUGH // 2)
    slow = run.gain(look_back)
    if not live and _is_poor(run) and slow >= SLOWLY_GAINING:
        remedy = remedies.train_longer(run.spec)
        return hint("still_falling", remedy, gain=slow, since=epochs - look_back)
    if epochs < LONG_ENOUGH or run.steps < EARLY_STEPS or run.gain(look_back) >= NO_GAIN:
        return None
    explained = run.last("explained")
    if explained is not None and explained >= GOOD_ENOUGH:
        return None
    return hint("flat", remedies.enlarge_code(run.spec), since=epochs - look_back)
