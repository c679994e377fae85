"""The line that the command line prints after every epoch, in the words of the recipes."""

from collections.abc import Mapping

from ae_core.specs import TrainingSpec
from ae_core.specs.losses import LOSSES
from ae_core.specs.published import published


def epoch_line(spec: TrainingSpec, preset: str, epoch: int, metrics: Mapping[str, float]) -> str:
    """Return an epoch's figures, with those that the source of the preset reports of it."""
    source = published(spec, preset)
    told = source.of(epoch) if source else {}
    parts = []
    for name, value in metrics.items():
        beside = f" (published: {told[name]:.5g})" if name in told else ""
        parts.append(f"{_in_words(name, spec)} {value:.5g}{beside}")
    return "  ".join((f"epoch {epoch}/{spec.epochs}", *parts))


def _in_words(name: str, spec: TrainingSpec) -> str:
    if name == "loss" and LOSSES[spec.loss].sums_batch:
        return "average loss per sample"
    return name.replace("_", " ")
