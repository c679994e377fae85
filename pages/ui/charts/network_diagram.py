"""Draws a network as an hourglass in HTML: input at the top, code in the neck, output below.

The text has the page's own colours, so the drawing suits light and dark pages.
"""

import math
import re
from collections.abc import Callable, Sequence

from ae_core.models.shapes import LayerShape

COLOURS = {"encoder": "#3f6ae0", "code": "#c24e0a", "decoder": "#16875d"}
NEUTRAL = "#6b7180"
HEAD = ("shape", "layer", "parameters")
# Labels from `ae_core.models.shapes` that are translated; all others are names of Keras layers or
# the same in every language.
WORDS = ("Picture", "the map", "stride", "no padding", "Max pooling", "Enlarge", "Reshape")


def network_drawing(
    layers: Sequence[LayerShape],
    word: Callable[[str], str] = str,
    number: Callable[[int], str] = "{:,}".format,
) -> str:
    """Draw a network; the widths of the bars grow with the logarithm of the layers' sizes.

    Args:
        layers: the result of `ae_core.models.shapes.infer_shapes`.
        word: returns one of HEAD or WORDS in the visitor's language.
        number: returns a number as the visitor's language writes it.

    Returns:
        HTML; it contains only numbers from a visitor's input. ``frame.css`` styles it.
    """
    widest = max(_logarithm(layer) for layer in layers)
    rows = []
    for layer in layers:
        share = 100 * _logarithm(layer) / widest
        # Squared to make the neck visible: logarithms alone differ little.
        width = share * share / 100
        colour = COLOURS.get(layer.part, NEUTRAL)
        dimensions = "×".join(map(str, layer.shape))
        count = number(layer.parameters) if layer.parameters else ""
        label = re.sub("|".join(WORDS), lambda found: word(found[0]), layer.label)
        rows.append(
            f'<div class="bar" style="width:{width:.0f}%;background:{colour}">{dimensions}</div>'
            f'<div class="label">{label}</div><div class="count">{count}</div>'
        )
    shape, name, parameters = map(word, HEAD)
    head = (
        f'<div class="count" style="text-align:center">{shape}</div><div class="count" '
        f'style="text-align:left">{name}</div><div class="count">{parameters}</div>'
    )
    return f'<div class="hourglass">{head}{"".join(rows)}</div>'


def _logarithm(layer: LayerShape) -> float:
    return math.log2(math.prod(layer.shape) + 1)
