"""What a method made of a picture: figures, the pictures side by side, the comparison."""

import numpy as np
import streamlit as st

from ae_core import pictures
from ae_core.inference import Rendition
from pages.shared.wording import size


def rendition_view(image: np.ndarray, ours: Rendition) -> None:
    """Show a picture (H, W, C) in [0, 1], what the autoencoder made of it, and the error."""
    _figures(ours)
    error = pictures.error_map(image, ours.image)
    original = f"<b>Original</b><br>{size(image.size)}"
    captions = (original, _words(ours, ours), "<b>Error</b><br>black: equal")
    _row((image, ours.image, error), captions)


def rivals_view(ours: Rendition, rivals: list[Rendition]) -> None:
    """Show the autoencoder's picture next to those of its rivals, and say who is ahead."""
    st.markdown(f"##### {_verdict(ours, rivals)}")
    shown = (ours, *rivals)
    _row(tuple(each.image for each in shown), tuple(_words(each, ours) for each in shown))


def _figures(ours: Rendition) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric("PSNR", f"{ours.psnr:.1f} dB", help="Higher is better.", width="content")
        st.metric(
            "SSIM", f"{ours.ssim:.3f}", help="Structural similarity; 1 is equal.", width="content"
        )
        st.metric(
            "MSE",
            f"{ours.mse:.4f}",
            help="Mean squared error, pixels from 0 to 1.",
            width="content",
        )
        st.metric(
            "Code",
            f"{ours.bytes:,} B",
            help="Four bytes a number; the picture itself has one byte a pixel and channel.",
            width="content",
        )


def _words(rendition: Rendition, ours: Rendition) -> str:
    """Return what stands below a picture, as HTML; nothing in it comes from a visitor."""
    kept = f"{rendition.numbers} numbers" if rendition.numbers else size(rendition.bytes)
    if rendition.bytes > ours.bytes:
        kept += ", none is smaller"
    return f"<b>{rendition.name}</b>, {rendition.psnr:.1f} dB<br>{kept}"


def _verdict(ours: Rendition, rivals: list[Rendition]) -> str:
    fair = [rival for rival in rivals if rival.bytes <= ours.bytes]
    best = max(fair, key=lambda rival: rival.psnr, default=None)
    if best is None:
        return "No rival keeps this picture in as few bytes."
    gap = ours.psnr - best.psnr
    if abs(gap) < 0.05:
        return f"The autoencoder and {best.name} do equally well on this picture."
    winner, loser = ("The autoencoder", best.name) if gap > 0 else (best.name, "the autoencoder")
    return f"**{winner}** beats {loser} by {abs(gap):.1f} dB on this picture."


def _row(images: tuple[np.ndarray, ...], captions: tuple[str, ...]) -> None:
    """Show pictures (H, W, C) in [0, 1] side by side, on a phone too, with captions in HTML."""
    colour = [np.broadcast_to(image, (*image.shape[:2], 3)) for image in images]
    tiles = pictures.to_bytes_range(np.stack(colour))[np.newaxis]
    st.image(pictures.contact_sheet(tiles), width="stretch")
    columns = "".join(f"<div>{caption}</div>" for caption in captions)
    style = f"display:grid;grid-template-columns:repeat({len(captions)},1fr);gap:6px;opacity:.85"
    st.html(f'<div style="{style}">{columns}</div>')
