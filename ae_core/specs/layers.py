"""The layers of a network and their notation in pages, links and run folders.

``conv16/2, conv32, pool2, dense100`` is a list of layers. Encoder and decoder have separate lists,
because a decoder is not always the mirror image of its encoder.
"""

import re
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.specs.limits import LIMITS

KERNEL_SIZE = 3  # every convolution is 3×3, as in all recipes

EXAMPLES = "dense100, conv16, conv16/2, conv16-valid, convT32/2, pool2, up2, reshape7x7x8"
_NOTATION = re.compile(
    r"(?:(?P<dense>dense)(?P<units>\d+)"
    r"|(?P<conv>convT|conv)(?P<filters>\d+)(?:/(?P<stride>\d+))?(?P<valid>-valid)?"
    r"|(?P<scale>pool|up)(?P<factor>\d+)"
    r"|(?P<reshape>reshape)(?P<h>\d+)x(?P<w>\d+)x(?P<c>\d+))"
)


@dataclass(frozen=True)
class Layer:
    """One layer of an encoder or a decoder.

    Attributes:
        kind: ``dense``, ``conv``, ``convT`` (transposed convolution), ``pool`` (maximum),
            ``up`` (nearest-neighbour upsampling) or ``reshape``.
        width: units of a dense layer, filters of a convolution, otherwise 0.
        stride: stride of a convolution, factor of ``pool`` and ``up``, otherwise 1.
        padding: ``same`` or ``valid`` (convolutions).
        shape: target ``(H, W, C)`` of a reshape, otherwise ().
    """

    kind: str
    width: int = 0
    stride: int = 1
    padding: str = "same"
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Return the layer's notation; `parse_layers` reads it back."""
        if self.kind == "reshape":
            return "reshape" + "x".join(map(str, self.shape))
        if self.kind in ("pool", "up"):
            return f"{self.kind}{self.stride}"
        stride = f"/{self.stride}" if self.stride > 1 else ""
        return f"{self.kind}{self.width}{stride}{'-valid' if self.padding == 'valid' else ''}"


def parse_layers(text: str, name: str = "layers") -> tuple[Layer, ...]:
    """Read layers from their notation, e.g. ``"conv16/2, conv32"``.

    Raises:
        UserError: a word is not a layer, a number exceeds its limit, or there are too many layers.
    """
    text = re.sub(r"(?<=[a-z])\s+(?=\d)", "", text.lower())  # "Dense 64" is dense64
    words = [word.replace("convt", "convT") for word in re.split(r"[,\s]+", text) if word]
    if len(words) > LIMITS["layers"].high:
        raise UserError("too_many_layers", name=name, count=len(words), high=LIMITS["layers"].high)
    return tuple(_parse_layer(word, name) for word in words)


def format_layers(layers: tuple[Layer, ...]) -> str:
    """Write layers in the notation that `parse_layers` reads."""
    return ", ".join(map(str, layers))


def _parse_layer(word: str, name: str) -> Layer:
    match = _NOTATION.fullmatch(word)
    if match is None or len(word) > 30:
        raise UserError("layers", name=name, value=word, examples=EXAMPLES)
    if match["dense"]:
        return Layer("dense", width=_number("width", match["units"], word))
    if match["conv"]:
        return Layer(
            match["conv"],
            width=_number("width", match["filters"], word),
            stride=_number("stride", match["stride"] or "1", word),
            padding="valid" if match["valid"] else "same",
        )
    if match["scale"]:
        return Layer(match["scale"], stride=_number("stride", match["factor"], word))
    return Layer("reshape", shape=tuple(_number("width", match[axis], word) for axis in "hwc"))


def _number(limit: str, digits: str, word: str) -> int:
    value = int(digits)
    bounds = LIMITS[limit]
    if not bounds.low <= value <= bounds.high:
        raise UserError("layer_number", layer=word, value=value, low=bounds.low, high=bounds.high)
    return value
