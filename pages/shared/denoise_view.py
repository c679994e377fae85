"""What became of a noisy picture: figures, pictures, classical filters, downloads."""

import math
import re
from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core import pictures
from ae_core.denoising import Denoised, Version
from pages.shared.downloads import File, offer
from pages.shared.tiles import tiles
from pages.shared.wipe import wipe

UNLIKE = 95  # percentile from which a picture is said to be unlike the training faces


def denoised_view(result: Denoised, *, faces: bool) -> None:
    """Show the figures, the pictures side by side and the wipe.

    Args:
        result: what to show.
        faces: whether the picture is meant to be a face.
    """
    _figures(result)
    shown = _shown(result)
    tiles(tuple(image for _, image in shown), tuple(words for words, _ in shown))
    if faces and result.stranger >= UNLIKE:
        st.info(
            f"This picture is less like the training faces than {result.stranger:.0f} % of the "
            "faces of people who were not trained on: in light, pose or crop. The result may be "
            "worse than the model's figures."
        )


def classical_view(result: Denoised, rivals: list[Version]) -> None:
    """Show what the classical filters make of the same noisy picture, and who wins."""
    st.markdown(f"##### {_verdict(result, rivals)}")
    tiles(
        tuple(rival.image for rival in rivals),
        tuple(_words(rival, result.noisy) for rival in rivals),
        least=110,
    )


def squeezed_view(result: Denoised, made: list[Version]) -> None:
    """Show what autoencoders make of the same noisy picture."""
    st.markdown("##### Through a bottleneck")
    st.caption(
        "Autoencoders that squeeze the same noisy face through a code of few numbers: the noise "
        "does not fit through, and much of the face does not either."
    )
    tiles(
        tuple(version.image for version in made),
        tuple(_words(version, result.noisy) for version in made),
        least=110,
    )


def wipe_view(result: Denoised) -> None:
    """Lay the denoised picture over the noisy one."""
    st.markdown("##### Draw the line across")
    wipe("wipe", result.noisy.image, result.output.image, (result.noisy.name, "Denoised"))


def downloads(result: Denoised, rivals: list[Version]) -> None:
    """Offer every picture, and all of them in one, as PNG files."""
    versions = [result.noisy, result.output, *rivals]
    if result.clean is not None:
        versions.insert(0, result.clean)
    files = [File("All in one picture", "denoising.png", lambda: _contact_sheet(versions))]
    for version in versions:
        name = re.sub("[^a-z0-9]+", "-", version.name.lower())
        files.append(File(version.name, f"{name}.png", _png(version.image)))
    offer("denoise", files)


def _png(image: np.ndarray) -> Callable[[], bytes]:
    return lambda: pictures.to_png(pictures.to_bytes_range(image))


def _contact_sheet(versions: list[Version]) -> bytes:
    row = np.stack([pictures.to_bytes_range(version.image) for version in versions])
    return pictures.to_png(pictures.contact_sheet(row[np.newaxis], width=2048))


def _figures(result: Denoised) -> None:
    with st.container(horizontal=True, gap="medium"):
        if result.clean is None:
            st.metric(
                "Noise in the photo",
                f"σ ≈ {result.noise:.3f}",
                help="Estimated from the finest details, pixels from 0 to 1.",
                width="content",
            )
            st.metric("Left after denoising", f"σ ≈ {result.left:.3f}", width="content")
            return
        gain = result.output.psnr - result.noisy.psnr
        st.metric("Noisy", _decibels(result.noisy.psnr), help="PSNR", width="content")
        st.metric("Denoised", _decibels(result.output.psnr), help="PSNR", width="content")
        st.metric("Gain", _decibels(gain, "+.1f"), width="content")
        st.metric(
            "SSIM",
            f"{result.noisy.ssim:.2f} → {result.output.ssim:.2f}",
            help="Structural similarity to the clean picture; 1 is equal.",
            width="content",
        )


def _shown(result: Denoised) -> list[tuple[str, np.ndarray]]:
    removed = np.clip(0.5 + result.noisy.image - result.output.image, 0, 1)
    estimated = f"σ ≈ {result.noise:.2f}"
    rows = [
        (f"<b>{result.noisy.name}</b><br>{_figure(result.noisy) or estimated}", result.noisy.image),
        (f"<b>Denoised</b><br>{_figure(result.output)}", result.output.image),
        ("<b>Removed</b><br>gray: nothing", removed),
    ]
    if result.clean is not None:
        side = result.clean.image.shape[0]
        rows.insert(0, (f"<b>Clean</b><br>{side}×{side}", result.clean.image))
    return rows


def _figure(version: Version) -> str:
    if version.psnr is None:
        return ""
    return f"{_decibels(version.psnr)}, SSIM {version.ssim:.2f}"


def _decibels(value: float, form: str = ".1f") -> str:
    """Return decibels in words, also of equal pictures, whose PSNR is infinite."""
    if math.isfinite(value):
        return f"{value:{form}} dB"
    return "equal" if value == math.inf else "–"


def _words(rival: Version, noisy: Version) -> str:
    if rival.psnr is None:
        return f"<b>{rival.name}</b>"
    gain = rival.psnr - noisy.psnr
    more = f" ({gain:+.1f})" if math.isfinite(gain) else ""
    return f"<b>{rival.name}</b><br>{_decibels(rival.psnr)}{more}<br>SSIM {rival.ssim:.2f}"


def _verdict(result: Denoised, rivals: list[Version]) -> str:
    if result.output.psnr is None:
        return "Classical filters on the same photo"
    if not math.isfinite(result.noisy.psnr):
        return "There is no noise to remove."
    best = max(rivals, key=lambda rival: rival.psnr)
    gap = result.output.psnr - best.psnr
    if abs(gap) < 0.05:
        return f"The network and the best classical filter, {best.name}, do equally well."
    winner, loser = ("The network", best.name) if gap > 0 else (best.name, "the network")
    return f"**{winner}** beats {loser} by {abs(gap):.1f} dB."
