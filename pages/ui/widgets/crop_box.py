"""A photo with the faces that were found, and a square on it that the visitor can move.

What the visitor does is in ``crop_box.js``; the square counts when it is let go.
"""

from typing import Any

from ae_core.denoising.faces import Crop
from ae_core.denoising.photos import Photo
from pages.ui.i18n.text import text
from pages.ui.widgets.component import component
from pages.ui.widgets.images import file_url

_WORDS = ("photo", "square", "face")

_BOX = component(__file__, '<div class="crop"><img></div>')


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
        "photo": file_url(photo.preview, "jpeg"),
        "faces": tuple(vars(face) for face in photo.faces),
        "crop": start,
        "words": tuple((word, text(f"denoise.crop.{word}")) for word in _WORDS),
    }
    result = _BOX(key=key, data=data, on_crop_change=lambda: None)
    moved: Any = result.get("crop")
    try:  # it comes from the browser: anything may stand in it
        return Crop(**{name: float(moved[name]) for name in ("x", "y", "side", "angle")})
    except (TypeError, KeyError, ValueError):
        return crop
