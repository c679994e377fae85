"""A photo with the faces that were found, and a square on it that the visitor can move.

What the visitor does is in ``crop_box.js``; the square counts when it is let go.
"""

from pathlib import Path

import streamlit as st

from ae_core.denoising.faces import Crop
from ae_core.denoising.photos import Photo
from pages.ui.i18n.text import text
from pages.ui.widgets.sheet import address

_CSS = """
.crop { position: relative; width: min(100%, 420px); line-height: 0; touch-action: none;
  cursor: crosshair; overflow: hidden; border-radius: 8px; user-select: none; }
.crop img { width: 100%; pointer-events: none; }
.square, .face { position: absolute; box-sizing: border-box; transform: translate(-50%, -50%)
  rotate(var(--angle, 0deg)); }
.square { border: 3px solid #fff; box-shadow: 0 0 0 2px var(--st-primary-color), 0 0 0 999px
  rgb(0 0 0 / 35%); cursor: move; }
.square:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 4px; }
.corner { position: absolute; right: -12px; bottom: -12px; width: clamp(14px, 40%, 24px);
  aspect-ratio: 1;
  border-radius: 50%; background: var(--st-primary-color); border: 2px solid #fff;
  cursor: nwse-resize; }
.face { border: 2px dashed #fff; background: none; padding: 0; cursor: pointer; }
"""

_WORDS = ("photo", "square", "face")

_BOX = st.components.v2.component(
    "crop_box",
    html='<div class="crop"><img></div>',
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def crop_box(key: str, photo: Photo, crop: Crop) -> Crop:
    """Show a photo with its faces and a crop; return the crop, moved or not.

    Args:
        key: of the component; another photo needs another key.
        photo: the photo.
        crop: where the square is before the visitor has touched it.
    """
    # No dict either, for which Streamlit imports pandas to see whether it is a table.
    start = tuple(vars(crop).items())
    data = {
        "photo": address(photo.preview, "jpeg"),
        "faces": tuple(vars(face) for face in photo.faces),
        "crop": start,
        "words": tuple((word, text(f"denoise.crop.{word}")) for word in _WORDS),
    }
    result = _BOX(key=key, data=data, on_crop_change=lambda: None)
    moved = result.get("crop")
    try:  # it comes from the browser: anything may stand in it
        return Crop(**{name: float(moved[name]) for name in ("x", "y", "side", "angle")})
    except (TypeError, KeyError, ValueError):
        return crop
