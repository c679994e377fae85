"""A picture as JPEG sees it: squares, their waves, and what a quality leaves; see ``jpeg.js``."""

import base64

import numpy as np

from ae_core.images import luma, to_bytes_range
from pages.ui.i18n.text import text
from pages.ui.widgets.component import component

WORDS = ("picture", "square", "waves", "square-back", "picture-back", "quality-slider")
_PICTURE = '<div class="room"><canvas role="img"></canvas><i class="mark"></i></div>'
_INSIDE = {"picture": _PICTURE, "waves": '<div class="grid" role="img"></div>'}


def _figure(name: str) -> str:
    inside = _INSIDE.get(name, '<canvas role="img"></canvas>')
    return f'<figure class="{name}">{inside}<figcaption></figcaption></figure>'


def _slider(name: str) -> str:
    control = '<input type="range" min="1" max="95">'
    return f'<label class="{name}"><span></span>{control}<output></output></label>'


_JPEG = component(
    __file__,
    f'<div class="jpeg"><div class="controls">{_slider("quality")}{_slider("place")}</div>'
    f'<div class="figures">{"".join(map(_figure, WORDS[:5]))}</div><p class="said"></p></div>',
)


def jpeg_view(image: np.ndarray, quality: int) -> None:
    """Show an image (H, W, C) in [0, 1], and what JPEG does to it, first at a quality.

    Of a coloured one it is the brightness: JPEG does the same to two colour differences, coarser.
    """
    words = {name: text(f"measure.jpeg.{name}") for name in (*WORDS, "place-slider", "said-all")}
    shown = to_bytes_range(image)
    if shown.shape[2] == 3:
        shown = luma(shown)
        words["picture"] = text("measure.jpeg.picture-luma")
    said = text("measure.jpeg.said", kept="{kept}", share="{share}", psnr="{psnr}")
    data = {
        "pixels": base64.b64encode(shown.tobytes()).decode(),
        "width": image.shape[1],
        "height": image.shape[0],
        "quality": quality,
        "words": (*words.items(), ("said", said)),
    }
    _JPEG(key="jpeg", data=data)
