"""The settings of the fully convolutional denoiser and its training as one frozen value."""

import json
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.specs.limits import CHANNELS, LIMITS, PRECISIONS, check_settings
from ae_core.specs.serialization import renamed


@dataclass(frozen=True)
class DenoiserSpec:
    """A residual U-Net for images of any size, and its training.

    Attributes:
        image_set: a name in `ae_core.data.catalog.IMAGE_SETS`, of a set with that many
            channels; only its training images (people) are used.
        channels: C, 1 for gray images or 3 for colour (RGB).
        widths: filters per level; the first level works at the image's size, each further one at
            half the size before. At full size even a few filters gain more than many at half size.
        blocks: residual blocks per level on the way down and, except for the last level, up.
        steps: the number of batches of the first round.
        second_steps: the number of batches of a second round, which begins with the moving
            averages of the first one and sees faint noise more often.
        batch_size: images per step.
        learning_rate: the maximum; the rate rises for the first 2 % of the steps and then follows
            half a cosine down to 0 (arXiv 1608.03983), in the second round once more.
        ema_decay: the decay of the exponential moving average of the weights, which is the result
            (arXiv 1806.04498).
        seed: the seed of the initial weights, the order of the images and all noise.
        faintest: a mean squared error that is added in the loss: lowering smaller ones pays off
            little. 2e-3 is 27 dB.
        precision: ``float32``, or ``bfloat16`` to compute in bfloat16 with float32 weights.
    """

    image_set: str = "lfw-crop"
    channels: int = 1
    widths: tuple[int, ...] = (24, 48, 96, 160)
    blocks: tuple[int, ...] = (1, 1, 2, 2)
    steps: int = 72_000
    second_steps: int = 0
    batch_size: int = 16
    learning_rate: float = 1e-3
    ema_decay: float = 0.999
    seed: int = 0
    faintest: float = 2e-3
    precision: str = "bfloat16"

    def __post_init__(self) -> None:
        if self.channels not in CHANNELS:
            raise UserError("one_of", name="channels", value=self.channels, choices=CHANNELS)
        if self.precision not in PRECISIONS:
            choices = PRECISIONS
            raise UserError("one_of", name="precision", value=self.precision, choices=choices)
        check_settings(vars(self))
        for width in self.widths:
            LIMITS["width"].check("widths", width)
        for blocks in self.blocks:
            LIMITS["layers"].check("blocks", blocks)
        LIMITS["steps_per_epoch"].check("steps", self.steps)
        if self.second_steps:
            LIMITS["steps_per_epoch"].check("second_steps", self.second_steps)
        if not 1 <= len(self.widths) == len(self.blocks):
            raise ValueError(f"blocks={self.blocks} must be one number for each of widths")

    @property
    def stride(self) -> int:
        """The network's stride; the sides of its input must be multiples of it."""
        return 2 ** (len(self.widths) - 1)

    def to_json(self) -> str:
        """Return the spec as JSON; `from_json` reads it."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> "DenoiserSpec":
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is not a spec, or a value is not allowed.
        """
        try:
            fields = renamed(json.loads(text))
            fields |= {name: tuple(fields[name]) for name in ("widths", "blocks")}
            return cls(**fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"spec={text[:40]} must be that of a denoiser: {error}") from None
