"""What to change in a spec against a finding of the doctor: one remedy at a time.

Every function takes a spec and returns flat settings for `ae_core.specs.change`, none where there
is nothing left to try; what `change` makes of them is a valid spec whose network can be built.
"""

from collections.abc import Mapping

from ae_core.data.loading import card
from ae_core.models.compatibility import DEFAULT_SPARSITY, image_shape
from ae_core.specs import LIMITS, TrainingSpec, flatten
from ae_core.specs.serialization import Value

Remedy = Mapping[str, Value]

USUAL_RATE = 1e-3  # Adam's and RMSprop's own, with which most of the presets learn
DROPOUT = 0.2  # enough to be seen, not enough to starve a small network
LEAST_BETA = 0.01  # below it a variational network is hardly one


def slower(spec: TrainingSpec) -> Remedy:
    """Learn in smaller steps: a tenth, and not above what is usual."""
    rate = spec.learning_rate / 10
    if spec.optimizer != "sgd":
        rate = min(rate, USUAL_RATE)
    rate = max(_rounded(rate), LIMITS["learning_rate"].low)
    return {"learning_rate": rate} if rate < spec.learning_rate else {}


def calmer(spec: TrainingSpec) -> Remedy:
    """Learn in steps that do not grow with the gradient, or in smaller ones."""
    if spec.optimizer == "sgd":
        rate = min(spec.learning_rate, USUAL_RATE)
        return _new(spec, {"optimizer": _adaptive(spec), "learning_rate": rate})
    return slower(spec)


def faster(spec: TrainingSpec) -> Remedy:
    """Learn in the usual steps."""
    return _new(spec, {"learning_rate": USUAL_RATE, "optimizer": _adaptive(spec)})


def revived(spec: TrainingSpec) -> Remedy:
    """Keep the signal alive on its way through the layers, or else change the loss or the steps."""
    network = spec.autoencoder
    if network.initializer == "glorot_uniform" and network.activation != "linear":
        return {"initializer": "he_uniform"}
    if spec.loss in ("mse", "mae", "l2") and network.output_activation == "sigmoid":
        return {"loss": "bce"}
    return slower(spec)


def freed(spec: TrainingSpec) -> Remedy:
    """Make a variational code less expensive, so that it pays to use it."""
    network = spec.autoencoder
    if network.beta > 1:
        return {"beta": 1.0}
    if network.total_correlation > 0:
        return {"total_correlation": 0.0}
    if spec.loss == "gaussian-nll" and spec.sigma > LIMITS["sigma"].low:
        return {"sigma": max(_rounded(spec.sigma / 2), LIMITS["sigma"].low)}
    beta = _rounded(network.beta / 4)
    return {"beta": beta} if beta >= LEAST_BETA else {}


def cheaper(spec: TrainingSpec) -> Remedy:
    """Let more units of the code speak."""
    network = spec.autoencoder
    if network.bottleneck == "sparse" and network.sparsity > 0:
        return {"sparsity": min(_rounded(network.sparsity / 10), DEFAULT_SPARSITY)}
    if network.code_type == "feature_map":
        return revived(spec)
    return _new(spec, {"code_activation": "linear"})


def less_by_heart(spec: TrainingSpec, best_epoch: int) -> Remedy:
    """Make it harder to learn the pictures by heart, or else stop at the best epoch."""
    if card(spec.image_set).kind == "faces" and spec.augment != "jitter":
        return {"augment": "jitter"}  # digits are not what they were in a mirror
    if best_epoch < spec.epochs // 2:
        return {"epochs": best_epoch}
    if spec.autoencoder.dropout == 0 and (spec.autoencoder.encoder or spec.autoencoder.decoder):
        return {"dropout": DROPOUT}
    return {"epochs": best_epoch} if best_epoch < spec.epochs else {}


def longer(spec: TrainingSpec) -> Remedy:
    """Train twice as long."""
    epochs = min(2 * spec.epochs, int(LIMITS["epochs"].high))
    return {"epochs": epochs} if epochs > spec.epochs else {}


def larger(spec: TrainingSpec) -> Remedy:
    """Give the code twice the numbers, while it still has to summarise."""
    network = spec.autoencoder
    height, width, channels = image_shape(spec)
    most = network.pca_components or height * width * channels // 2
    fixed = network.code_type == "feature_map" or (
        network.decoder and network.decoder[0].kind == "reshape"
    )
    twice = 2 * network.latent_dim
    return {} if fixed or twice > most else {"latent_dim": twice}


def shorter(spec: TrainingSpec, used: int) -> Remedy:
    """Leave the code the numbers that it uses."""
    decoder = spec.autoencoder.decoder
    fixed = decoder and decoder[0].kind == "reshape"
    return {} if fixed or used < 1 else {"latent_dim": used}


def held_out(spec: TrainingSpec) -> Remedy:
    """Keep some pictures back."""
    return {"split": "held-out"} if spec.split == "none" else {}


def _adaptive(spec: TrainingSpec) -> str:
    return "adam" if spec.optimizer == "sgd" else spec.optimizer


def _new(spec: TrainingSpec, remedy: Remedy) -> Remedy:
    """Leave out what is so already."""
    flat = flatten(spec)
    return {name: value for name, value in remedy.items() if flat[name] != value}


def _rounded(value: float) -> float:
    """Return a number without the tail of digits that a division leaves."""
    return float(f"{value:.3g}")
