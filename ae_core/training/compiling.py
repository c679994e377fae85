"""Which trainings XLA makes faster."""

from ae_core.models.precision import resolve_precision
from ae_core.specs import TrainingSpec

# Steps: compiling them takes a second before the first curve, and fewer do not win it back.
WORTH_COMPILING = 5000


def suits_xla(spec: TrainingSpec, steps: int) -> bool:
    """Whether to have so many steps compiled by XLA.

    Measured on two cores, seconds a step to those without: 0.69 to 0.85 for dense layers whose
    steps multiply 10 to 280 million times; convolutions are slower with it, and most dense layers
    in bfloat16. It draws other random numbers than the script that a visitor can take home.
    """
    network = spec.autoencoder
    draws = (
        network.bottleneck == "variational"
        or network.dropout > 0
        or spec.corruption.active
        or spec.augment != "none"
    )
    full = resolve_precision(spec) == "float32"
    return network.body == "dense" and full and not draws and steps >= WORTH_COMPILING
