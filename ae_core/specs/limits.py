"""The limits and choices of all settings, for the checks in specs and for widgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ae_core.errors import UserError
from ae_core.specs.augmentation import AUGMENTATIONS
from ae_core.specs.losses import BOTTLENECKS, LOSSES
from ae_core.specs.noise import NOISES


@dataclass(frozen=True)
class Limit:
    """The closed range of one number.

    Attributes:
        low: smallest allowed value.
        high: largest allowed value.
        whole: whether only whole numbers are allowed.
    """

    low: float
    high: float
    whole: bool = True

    def check(self, name: str, value: object) -> None:
        """Raise a UserError unless `value` is a finite number within the limit."""
        fits = (
            isinstance(value, int if self.whole else int | float)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )
        if not fits:
            key = "whole" if self.whole else "between"
            raise UserError(key, name=name, value=value, low=self.low, high=self.high)

    def parse(self, name: str, written: str) -> float:
        """Parse a number; raise a UserError unless it is within the limit."""
        try:
            value = int(written) if self.whole else float(written)
        except ValueError:
            self.check(name, written)
            raise
        self.check(name, value)
        return value


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "latent_dim": Limit(1, 4096),
        "width": Limit(1, 16_384),  # units of a dense layer, filters of a convolution
        "stride": Limit(1, 4),  # of a convolution, pooling or upsampling
        "layers": Limit(0, 12),  # of an encoder or a decoder
        "parameters": Limit(1, 40_000_000),
        "macs": Limit(1, 1_000_000_000),  # multiply-accumulates for one image
        "layer_numbers": Limit(1, 4_000_000),  # values in any layer's output for one image
        "beta": Limit(0.0, 100.0, whole=False),
        "total_correlation": Limit(0.0, 100.0, whole=False),
        "pca_components": Limit(0, 1024),  # 0: the network sees pixels
        "dropout": Limit(0.0, 0.9, whole=False),
        "sparsity": Limit(0.0, 1.0, whole=False),
        "noise_amount": Limit(0.0, 1.0, whole=False),
        "ema_decay": Limit(0.0, 1.0, whole=False),
        "sigma": Limit(0.01, 1.0, whole=False),
        "temperature": Limit(0.0, 3.0, whole=False),
        "learning_rate": Limit(1e-6, 1.0, whole=False),
        "batch_size": Limit(1, 1024),
        "epochs": Limit(1, 2000),
        "steps_per_epoch": Limit(0, 100_000),  # 0: the whole training set
        "seed": Limit(0, 2**31 - 1),
        "max_seconds": Limit(1, 7200),
        "image_size": Limit(0, 512),  # 0: the native size of the image set
        "channels": Limit(1, 3),
    }
)

CHANNELS = (1, 3)  # of images: gray, and red, green and blue
PRECISIONS = ("float32", "bfloat16")  # `ae_core.models.precision` resolves "auto"

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bottleneck": tuple(BOTTLENECKS),
        "code_type": ("dense", "feature_map"),
        "activation": ("relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "linear"),
        "code_activation": ("linear", "relu", "sigmoid", "tanh"),
        "output_activation": ("sigmoid", "relu", "linear"),
        "initializer": ("glorot_uniform", "he_uniform"),
        "noise_kind": ("none", *NOISES),
        "noise_stage": ("batch", "layer"),
        "loss": tuple(LOSSES),
        "optimizer": ("adam", "rmsprop", "sgd"),
        "schedule": ("constant", "cosine", "one-cycle"),
        "precision": (*PRECISIONS, "auto"),
        "augment": tuple(AUGMENTATIONS),
        "split": ("held-out", "none"),
    }
)


def check_settings(settings: Mapping[str, object]) -> None:
    """Raise a UserError unless each setting is within its limit or among its choices."""
    for name, value in settings.items():
        if name in LIMITS:
            LIMITS[name].check(name, value)
        if name in CHOICES and value not in CHOICES[name]:
            raise UserError("one_of", name=name, value=value, choices=CHOICES[name])
