"""The noise benchmark: a denoiser's PSNR for each kind of noise on a fixed sample."""

from collections.abc import Callable, Iterable

import numpy as np

from ae_core.data.corruption import corrupt
from ae_core.metrics import psnr
from ae_core.models.pretrained import NoiseResult
from ae_core.specs import Corruption

SAMPLE = 500  # images, the first of the held-out ones
SEED = 2026
MAX_DB = 99.0  # dB: JSON has no infinity
KINDS = (
    *(Corruption("gaussian", amount) for amount in (0.1, 0.2, 0.3)),
    Corruption("heteroscedastic", 0.2),
    Corruption("salt-and-pepper", 0.2),
    Corruption("speckle", 0.4),
    Corruption("masking", 0.3),
    Corruption("block", 0.05),
    Corruption("blur", 0.3),
    Corruption("jpeg", 0.85),
)


def benchmark(
    method: Callable[[np.ndarray], np.ndarray],
    image_set: str,
    clean: np.ndarray,
    kinds: Iterable[Corruption] = KINDS,
) -> tuple[NoiseResult, ...]:
    """Run a method on clean images (N, H, W, C) in [0, 1] with every kind of noise.

    Args:
        method: noisy images in, denoised ones out, both (N, H, W, C) in [0, 1].
        image_set: the name of the image set.
        clean: the images; at most `SAMPLE` of them are used.
        kinds: the kinds of noise; the noise is the same for every method.
    """
    clean, results = clean[:SAMPLE], []
    for kind in kinds:
        noisy = corrupt(kind, clean, np.random.default_rng(SEED))
        before = _psnr(noisy, clean)  # before the method, which may overwrite its input
        after = _psnr(method(noisy), clean)
        results.append(NoiseResult(image_set, kind.noise_kind, kind.noise_amount, before, after))
    return tuple(results)


def _psnr(images: np.ndarray, clean: np.ndarray) -> float:
    return round(min(psnr(images, clean), MAX_DB), 2)
