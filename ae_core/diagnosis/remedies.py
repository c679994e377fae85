"""Remedies for the doctor's findings: each function changes a spec to fix one problem.

They take a spec and return flat settings for `ae_core.specs.change`, or no settings if nothing is
left to try; the changed spec is valid and its network can be built.
"""

from collections.abc import Mapping

from ae_core.data.loading import card
from ae_core.models.compatibility import DEFAULT_SPARSITY, image_shape
from ae_core.specs import LIMITS, TrainingSpec, flatten
from ae_core.specs.losses import LOSSES, loss_for
from ae_core.specs.serialization import Value

Remedy = Mapping[str, Value]

USUAL_RATE = 1e-3  # the default of Adam and RMSprop, and the rate of most presets
DROPOUT = 0.2  # enough for a visible effect, not too much for a small network
MIN_BETA = 0.01  # with a smaller weight the network is hardly variational


def lower_learning_rate(spec: TrainingSpec) -> Remedy:
    """Divide the learning rate by ten, or lower it to the usual rate if that is smaller."""
    rate = spec.learning_rate / 10
    if spec.optimizer != "sgd":
        rate = min(rate, USUAL_RATE)
    rate = max(_rounded(rate), LIMITS["learning_rate"].low)
    return {"learning_rate": rate} if rate < spec.learning_rate else {}


def stabilize(spec: TrainingSpec) -> Remedy:
    """Use an optimizer whose steps do not grow with the gradient, or a lower learning rate."""
    if spec.optimizer == "sgd":
        rate = min(spec.learning_rate, USUAL_RATE)
        return _changed(spec, {"optimizer": "adam", "learning_rate": rate})
    return lower_learning_rate(spec)


def usual_learning_rate(spec: TrainingSpec) -> Remedy:
    """Use the usual learning rate and an adaptive optimizer."""
    optimizer = "adam" if spec.optimizer == "sgd" else spec.optimizer
    return _changed(spec, {"learning_rate": USUAL_RATE, "optimizer": optimizer})


def fix_dead_units(spec: TrainingSpec) -> Remedy:
    """Use the activation's initializer, change the loss, or lower the learning rate."""
    network = spec.autoencoder
    if network.initializer == "glorot_uniform" and network.activation != "linear":
        return {"initializer": "he_uniform"}
    loss = LOSSES[spec.loss]
    if network.output_activation == "sigmoid" and not (loss.is_likelihood or loss.needs_sigmoid):
        return {"loss": loss_for(is_likelihood=False, needs_sigmoid=True)}
    return lower_learning_rate(spec)


def reduce_kl_weight(spec: TrainingSpec) -> Remedy:
    """Lower the weight of the KL term, so that using the code pays off."""
    network = spec.autoencoder
    if network.beta > 1:
        return {"beta": 1.0}
    if network.total_correlation > 0:
        return {"total_correlation": 0.0}
    if LOSSES[spec.loss].has_sigma and spec.sigma > LIMITS["sigma"].low:
        return {"sigma": max(_rounded(spec.sigma / 2), LIMITS["sigma"].low)}
    beta = _rounded(network.beta / 4)
    return {"beta": beta} if beta >= MIN_BETA else {}


def reduce_sparsity(spec: TrainingSpec) -> Remedy:
    """Let more units of the code be active."""
    network = spec.autoencoder
    if network.bottleneck == "sparse" and network.sparsity > 0:
        return {"sparsity": min(_rounded(network.sparsity / 10), DEFAULT_SPARSITY)}
    if network.code_type == "feature_map":
        return fix_dead_units(spec)
    return _changed(spec, {"code_activation": "linear"})


def regularize(spec: TrainingSpec, best_epoch: int) -> Remedy:
    """Augment faces, stop at the best epoch or add dropout."""
    if card(spec.image_set).kind == "faces" and spec.augment != "jitter":
        return {"augment": "jitter"}  # a mirrored digit is not a digit
    if best_epoch < spec.epochs // 2:
        return {"epochs": best_epoch}
    if spec.autoencoder.dropout == 0 and (spec.autoencoder.encoder or spec.autoencoder.decoder):
        return {"dropout": DROPOUT}
    return {"epochs": best_epoch} if best_epoch < spec.epochs else {}


def train_longer(spec: TrainingSpec) -> Remedy:
    """Double the epochs."""
    return _changed(spec, {"epochs": min(2 * spec.epochs, int(LIMITS["epochs"].high))})


def enlarge_code(spec: TrainingSpec) -> Remedy:
    """Double the latent dimension, up to half the number of pixel values."""
    network = spec.autoencoder
    height, width, channels = image_shape(spec)
    max_dim = network.pca_components or height * width * channels // 2
    fixed = network.code_type == "feature_map" or _begins_with_reshape(spec)
    doubled = 2 * network.latent_dim
    return {} if fixed or doubled > max_dim else {"latent_dim": doubled}


def shrink_code(spec: TrainingSpec, used: int) -> Remedy:
    """Reduce the latent dimension to the units in use."""
    return {} if used < 1 or _begins_with_reshape(spec) else {"latent_dim": used}


def hold_out(spec: TrainingSpec) -> Remedy:
    """Keep some images for validation."""
    return _changed(spec, {"split": "held-out"})


def _begins_with_reshape(spec: TrainingSpec) -> bool:
    """Return whether the decoder's first layer fixes the latent dimension."""
    decoder = spec.autoencoder.decoder
    return bool(decoder) and decoder[0].kind == "reshape"


def _changed(spec: TrainingSpec, remedy: Remedy) -> Remedy:
    """Leave out settings that the spec already has."""
    flat = flatten(spec)
    return {name: value for name, value in remedy.items() if flat[name] != value}


def _rounded(value: float) -> float:
    """Round away the trailing digits that a division leaves."""
    return float(f"{value:.3g}")
