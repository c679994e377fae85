"""Pictures in rows, as one picture that is quickly made and fills the width."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
import streamlit as st

from ae_core import images as pictures

# The browser enlarges it further, every pixel staying a square. Streamlit would write a PNG of
# twice the width four times as slowly, and a class asks for many.
PIXELS = 600


def sheet(rows: np.ndarray, width: int = PIXELS, **options: Any) -> None:
    """Show uint8 pictures (R, N, H, W, C) in R rows; ``options`` are those of `st.image`."""
    st.image(png(rows, width), width="stretch", **options)


def png(rows: np.ndarray, width: int = PIXELS) -> bytes:
    """Return what `sheet` shows, as PNG."""
    return pictures.to_png(pictures.contact_sheet(rows, width))


def addresses(images: Iterable[np.ndarray]) -> tuple[str, ...]:
    """Return addresses that hold uint8 pictures (H, W, C)."""
    return tuple(address(pictures.to_png(image)) for image in images)


def address(file: bytes, kind: str = "png") -> str:
    """Return an address that holds a picture's file, a ``png`` or a ``jpeg``."""
    return f"data:image/{kind};base64,{base64.b64encode(file).decode()}"
