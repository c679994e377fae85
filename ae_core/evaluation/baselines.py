"""What an autoencoder is compared with, PCA and JPEG, as functions that run in an ``infer`` worker.

It knows of a model only how many numbers its code has and which pictures it was trained on.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ae_core import metrics
from ae_core.data import loading
from ae_core.data.gallery import images_of
from ae_core.data.user_image_sets import is_own
from ae_core.images import to_bytes_range
from ae_core.models import baselines
from ae_core.models.inference import BYTES_A_NUMBER, ModelFile, Rendition
from ae_core.specs import TrainingSpec, from_json


@dataclass(frozen=True)
class PcaBySize:
    """What PCA makes of test pictures with codes of several sizes, S of them.

    Attributes:
        psnr: S numbers in dB, of all test pictures together; inf where nothing is lost.
        pictures: (S, N, H, W, C) uint8: the first N test pictures.
    """

    psnr: tuple[float, ...]
    pictures: np.ndarray


def rivals(model: ModelFile, image: np.ndarray) -> tuple[list[Rendition], str]:
    """Return what PCA makes of a picture with as many numbers and JPEG with as many bytes.

    Returns:
        The renditions, and why PCA is not among them: "" if it is.
    """
    spec = from_json(model.spec_json)
    numbers = spec.autoencoder.latent_dim
    jpeg = baselines.jpeg_of_at_most(image, numbers * BYTES_A_NUMBER)
    small = Rendition.of("JPEG", image, jpeg.image, 0, jpeg.bytes)
    try:
        pca = _pca(spec, numbers)
    except (loading.ImageSetUnavailable, loading.ImageSetCorrupt) as error:
        return [small], str(error)
    kept = len(pca.components)
    linear = pca.reconstruct(image[np.newaxis])[0]
    return [Rendition.of("PCA", image, linear, kept, kept * BYTES_A_NUMBER), small], ""


def rivals_test(model: ModelFile, number: int) -> tuple[list[Rendition], str]:
    """Return `rivals` for test picture ``number`` of a model's image set."""
    return rivals(model, images_of(from_json(model.spec_json)).test[number])


def pca_by_size(
    image_set: str, image_size: int, split: str, sizes: tuple[int, ...], shown: int
) -> PcaBySize:
    """Return what PCA makes of all test pictures of an image set with codes of given sizes.

    Args:
        image_set: whose training pictures PCA is fitted to.
        image_size: as in `TrainingSpec`.
        split: as there.
        sizes: of the codes; more numbers than pictures or pixels allow are as good as those.
        shown: of how many test pictures the reconstructions are returned.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = loading.load_images(image_set, image_size, split)
    largest = baselines.fit_pca(images.train, max(sizes))
    quality, rows = [], []
    for size in sizes:
        output = largest.first(size).reconstruct(images.test)
        quality.append(metrics.psnr(images.test, output))
        rows.append(to_bytes_range(output[:shown]))
    return PcaBySize(tuple(quality), np.stack(rows))


def _pca(spec: TrainingSpec, numbers: int) -> baselines.Pca:
    if is_own(spec.image_set):  # it may change, and nothing of it stays when it is deleted
        return baselines.fit_pca(images_of(spec).train, numbers)
    return _kept_pca(spec.image_set, spec.image_size, spec.split, numbers)


@lru_cache(maxsize=8)
def _kept_pca(image_set: str, image_size: int, split: str, numbers: int) -> baselines.Pca:
    return baselines.fit_pca(loading.load_images(image_set, image_size, split).train, numbers)
