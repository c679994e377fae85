"""An image next to its reconstructions by an autoencoder, PCA and JPEG, with their figures."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.models.enlarged import Enlarged
from ae_core.models.inference import Reconstruction
from pages.ui.i18n.text import gain, number, slug, text
from pages.ui.i18n.wording import size
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric
from pages.ui.widgets.save_menu import NamedImage, save_menu

MIN_WIDTH = 70  # CSS pixels per image: all fit into one row, even on a phone


def reconstruction_view(image: np.ndarray, ours: Reconstruction) -> None:
    """Show an image (H, W, C) in [0, 1], its reconstruction and the error, above the figures."""
    error = images.error_map(image, ours.image)
    original = f"<b>{text('reconstruct.original')}</b><br>{size(image.size)}"
    error_words = f"<b>{text('reconstruct.error')}</b><br>{text('reconstruct.error_scale')}"
    captions = (original, _words(ours, ours), error_words)
    image_row((image, ours.image, error), captions, MIN_WIDTH)
    _figures(ours)


def baselines_view(
    image: np.ndarray, ours: Reconstruction, others: Sequence[Reconstruction]
) -> None:
    """Show the reconstruction beside the baselines', say which is best, and offer all images."""
    st.markdown(f"## {_verdict(ours, others)}")
    made = (ours, *others)
    image_row((each.image for each in made), (_words(each, ours) for each in made), MIN_WIDTH)
    versions = [NamedImage(text("reconstruct.original"), "original", image)]
    versions += [NamedImage(each.name, slug(each.name), each.image) for each in made]
    save_menu("reconstruction", versions)


def enlarged_view(found: Enlarged, small: int) -> None:
    """Show a model's drawing of ``small`` pixels a side at the size of the original."""
    side = len(found.original)
    psnr = {name: number(getattr(found, name).psnr, ".1f") for name in ("reduced", "ours")}
    st.markdown(f"## {text('reconstruct.enlarged.title', side=side)}")
    st.markdown(text("reconstruct.enlarged.about", side=side, small=small, **psnr))
    captions = (
        text("reconstruct.enlarged.original", side=side),
        text("reconstruct.enlarged.reduced", small=small, psnr=psnr["reduced"]),
        text("reconstruct.enlarged.ours", small=small, psnr=psnr["ours"]),
    )
    image_row((found.original, found.reduced.image, found.ours.image), captions, MIN_WIDTH)


def _figures(ours: Reconstruction) -> None:
    with st.container(horizontal=True, gap="medium"):
        for label, value, about in (
            ("PSNR", f"{number(ours.psnr, '.1f')} dB", text("reconstruct.psnr_help")),
            ("SSIM", number(ours.ssim, ".3f"), text("reconstruct.ssim_help")),
            ("MSE", number(ours.mse, ".4f"), text("reconstruct.mse_help")),
            (
                text("reconstruct.code"),
                f"{number(ours.bytes, ',')} B",
                text("reconstruct.code_help"),
            ),
        ):
            metric(label, value, about)


def _words(made: Reconstruction, ours: Reconstruction) -> str:
    """Return the caption of an image as HTML; it contains no visitor's text."""
    kept = size(made.bytes)
    if made.latent_dim:
        kept = text("reconstruct.numbers", count=made.latent_dim)
    if made.bytes > ours.bytes:
        kept = text("reconstruct.smallest", kept=kept)
    return f"<b>{made.name}</b>, {number(made.psnr, '.1f')} dB<br>{kept}"


def _verdict(ours: Reconstruction, others: Sequence[Reconstruction]) -> str:
    fair = [each for each in others if each.bytes <= ours.bytes]
    best = max(fair, key=lambda each: each.psnr, default=None)
    if best is None:
        return text("reconstruct.verdict.alone")
    gap = gain(ours.psnr, best.psnr)
    if not gap:
        return text("reconstruct.verdict.equal", baseline=best.name)
    key = "reconstruct.verdict.ahead" if gap > 0 else "reconstruct.verdict.behind"
    return text(key, baseline=best.name, gap=number(abs(gap), ".1f"))
