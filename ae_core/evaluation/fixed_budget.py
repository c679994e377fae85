"""Compresses one image within a budget of bytes, in an ``infer`` worker.

The image comes with each call; the worker does not keep it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ae_core import metrics
from ae_core.evaluation.quantization import Quantizer
from ae_core.evaluation.rate_distortion import best_within
from ae_core.evaluation.rates import pca_with_quantizers, quantizers
from ae_core.models import baselines
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.specs import ImageChoice


@dataclass(frozen=True)
class Compressed:
    """An image compressed by one method.

    Attributes:
        method: "autoencoder", "pca", "jpeg", or "scan" for a JPEG without its header.
        image: (H, W, C) float32 in [0, 1].
        psnr: in dB.
        bytes: the size of this image; above the budget if the method has nothing smaller.
        latent_dim: the latent dimension of the code, 0 for JPEG.
        bits: the bits of the dimension with the widest range, 0 for JPEG.
        quality: JPEG's quality setting, 0 for codes.
    """

    method: str
    image: np.ndarray
    psnr: float
    bytes: float
    latent_dim: int = 0
    bits: int = 0
    quality: int = 0


def compress_to(model: ModelFile, image: np.ndarray, budget: float, *, coded: bool) -> Compressed:
    """Compress an image (H, W, C) in [0, 1] with a model, as well as a budget in bytes allows."""
    trained = autoencoder(model, image.shape)
    code = trained.encode(image[np.newaxis])

    def decode(kept: Sequence[np.ndarray]) -> np.ndarray:
        return trained.decode(np.concatenate(kept))

    return _best("autoencoder", image, code, quantizers(model), decode, budget, coded=coded)


def compress_baselines_to(
    images: ImageChoice, image: np.ndarray, budget: float, *, coded: bool
) -> tuple[Compressed, ...]:
    """Compress the same image with PCA, and with JPEG with and without its header."""
    pca, fitted = pca_with_quantizers(images)

    def decode(kept: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([pca.decode(each, image.shape) for each in kept])

    code = pca.encode(image[np.newaxis])
    found = [_best("pca", image, code, fitted, decode, budget, coded=coded)]
    for method, header in (("jpeg", True), ("scan", False)):
        jpeg = baselines.jpeg_of_at_most(image, int(budget), header=header)
        size = jpeg.bytes if header else jpeg.scan_bytes
        psnr = metrics.psnr(image, jpeg.image)
        found.append(Compressed(method, jpeg.image, psnr, size, quality=jpeg.quality))
    return tuple(found)


def _best(
    method: str,
    image: np.ndarray,
    code: np.ndarray,
    fitted: Sequence[Quantizer],
    decode: Callable[[Sequence[np.ndarray]], np.ndarray],
    budget: float,
    *,
    coded: bool,
) -> Compressed:
    """Quantize a code (1, D) with every quantizer, and choose the best image within the budget."""
    steps = [quantizer.quantize(code[:, : len(quantizer.low)]) for quantizer in fitted]
    pairs = list(zip(fitted, steps, strict=True))
    images = decode([quantizer.dequantize(each) for quantizer, each in pairs])
    sizes = [float(q.coded_bytes(each)[0]) if coded else q.plain_bytes for q, each in pairs]
    psnrs = [metrics.psnr(image, each) for each in images]
    best = best_within(sizes, psnrs, budget)
    dims, bits = len(fitted[best].low), fitted[best].bits
    return Compressed(method, images[best], psnrs[best], sizes[best], dims, bits)
