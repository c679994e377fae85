"""Rates and distortions of a model's codes, of PCA and of JPEG, measured in an ``infer`` worker.

All values are means over test images; `ae_core.evaluation.fixed_budget` compresses a single image.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ae_core import metrics
from ae_core.data.gallery import images_of
from ae_core.data.loading import card, load_images
from ae_core.evaluation.quantization import Quantizer
from ae_core.evaluation.rate_distortion import Curve, Point
from ae_core.latent.explore import live_decoder
from ae_core.models import baselines
from ae_core.models.inference import ModelFile, open_model
from ae_core.specs import ImageChoice

TRAIN_IMAGES = 4000  # for fitting quantizers
TEST_IMAGES = 200  # for mean sizes and errors
BITS = tuple(range(2, 9))  # bits of the dimension with the widest range
PCA_BITS = tuple(range(3, 11))  # the first component's range is much wider than the last one's
PCA_DIMS = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
PCA_PIXELS = 20_000_000  # in all training images for PCA
MAX_DIMS_LARGE = 128  # components for images that are not SMALL: more would take too long
QUALITIES = (1, 3, 5, 8, 12, 16, 20, 26, 32, 40, 50, 60, 70, 80, 88, 95)


@dataclass(frozen=True)
class CodeRates:
    """A model's codes, quantized and counted.

    Attributes:
        points: one point for each of BITS.
        psnr: the PSNR without quantization, in dB.
        decoder_bytes: the decoder, in 16 bits a weight where they suffice, plus the largest
            quantizer.
        images: the number of test images.
    """

    points: Curve
    psnr: float
    decoder_bytes: int
    images: int


def code_rates(model: ModelFile) -> CodeRates:
    """Measure the codes of a model.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
        UserError: the model no longer exists.
    """
    spec, network = open_model(model)
    tests = images_of(spec).test[:TEST_IMAGES]
    codes, fitted = network.encode(tests), quantizers(model)
    points = tuple(_point(quantizer, codes, tests, network.decode) for quantizer in fitted)
    decoder = live_decoder(model, "")
    psnr = metrics.psnr(tests, network.decode(codes))
    return CodeRates(points, psnr, len(decoder) + fitted[-1].table_bytes, len(tests))


def pca_rates(choice: ImageChoice) -> Curve:
    """Measure PCA with several numbers of components in the same way as `code_rates`."""
    images = load_images(*choice)
    tests = images.test[:TEST_IMAGES]
    pca, fitted = pca_with_quantizers(choice)
    codes = pca.encode(tests)

    def decode(kept: np.ndarray) -> np.ndarray:
        return pca.decode(kept, images.image_shape)

    return tuple(_point(quantizer, codes, tests, decode) for quantizer in fitted)


def _point(
    quantizer: Quantizer,
    codes: np.ndarray,
    tests: np.ndarray,
    decode: Callable[[np.ndarray], np.ndarray],
) -> Point:
    dims = len(quantizer.low)
    steps = quantizer.quantize(codes[:, :dims])
    psnr = metrics.psnr(tests, decode(quantizer.dequantize(steps)))
    coded = float(quantizer.coded_bytes(steps).mean())
    return Point(coded, psnr, quantizer.plain_bytes, dims, quantizer.bits)


def jpeg_rates(choice: ImageChoice) -> tuple[Curve, Curve]:
    """Measure JPEG on test images: whole files, and files without their headers."""
    tests = load_images(*choice).test[:TEST_IMAGES]
    files: list[Point] = []
    scans: list[Point] = []
    for quality in QUALITIES:
        made = [baselines.jpeg_at(image, quality) for image in tests]
        psnr = metrics.psnr(tests, np.stack([each.image for each in made]))
        for points, sizes in (
            (files, [each.bytes for each in made]),
            (scans, [each.scan_bytes for each in made]),
        ):
            mean = float(np.mean(sizes))
            points.append(Point(mean, psnr, mean, quality=quality))
    return tuple(files), tuple(scans)


@lru_cache(maxsize=4)
def quantizers(model: ModelFile) -> tuple[Quantizer, ...]:
    """Return a quantizer of a model's codes for each of BITS."""
    spec, network = open_model(model)
    codes = network.encode(images_of(spec).train[:TRAIN_IMAGES])
    return tuple(Quantizer.fit(codes, bits) for bits in BITS)


def pca_with_quantizers(choice: ImageChoice) -> tuple[baselines.Pca, tuple[Quantizer, ...]]:
    """Return an image set's PCA, and a quantizer for each of PCA_BITS and each of PCA_DIMS."""
    return _fitted_pca(choice, card(choice.image_set).revision)


@lru_cache(maxsize=4)
def _fitted_pca(choice: ImageChoice, _: int) -> tuple[baselines.Pca, tuple[Quantizer, ...]]:
    images = load_images(*choice).train
    pixels = int(np.prod(images.shape[1:]))
    max_dims = PCA_DIMS[-1] if pixels <= baselines.SMALL else MAX_DIMS_LARGE
    pca = baselines.fit_pca(images[: PCA_PIXELS // pixels], max_dims, quick=True)
    codes = pca.encode(images[:TRAIN_IMAGES])
    dims = sorted({min(each, len(pca.components)) for each in PCA_DIMS})
    return pca, tuple(Quantizer.fit(codes, bits).first(n) for bits in PCA_BITS for n in dims)
