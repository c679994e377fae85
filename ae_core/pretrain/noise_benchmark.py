"""Noise trials: how near to the clean pictures a denoiser comes, kind by kind, on one sample."""

from collections.abc import Callable, Iterable

import numpy as np

from ae_core.data.corruption import corrupt
from ae_core.metrics import psnr_of_mse
from ae_core.models.pretrained import NoiseResult
from ae_core.specs import Corruption

SAMPLE = 500  # pictures, the first of the held-out ones
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
    """Run a method over clean pictures (N, H, W, C) in [0, 1] with every kind of noise.

    Args:
        method: noisy pictures in, denoised ones out, both (N, H, W, C) in [0, 1].
        image_set: the name of the pictures' set.
        clean: the pictures; `SAMPLE` of them at most are used.
        kinds: of noise; its draws are the same for every method.
    """
    clean = clean[:SAMPLE]
    return tuple(
        NoiseResult(
            image_set,
            kind.noise_kind,
            kind.noise_amount,
            _psnr(noisy, clean),
            _psnr(method(noisy), clean),
        )
        for kind in kinds
        for noisy in [corrupt(kind, clean, np.random.default_rng(SEED))]
    )


def _psnr(images: np.ndarray, clean: np.ndarray) -> float:
    error = float(np.mean(np.square(images - clean, dtype=np.float64)))
    return round(min(psnr_of_mse(error), MAX_DB), 2)
