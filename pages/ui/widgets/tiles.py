"""Pictures side by side with words below them; on a narrow screen fewer in a row."""

import io
import weakref

import numpy as np
import streamlit as st
from PIL import Image

from ae_core import images as pictures
from pages.ui.widgets.sheet import address

SQUARE_PIXELS = 160  # pictures of fewer pixels are shown with their pixels as squares
NARROWEST = 125  # CSS pixels

_addresses: dict[int, str] = {}  # of the pictures that are still there, by their ids


def tiles(
    images: tuple[np.ndarray, ...], captions: tuple[str, ...], least: int = NARROWEST
) -> None:
    """Show pictures (H, W, C) in [0, 1]; captions are HTML in which nothing is a visitor's text."""
    figures = "".join(
        f'<figure style="margin:0"><img src="{data_url(image)}" alt="" style="width:100%;'
        f'border-radius:6px;display:block;image-rendering:{_rendering(image)}">'
        f'<figcaption style="opacity:.85;margin-top:.3rem">{caption}</figcaption></figure>'
        for image, caption in zip(images, captions, strict=True)
    )
    columns = f"repeat(auto-fit,minmax(min({least}px,46%),1fr))"
    st.html(f'<div style="display:grid;grid-template-columns:{columns};gap:10px">{figures}</div>')


def data_url(image: np.ndarray) -> str:
    """Return a picture (H, W, C) in [0, 1] as an address that holds it: small ones exactly.

    It is remembered for as long as the picture is, and no longer: it may be a visitor's.
    """
    known = _addresses.get(id(image))
    if known is None:
        known = _addresses[id(image)] = _encoded(image)
        weakref.finalize(image, _addresses.pop, id(image), None).atexit = False
    return known


def _encoded(image: np.ndarray) -> str:
    pixels = pictures.to_bytes_range(image)
    if image.shape[1] < SQUARE_PIXELS:
        return address(pictures.to_png(pixels))
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(
        buffer, "JPEG", quality=92, subsampling=0
    )
    return address(buffer.getvalue(), "jpeg")


def _rendering(image: np.ndarray) -> str:
    return "pixelated" if image.shape[1] < SQUARE_PIXELS else "auto"
