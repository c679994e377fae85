"""The settings of the fully convolutional denoiser and its training as one frozen value."""

import json
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.specs.limits import LIMITS, PRECISIONS, check_settings
from ae_core.specs.serialization import renamed


@dataclass(frozen=True)
class DenoiserSpec:
    """A residual U-Net for gray images of any size, and how it is trained.

    Attributes:
        image_set: a name of `ae_core.data.catalog.IMAGE_SETS` with images of one channel; only its
            training images (people) are used.
        widths: filters of each level; the first works at the image's size, each next one at
            half of the one before. At full size even few filters gain more than many at half.
        blocks: residual blocks of each level, on the way down and, but for the last, up again.
        steps: batches in all.
        batch_size: images a step.
        learning_rate: the highest; it rises for the first 2 % of the steps and then follows half
            a cosine down to 0 (arXiv 1608.03983, one period).
        ema_decay: decay of the running mean of the weights, which is what is kept
            (arXiv 1806.04498).
        seed: of the initial weights, the order of the images and all noise.
        precision: ``float32``, or ``bfloat16`` to compute in bfloat16 with float32 weights.
    """

    image_set: str = "lfw-crop"
    widths: tuple[int, ...] = (24, 48, 96, 160)
    blocks: tuple[int, ...] = (1, 1, 2, 2)
    steps: int = 72_000
    batch_size: int = 16
    learning_rate: float = 1e-3
    ema_decay: float = 0.999
    seed: int = 0
    precision: str = "bfloat16"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            choices = PRECISIONS
            raise UserError("one_of", name="precision", value=self.precision, choices=choices)
        check_settings(vars(self))
        for width in self.widths:
            LIMITS["width"].check("widths", width)
        for blocks in self.blocks:
            LIMITS["layers"].check("blocks", blocks)
        LIMITS["steps_per_epoch"].check("steps", self.steps)
        if not 1 <= len(self.widths) == len(self.blocks):
            raise ValueError(f"blocks={self.blocks} must be one number for each of widths")

    @property
    def stride(self) -> int:
        """What the sides of an image must be multiples of inside the network."""
        return 2 ** (len(self.widths) - 1)

    def to_json(self) -> str:
        """Return the spec as JSON; `from_json` reads it."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> "DenoiserSpec":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else, or a value is not allowed.
        """
        try:
            fields = renamed(json.loads(text))
            fields |= {name: tuple(fields[name]) for name in ("widths", "blocks")}
            return cls(**fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"spec={text[:40]} must be that of a denoiser: {error}") from None
