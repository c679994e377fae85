"""PCA and JPEG as baselines of an autoencoder: functions that run in an ``infer`` worker."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ae_core import metrics
from ae_core.data import loading
from ae_core.data.gallery import images_of, tests_of
from ae_core.data.user_image_sets import is_user_set
from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable, Message
from ae_core.images import to_bytes_range
from ae_core.models import baselines
from ae_core.models.inference import BYTES_PER_DIM, ModelFile, Reconstruction
from ae_core.specs import ImageChoice, TrainingSpec


@dataclass(frozen=True)
class PcaBySize:
    """PCA reconstructions of test images with S different numbers of components.

    Attributes:
        psnr: S values in dB, over all test images together; inf if nothing is lost.
        images: (S, N, H, W, C) uint8: reconstructions of the first N test images.
    """

    psnr: tuple[float, ...]
    images: np.ndarray


def baselines_of(
    model: ModelFile, image: np.ndarray
) -> tuple[list[Reconstruction], Message | None]:
    """Reconstruct an image by PCA with the model's latent dimension, and by JPEG of equal size.

    Returns:
        The reconstructions, and the reason why PCA is missing, None if it is not.
    """
    spec = model.spec
    dims = spec.autoencoder.latent_dim
    jpeg = baselines.jpeg_of_at_most(image, dims * BYTES_PER_DIM)
    small = Reconstruction.of("JPEG", image, jpeg.image, 0, jpeg.bytes)
    try:
        pca = _pca(spec, dims)
    except (ImageSetUnavailable, ImageSetCorrupt) as error:
        return [small], error.message
    kept = len(pca.components)
    linear = pca.reconstruct(image[np.newaxis])[0]
    return [Reconstruction.of("PCA", image, linear, kept, kept * BYTES_PER_DIM), small], None


def baselines_of_test(model: ModelFile, number: int) -> tuple[list[Reconstruction], Message | None]:
    """Return `baselines_of` test image ``number`` of a model's image set."""
    return baselines_of(model, tests_of(model.spec).test[number])


def pca_by_size(choice: ImageChoice, sizes: tuple[int, ...], shown: int) -> PcaBySize:
    """Reconstruct all test images of an image set by PCA with several numbers of components.

    Args:
        choice: the images; PCA is fitted to the training images.
        sizes: numbers of components; the numbers of images and pixels limit them.
        shown: the number N of reconstructed test images to return.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = loading.load_images(*choice)
    largest = baselines.fit_pca(images.train, max(sizes))
    quality, rows = [], []
    for size in sizes:
        output = largest.first(size).reconstruct(images.test)
        quality.append(metrics.psnr(images.test, output))
        rows.append(to_bytes_range(output[:shown]))
    return PcaBySize(tuple(quality), np.stack(rows))


def _pca(spec: TrainingSpec, dims: int) -> baselines.Pca:
    if is_user_set(spec.image_set):  # not cached: it may change or be deleted
        return baselines.fit_pca(images_of(spec).train, dims)
    return _kept_pca(spec.images, dims)


@lru_cache(maxsize=8)
def _kept_pca(choice: ImageChoice, dims: int) -> baselines.Pca:
    return baselines.fit_pca(loading.load_images(*choice).train, dims)
