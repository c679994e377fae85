"""The results for a noisy image: figures, images, classical filters, downloads."""

import math

import numpy as np
import streamlit as st

from ae_core.denoising.denoise import Denoised, LabelledImage
from pages.ui.backend.denoising import Question
from pages.ui.i18n.text import gain, number, slug, text
from pages.ui.pictures.denoised_wipe import denoised_wipe
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric
from pages.ui.widgets.save_menu import NamedImage, save_menu

CLEAN_NOISE = 0.01  # σ of noise that nobody sees, 2.5 of 255 gray levels
UNLIKE = 95  # percentile from which an image counts as different from the training faces
NAMED = (  # versions with a text; the others are models with their own title
    *("Clean", "Photo", "Noisy", "Denoised"),
    *("Gaussian", "Median", "Total variation", "Non-local means", "Wavelet"),
)


def denoised_view(result: Denoised, asked: Question, *, faces: bool) -> None:
    """Show the denoised image over the noisy one, with a line to compare them, and the figures.

    Args:
        result: the result to show.
        asked: its question.
        faces: whether the image should be a face.
    """
    if result.clean is None and result.noise < CLEAN_NOISE:
        st.success(text("denoise.already_clean"))
    names = (_name(result.noisy), _name(result.output))
    compared = _compared(result)
    denoised_wipe(result, asked, names, tuple(value for _, value, _ in compared))
    with st.container(horizontal=True, gap="medium", key="denoised-figures"):
        for name, value, about in compared:
            metric(name, value, about)
    if faces and (percentile := result.ood_percentile or 0) >= UNLIKE:
        st.info(text("denoise.unlike", percent=math.ceil(100 - percentile) or 1))


def steps_view(result: Denoised) -> None:
    """Show the images of a result side by side: before, noisy, denoised, and what was removed."""
    st.markdown(f"## {text('denoise.steps')}")
    shown = _shown(result)
    image_row((image for _, image in shown), (words for words, _ in shown))


def classical_view(result: Denoised, baselines: list[LabelledImage]) -> None:
    """Show the classical filters' outputs for the same noisy image, and the best method."""
    st.markdown(f"## {_verdict(result, baselines)}")
    image_row(
        (baseline.image for baseline in baselines),
        (_words(baseline, result.noisy) for baseline in baselines),
        min_width=110,
    )


def squeezed_view(result: Denoised, made: list[LabelledImage]) -> None:
    """Show the autoencoders' outputs for the same noisy image."""
    st.markdown(f"## {text('denoise.squeezed')}")
    st.caption(text("denoise.squeezed_about"))
    image_row(
        (version.image for version in made),
        (_words(version, result.noisy) for version in made),
        min_width=110,
    )


def downloads(result: Denoised, baselines: list[LabelledImage]) -> None:
    """Offer each image, and all of them in one sheet, as PNG files."""
    versions = [result.noisy, result.output, *baselines]
    if result.clean is not None:
        versions.insert(0, result.clean)
    save_menu(
        "denoising",
        [NamedImage(_name(each), slug(each.name), each.image) for each in versions],
    )


def _compared(result: Denoised) -> list[tuple[str, str, str | None]]:
    """Return the figures beside the images: name, value, explanation."""
    before, after = result.noisy, result.output
    if before.psnr is None or after.psnr is None:
        return [
            (text("denoise.noise_found"), _sigma(result.noise), text("denoise.noise_help")),
            (text("denoise.noise_left"), _sigma(result.residual_noise), None),
        ]
    gained = _decibels(gain(after.psnr, before.psnr), "+.1f")
    return [
        *((_name(each), _decibels(_psnr(each)), "PSNR") for each in (before, after)),
        (text("denoise.gain"), gained, None),
    ]


def _shown(result: Denoised) -> list[tuple[str, np.ndarray]]:
    removed = np.clip(0.5 + result.noisy.image - result.output.image, 0, 1)
    before = _figure(result.noisy) or _sigma(result.noise)
    rows = [
        (f"<b>{_name(result.noisy)}</b><br>{before}", result.noisy.image),
        (f"<b>{_name(result.output)}</b><br>{_figure(result.output)}", result.output.image),
        (f"<b>{text('denoise.removed')}</b><br>{text('denoise.removed_scale')}", removed),
    ]
    if result.clean is not None:
        side = result.clean.image.shape[0]
        rows.insert(0, (f"<b>{_name(result.clean)}</b><br>{side}×{side}", result.clean.image))
    return rows


def _name(version: LabelledImage) -> str:
    """Return the name of a version: a filter, a processing step, or a model's title."""
    known = version.name in NAMED
    return text(f"denoise.version.{slug(version.name)}") if known else version.name


def _figure(version: LabelledImage) -> str:
    if version.psnr is None:
        return ""
    return f"{_decibels(version.psnr)}, SSIM {number(version.ssim, '.2f')}"


def _psnr(version: LabelledImage) -> float:
    """Return the PSNR of a version; there must be a clean image."""
    assert version.psnr is not None
    return version.psnr


def _sigma(noise: float) -> str:
    least = 0.001
    return f"σ ≈ {number(noise, '.3f')}" if noise >= least else f"σ < {number(least, '.3f')}"


def _decibels(value: float, form: str = ".1f") -> str:
    """Format decibels, including the infinite PSNR of equal images."""
    if math.isfinite(value):
        return f"{number(value, form)} dB"
    return text("denoise.equal") if value == math.inf else "–"


def _words(baseline: LabelledImage, noisy: LabelledImage) -> str:
    if baseline.psnr is None:
        return f"<b>{_name(baseline)}</b>"
    more = gain(baseline.psnr, _psnr(noisy))
    gained = f" ({number(more, '+.1f')})" if math.isfinite(more) else ""
    measured = f"{_decibels(baseline.psnr)}{gained}<br>SSIM {number(baseline.ssim, '.2f')}"
    return f"<b>{_name(baseline)}</b><br>{measured}"


def _verdict(result: Denoised, baselines: list[LabelledImage]) -> str:
    if result.output.psnr is None:
        return text("denoise.verdict.photo")
    if not math.isfinite(_psnr(result.noisy)):
        return text("denoise.verdict.clean")
    best = max(baselines, key=_psnr)
    gained = gain(result.output.psnr, _psnr(result.noisy))
    if gain(_psnr(best), _psnr(result.noisy)) <= 0 < gained:
        return text("denoise.verdict.no_filter", gain=number(gained, ".1f"))
    gap = gain(result.output.psnr, _psnr(best))
    if not gap:
        return text("denoise.verdict.equal", baseline=_name(best))
    key = "denoise.verdict.ahead" if gap > 0 else "denoise.verdict.behind"
    return text(key, baseline=_name(best), gap=number(abs(gap), ".1f"))
