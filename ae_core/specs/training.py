"""The settings of a training run as one frozen value."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ae_core.errors import UserError
from ae_core.specs.autoencoder import AutoencoderSpec
from ae_core.specs.limits import CHANNELS, check_settings
from ae_core.specs.losses import LOSSES
from ae_core.specs.noise import NOISES


@dataclass(frozen=True)
class Corruption:
    """The corruption of the encoder's input; the target stays clean.

    Attributes:
        noise_kind: ``none`` or one of `ae_core.specs.noise.NOISES`.
        noise_amount: from 0, which changes nothing, to 1; its unit depends on the kind.
        noise_stage: ``batch`` (new noise for every batch, then clipped to [0, 1]) or ``layer``
            (Keras' GaussianNoise or Dropout as the encoder's first layer).
    """

    noise_kind: str = "none"
    noise_amount: float = 0.0
    noise_stage: str = "batch"

    def __post_init__(self) -> None:
        check_settings(vars(self))
        if self.noise_stage == "layer" and self.noise_kind != "none":
            layer = NOISES[self.noise_kind].layer
            if not layer:
                raise UserError("noise_layer", value=self.noise_kind)
            if layer == "Dropout" and self.noise_amount >= 1:
                raise UserError("dropout_layer", value=self.noise_amount)

    @property
    def active(self) -> bool:
        """Whether images are corrupted at all."""
        return self.noise_kind != "none" and self.noise_amount > 0


class ImageChoice(NamedTuple):
    """A set, an image size (0 for the native size), a split, and colours; see `TrainingSpec`."""

    image_set: str
    image_size: int = 0
    split: str = "held-out"
    channels: int = 1


@dataclass(frozen=True)
class TrainingSpec:
    """Everything that determines a run: equal specs give equal runs on the same machine.

    Attributes:
        image_set: a name in `ae_core.data.catalog.IMAGE_SETS`, or of a user set, ``own-…``.
        image_size: H = W of the images, 0 for the native size of the set.
        split: ``held-out`` (validation on images, or people, not trained on) or ``none`` (train on
            all; for recipes whose source does so).
        channels: 1 for gray images, 3 for colour (RGB). A set that offers only one of them is
            loaded as that, whatever a spec says: see `ImageSetCard.channels_for`.
        augment: one of `ae_core.specs.augmentation.AUGMENTATIONS` for the training images.
        autoencoder: the network.
        corruption: the corruption of the encoder's input in training.
        loss: one of `ae_core.specs.losses.LOSSES`.
        sigma: the fixed standard deviation of a loss that has one, on the network's pixel scale.
        optimizer: Keras' optimizer of that name with its default settings.
        learning_rate: the optimizer's learning rate.
        schedule: ``constant``, or ``cosine``: the learning rate falls to zero over all epochs
            along half a cosine (arXiv 1608.03983, equation 5, without restarts); ``one-cycle``:
            it first rises from zero, over a tenth of the steps (after arXiv 1708.07120).
        batch_size: images per step.
        epochs: passes over the training images.
        steps_per_epoch: batches per epoch, 0 for all training images.
        seed: the seed of the initial weights, the order of the images and all noise.
        precision: ``float32``, ``bfloat16`` to compute in bfloat16 with float32 weights, or
            ``auto``, which depends on network and processor, see `ae_core.models.precision`.
        max_seconds: the run stops after this many seconds of training and keeps its weights.
    """

    image_set: str = "digits"
    image_size: int = 0
    split: str = "held-out"
    channels: int = 1
    augment: str = "none"
    autoencoder: AutoencoderSpec = field(default_factory=AutoencoderSpec)
    corruption: Corruption = field(default_factory=Corruption)
    loss: str = "mse"
    sigma: float = 0.1
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    batch_size: int = 64
    epochs: int = 20
    steps_per_epoch: int = 0
    seed: int = 0
    precision: str = "float32"
    max_seconds: int = 1800

    def __post_init__(self) -> None:
        check_settings(vars(self))
        if self.channels not in CHANNELS:
            raise UserError("one_of", name="channels", value=self.channels, choices=CHANNELS)
        loss = LOSSES[self.loss]
        if self.autoencoder.is_variational and not loss.is_likelihood:
            likelihoods = tuple(each.name for each in LOSSES.values() if each.is_likelihood)
            raise UserError("variational_loss", value=self.loss, choices=likelihoods)
        if loss.needs_sigmoid:
            if self.autoencoder.pixel_scale != 1:
                raise UserError("loss_scale", value=self.loss)
            if self.autoencoder.output_activation != "sigmoid":
                raise UserError("loss_sigmoid", value=self.loss)

    @property
    def images(self) -> ImageChoice:
        """The choice of images, of their split and of their colours."""
        return ImageChoice(self.image_set, self.image_size, self.split, self.channels)
