"""Shows images on a page: a contact sheet as one PNG for `st.image`, or a row with captions.

Arrays are uint8 in [0, 255] or float32 in [0, 1].
"""

import base64
import html
import io
import re
import weakref
from collections.abc import Iterable

import numpy as np
import streamlit as st

from ae_core import images as pixels

# Width of a contact sheet. The browser enlarges it further, with every pixel as a square. Streamlit
# takes four times as long to write a PNG of twice the width, and a class needs many of them.
SHEET_WIDTH = 600
MAX_SQUARES = 160  # narrower images are shown with their pixels as squares
MIN_WIDTH = 125  # CSS pixels

_TAG = re.compile("<[^>]*>")

_urls: dict[int, str] = {}  # by the ids of images that still exist


def contact_sheet(rows: np.ndarray, width: int = SHEET_WIDTH) -> bytes:
    """Return uint8 images (R, N, H, W, C) in R rows as PNG."""
    return pixels.to_png(pixels.contact_sheet(rows, width))


def image_row(
    images: Iterable[np.ndarray], captions: Iterable[str], min_width: int = MIN_WIDTH
) -> None:
    """Show images (H, W, C) side by side, with fewer per row on a narrow screen.

    Args:
        images: float32.
        captions: HTML without any visitor's text.
        min_width: CSS pixels per image.
    """
    figures = "".join(
        f'<figure style="margin:0"><img src="{data_url(image)}" alt="{_plain(caption)}" '
        f'style="width:100%;border-radius:6px;display:block;image-rendering:{_rendering(image)}">'
        f'<figcaption style="opacity:.85;margin-top:.3rem">{caption}</figcaption></figure>'
        for image, caption in zip(images, captions, strict=True)
    )
    columns = f"repeat(auto-fit,minmax(min({min_width}px,46%),1fr))"
    st.html(f'<div style="display:grid;grid-template-columns:{columns};gap:10px">{figures}</div>')


def _plain(caption: str) -> str:
    """Return a caption without its markup, for an attribute."""
    return html.escape(html.unescape(_TAG.sub(" ", caption))).strip()


def data_url(image: np.ndarray) -> str:
    """Return a float32 image (H, W, C) as a data URL; small images are lossless.

    The cached URL is dropped together with the image, which may be a visitor's.
    """
    known = _urls.get(id(image))
    if known is None:
        known = _urls[id(image)] = _encoded(image)
        weakref.finalize(image, _urls.pop, id(image), None).atexit = False
    return known


def data_urls(images: Iterable[np.ndarray]) -> tuple[str, ...]:
    """Return data URLs of uint8 images (H, W, C)."""
    return tuple(file_url(pixels.to_png(image)) for image in images)


def file_url(file: bytes, kind: str = "png") -> str:
    """Return a data URL of an image file, a ``png`` or a ``jpeg``."""
    return f"data:image/{kind};base64,{base64.b64encode(file).decode()}"


def _encoded(image: np.ndarray) -> str:
    values = pixels.to_bytes_range(image)
    if image.shape[1] < MAX_SQUARES:
        return file_url(pixels.to_png(values))
    buffer = io.BytesIO()
    pixels.to_pillow(values).save(buffer, "JPEG", quality=92, subsampling=0)
    return file_url(buffer.getvalue(), "jpeg")


def _rendering(image: np.ndarray) -> str:
    return "pixelated" if image.shape[1] < MAX_SQUARES else "auto"
