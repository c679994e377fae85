"""One picture within a budget of bytes, as functions that run in an ``infer`` worker.

The models and code books are those of `ae_core.evaluation.measure_rates`. It knows the picture
only while it
answers: a visitor's own one travels with each question and is nowhere kept.
"""

from dataclasses import dataclass

import numpy as np

from ae_core import metrics
from ae_core.evaluation.measure_rates import code_books, numbers_tried, pca_with_books
from ae_core.evaluation.quantization import CodeBook
from ae_core.evaluation.rate_distortion import best_within
from ae_core.models import baselines
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.specs import from_json


@dataclass(frozen=True)
class Squeezed:
    """What one method makes of a picture within some bytes.

    Attributes:
        method: "autoencoder", "pca", "jpeg", or "scan" for a JPEG without its header.
        image: (H, W, C) float32 in [0, 1].
        psnr: in dB.
        bytes: of this picture; more than was allowed if the method has nothing smaller.
        numbers: that are kept, 0 for JPEG.
        bits: of the number with the widest range, 0 for JPEG.
        quality: JPEG's setting, 0 for codes.
    """

    method: str
    image: np.ndarray
    psnr: float
    bytes: float
    numbers: int = 0
    bits: int = 0
    quality: int = 0


def squeeze(model: ModelFile, image: np.ndarray, budget: float, *, coded: bool) -> Squeezed:
    """Return a model's closest picture of a picture (H, W, C) in [0, 1] within some bytes."""
    trained = autoencoder(model, image.shape)
    codes, books = trained.encode(image[np.newaxis]), code_books(model)
    steps = [book.steps(codes) for book in books]
    made = trained.decode(np.concatenate([b.values(s) for b, s in zip(books, steps, strict=True)]))
    return _best("autoencoder", image, made, books, steps, budget, coded=coded)


def squeeze_rivals(
    spec_json: str, image: np.ndarray, budget: float, *, coded: bool
) -> tuple[Squeezed, ...]:
    """Return what PCA and JPEG, with and without its header, make of the same picture."""
    spec = from_json(spec_json)
    pca, whole = pca_with_books(spec.image_set, spec.image_size, spec.split)
    codes = pca.encode(image[np.newaxis])
    books = tuple(b.first(n) for b in whole for n in numbers_tried(len(pca.components)))
    steps = [book.steps(codes[:, : len(book.low)]) for book in books]
    shape = image_shape(spec)
    made = np.concatenate(
        [pca.decode(book.values(step), shape) for book, step in zip(books, steps, strict=True)]
    )
    found = [_best("pca", image, made, books, steps, budget, coded=coded)]
    for method, header in (("jpeg", True), ("scan", False)):
        jpeg = baselines.jpeg_of_at_most(image, int(budget), header=header)
        size = jpeg.bytes if header else jpeg.scan_bytes
        closeness = metrics.psnr(image, jpeg.image)
        found.append(Squeezed(method, jpeg.image, closeness, size, quality=jpeg.quality))
    return tuple(found)


def _best(
    method: str,
    image: np.ndarray,
    made: np.ndarray,
    books: tuple[CodeBook, ...],
    steps: list[np.ndarray],
    budget: float,
    *,
    coded: bool,
) -> Squeezed:
    sizes = [
        float(book.coded_bytes(step)[0]) if coded else book.plain_bytes
        for book, step in zip(books, steps, strict=True)
    ]
    closeness = [metrics.psnr(image, picture) for picture in made]
    best = best_within(sizes, closeness, budget)
    numbers, bits = len(books[best].low), books[best].bits
    return Squeezed(method, made[best], closeness[best], sizes[best], numbers, bits)
