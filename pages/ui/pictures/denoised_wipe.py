"""The noisy image and the denoised one with a line to compare them.

Both follow the amount of noise in the browser, where that is possible: ``denoised_wipe.js`` makes
them while the visitor's hand is on the slider.
"""

import base64
from typing import Any

from ae_core.denoising.denoise import Denoised
from ae_core.images import to_bytes_range
from pages.ui.backend.denoising import Question, followed
from pages.ui.i18n.text import text
from pages.ui.widgets.compare_slider import compare_slider, compared
from pages.ui.widgets.component import component

_WIPE = component(
    __file__,
    compare_slider(
        '<canvas class="noisy" aria-hidden="true" hidden></canvas>'
        '<canvas class="made" aria-hidden="true" hidden></canvas>'
    ),
)


def denoised_wipe(
    result: Denoised, asked: Question, names: tuple[str, str], figures: tuple[str, ...]
) -> None:
    """Show a result's two images.

    Args:
        result: the result.
        asked: its question.
        names: the names of the two images.
        figures: what is written of them beside the images.
    """
    label = text("denoise.wipe_from", before=names[0], after=names[1])
    data = compared(result.noisy.image, result.output.image, names, label)
    _WIPE(key="wipe", data=data | {"live": _live(result, asked, figures)})


def _live(result: Denoised, asked: Question, figures: tuple[str, ...]) -> tuple[Any, ...]:
    """Return what the script needs to follow the hand, () where it cannot."""
    if result.clean is None or asked.noise is None:
        return ()
    shape = result.clean.image.shape
    kept = followed(asked, shape)
    if kept is None:
        return ()
    # The image itself is not at an address, where others could fetch it: it may be a visitor's.
    clean = base64.b64encode(to_bytes_range(result.clean.image).tobytes()).decode()
    return (
        {
            "network": kept.network.address(),
            "draws": kept.draws.address(),
            "clean": clean,
            "shape": shape,
            "kind": asked.noise.noise_kind,
            "amount": asked.noise.noise_amount,
            "figures": figures,
            "equal": text("denoise.equal"),
        },
    )
