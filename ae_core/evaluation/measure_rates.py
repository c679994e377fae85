"""What codes cost next to PCA and JPEG, as functions that run in an ``infer`` worker.

Means over test pictures, by the models of `ae_core.models.inference`. It knows no single picture:
what one costs is in `ae_core.evaluation.fixed_budget`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ae_core import metrics
from ae_core.data import loading
from ae_core.data.user_image_sets import revision
from ae_core.evaluation.quantization import CodeBook
from ae_core.evaluation.rate_distortion import Curve, Point
from ae_core.latent.browser_decoder import decoder_bytes
from ae_core.models import baselines
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder, read_weights
from ae_core.specs import from_json

TRAIN_PICTURES = 4000  # that code books are learned from
TEST_PICTURES = 200  # that sizes and errors are means of
BITS = tuple(range(2, 9))  # of the number with the widest range
PCA_BITS = tuple(range(3, 11))  # the first component's range is much wider than the last one's
PCA_NUMBERS = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
PCA_PIXELS = 20_000_000  # that principal components are fitted to, in all training pictures
MOST_OF_LARGE = 128  # components of pictures that are not SMALL: more would take too long
QUALITIES = (1, 3, 5, 8, 12, 16, 20, 26, 32, 40, 50, 60, 70, 80, 88, 95)


@dataclass(frozen=True)
class CodeRates:
    """A model's codes, rounded and counted.

    Attributes:
        points: one for each of BITS.
        psnr: of codes that are not rounded, in dB.
        decoder_bytes: of the decoder, as the browser gets it, and of the largest code book.
        pictures: so many test pictures were measured.
    """

    points: Curve
    psnr: float
    decoder_bytes: int
    pictures: int


def code_rates(model: ModelFile) -> CodeRates:
    """Measure what the codes of test pictures cost and how close their pictures come.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
        ValueError: the model is not there any more.
    """
    spec = from_json(model.spec_json)
    tests = loading.load_images(spec.image_set, spec.image_size, spec.split).test[:TEST_PICTURES]
    trained = autoencoder(model, image_shape(spec))
    codes, books = trained.encode(tests), code_books(model)
    points = []
    for book in books:
        steps = book.steps(codes)
        closeness = metrics.psnr(tests, trained.decode(book.values(steps)))
        coded = float(book.coded_bytes(steps).mean())
        points.append(Point(coded, closeness, book.plain_bytes, codes.shape[1], book.bits))
    half = any(array.dtype != np.float32 for array in read_weights(model).values())
    decoder = decoder_bytes("", spec.autoencoder, image_shape(spec), trained.weights(), half=half)
    return CodeRates(
        tuple(points),
        metrics.psnr(tests, trained.decode(codes)),
        len(decoder) + books[-1].own_bytes,
        len(tests),
    )


def pca_rates(image_set: str, image_size: int, split: str) -> Curve:
    """Do with principal components what `code_rates` does, with several numbers of them."""
    images = loading.load_images(image_set, image_size, split)
    tests = images.test[:TEST_PICTURES]
    pca, books = pca_with_books(image_set, image_size, split)
    codes = pca.encode(tests)
    points = []
    for whole in books:
        for numbers in numbers_tried(len(pca.components)):
            book = whole.first(numbers)
            steps = book.steps(codes[:, :numbers])
            closeness = metrics.psnr(tests, pca.decode(book.values(steps), images.image_shape))
            coded = float(book.coded_bytes(steps).mean())
            points.append(Point(coded, closeness, book.plain_bytes, numbers, book.bits))
    return tuple(points)


def jpeg_rates(image_set: str, image_size: int) -> tuple[Curve, Curve]:
    """Return what JPEG takes for test pictures: whole files, and without all that comes first."""
    tests = loading.load_images(image_set, image_size).test[:TEST_PICTURES]
    whole: list[Point] = []
    scans: list[Point] = []
    for quality in QUALITIES:
        made = [baselines.jpeg_at(picture, quality) for picture in tests]
        closeness = metrics.psnr(tests, np.stack([each.image for each in made]))
        for points, sizes in (
            (whole, [each.bytes for each in made]),
            (scans, [each.scan_bytes for each in made]),
        ):
            mean = float(np.mean(sizes))
            points.append(Point(mean, closeness, mean, quality=quality))
    return tuple(whole), tuple(scans)


def numbers_tried(components: int) -> tuple[int, ...]:
    """Return how many components are tried of those there are."""
    return tuple(sorted({min(number, components) for number in PCA_NUMBERS}))


@lru_cache(maxsize=4)
def code_books(model: ModelFile) -> tuple[CodeBook, ...]:
    """Return a model's code book for each of BITS."""
    spec = from_json(model.spec_json)
    images = loading.load_images(spec.image_set, spec.image_size, spec.split).train[:TRAIN_PICTURES]
    codes = autoencoder(model, image_shape(spec)).encode(images)
    return tuple(CodeBook.fit(codes, bits) for bits in BITS)


def pca_with_books(
    image_set: str, image_size: int, split: str
) -> tuple[baselines.Pca, tuple[CodeBook, ...]]:
    """Return an image set's principal components and the code book for each of PCA_BITS."""
    return _fitted_pca(image_set, image_size, split, revision(image_set))


@lru_cache(maxsize=4)
def _fitted_pca(
    image_set: str, image_size: int, split: str, _: int
) -> tuple[baselines.Pca, tuple[CodeBook, ...]]:
    images = loading.load_images(image_set, image_size, split).train
    pixels = int(np.prod(images.shape[1:]))
    most = PCA_NUMBERS[-1] if pixels <= baselines.SMALL else MOST_OF_LARGE
    pca = baselines.fit_pca(images[: PCA_PIXELS // pixels], most, quick=True)
    codes = pca.encode(images[:TRAIN_PICTURES])
    return pca, tuple(CodeBook.fit(codes, bits) for bits in PCA_BITS)
