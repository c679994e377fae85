"""Shows a photo with its detected faces and a movable square.

``crop_box.js`` handles the interaction; the square is sent when the visitor releases it.
"""

from typing import Any

from ae_core.denoising.faces import Crop
from pages.ui.i18n.text import text
from pages.ui.widgets.component import component
from pages.ui.widgets.images import file_url

_WORDS = ("photo", "square", "face")

_BOX = component(__file__, '<div class="crop"><img></div>')


def crop_box(key: str, preview: bytes, faces: tuple[Crop, ...], crop: Crop) -> Crop:
    """Show a photo with its faces and a crop; return the present crop.

    Args:
        key: the key of the component; every photo needs its own key.
        preview: the photo, a JPEG file.
        faces: the squares around the detected faces.
        crop: the initial square.
    """
    # Not a dict either: for a dict, Streamlit imports pandas to check whether it is a table.
    start = tuple(vars(crop).items())
    data = {
        "photo": file_url(preview, "jpeg"),
        "faces": tuple(vars(face) for face in faces),
        "crop": start,
        "words": tuple((word, text(f"denoise.crop.{word}")) for word in _WORDS),
    }
    result = _BOX(key=key, data=data, on_crop_change=lambda: None)
    moved: Any = result.get("crop")
    try:  # the browser's data are not trusted
        return Crop(**{name: float(moved[name]) for name in ("x", "y", "side", "angle")})
    except (TypeError, KeyError, ValueError):
        return crop
