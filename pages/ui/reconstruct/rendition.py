"""What a method made of a picture: figures, the pictures side by side, the comparison."""

import numpy as np
import streamlit as st

from ae_core import images as pictures
from ae_core.models.inference import Reconstruction
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import size
from pages.ui.widgets.sheet import sheet


def rendition_view(image: np.ndarray, ours: Reconstruction) -> None:
    """Show a picture (H, W, C) in [0, 1], what the autoencoder made of it, and the error."""
    _figures(ours)
    error = pictures.error_map(image, ours.image)
    original = f"<b>{text('reconstruct.original')}</b><br>{size(image.size)}"
    error_words = f"<b>{text('reconstruct.error')}</b><br>{text('reconstruct.error_scale')}"
    captions = (original, _words(ours, ours), error_words)
    _row((image, ours.image, error), captions)


def rivals_view(ours: Reconstruction, rivals: list[Reconstruction]) -> None:
    """Show the autoencoder's picture next to those of its rivals, and say who is ahead."""
    st.markdown(f"##### {_verdict(ours, rivals)}")
    shown = (ours, *rivals)
    _row(tuple(each.image for each in shown), tuple(_words(each, ours) for each in shown))


def _figures(ours: Reconstruction) -> None:
    with st.container(horizontal=True, gap="medium"):
        for label, value, about in (
            ("PSNR", f"{ours.psnr:.1f} dB", text("reconstruct.psnr_help")),
            ("SSIM", f"{ours.ssim:.3f}", text("reconstruct.ssim_help")),
            ("MSE", f"{ours.mse:.4f}", text("reconstruct.mse_help")),
            (text("reconstruct.code"), f"{ours.bytes:,} B", text("reconstruct.code_help")),
        ):
            st.metric(label, value, help=about, width="content")


def _words(rendition: Reconstruction, ours: Reconstruction) -> str:
    """Return what stands below a picture, as HTML; nothing in it comes from a visitor."""
    kept = size(rendition.bytes)
    if rendition.numbers:
        kept = text("reconstruct.numbers", count=rendition.numbers)
    if rendition.bytes > ours.bytes:
        kept = text("reconstruct.smallest", kept=kept)
    return f"<b>{rendition.name}</b>, {rendition.psnr:.1f} dB<br>{kept}"


def _verdict(ours: Reconstruction, rivals: list[Reconstruction]) -> str:
    fair = [rival for rival in rivals if rival.bytes <= ours.bytes]
    best = max(fair, key=lambda rival: rival.psnr, default=None)
    if best is None:
        return text("reconstruct.verdict.alone")
    gap = ours.psnr - best.psnr
    if abs(gap) < 0.05:
        return text("reconstruct.verdict.equal", rival=best.name)
    key = "reconstruct.verdict.ahead" if gap > 0 else "reconstruct.verdict.behind"
    return text(key, rival=best.name, gap=f"{abs(gap):.1f}")


def _row(images: tuple[np.ndarray, ...], captions: tuple[str, ...]) -> None:
    """Show pictures (H, W, C) in [0, 1] side by side, on a phone too, with captions in HTML."""
    colour = [np.broadcast_to(image, (*image.shape[:2], 3)) for image in images]
    tiles = pictures.to_bytes_range(np.stack(colour))[np.newaxis]
    sheet(tiles)
    columns = "".join(f"<div>{caption}</div>" for caption in captions)
    style = f"display:grid;grid-template-columns:repeat({len(captions)},1fr);gap:6px;opacity:.85"
    st.html(f'<div style="{style}">{columns}</div>')
