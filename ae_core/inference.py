"""What pages ask of a trained autoencoder, as functions that run in an ``infer`` worker.

Pictures go in and come out as arrays; nothing that a visitor sends is written anywhere. Trained
weights are read from the run store (or ``assets/pretrained``), which workers share with the
pages; the last few are kept in memory.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core import baselines, data, metrics, weights
from ae_core.specs import TrainingSpec, from_json

if TYPE_CHECKING:
    from ae_core.autoencoder import Autoencoder

BYTES_A_NUMBER = 4  # a code is kept as float32


@dataclass(frozen=True)
class ModelFile:
    """Where a trained autoencoder is; hashable, so it serves as a cache key.

    Attributes:
        spec_json: its `TrainingSpec` as JSON.
        path: its weights, an .npz.
        version: changes when the file changes.
    """

    spec_json: str
    path: str
    version: int


@dataclass(frozen=True)
class Rendition:
    """What one method makes of a picture.

    Attributes:
        name: for people.
        image: (H, W, C) float32 in [0, 1].
        mse: on the [0, 1] scale.
        psnr: in dB.
        ssim: 1 for equal pictures.
        numbers: how many numbers it keeps of the picture, 0 if that is not how it works.
        bytes: how many bytes it keeps of the picture.
    """

    name: str
    image: np.ndarray
    mse: float
    psnr: float
    ssim: float
    numbers: int
    bytes: int


@dataclass(frozen=True)
class Gallery:
    """Some test pictures.

    Attributes:
        images: (N, H, W, C) uint8.
        labels: what they show, in words, "" where unknown.
        available: how many test pictures there are in all.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    available: int


def gallery(spec_json: str, start: int, count: int) -> Gallery:
    """Return ``count`` test pictures of a spec's image set, from number ``start`` on.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.load_images`.
    """
    from ae_core.pictures import to_bytes_range

    images = _images(from_json(spec_json))
    shown = images.test[start : start + count]
    labels: tuple[str, ...] = ("",) * len(shown)
    if images.test_labels is not None and images.test_labels.ndim == 1:
        numbers = images.test_labels[start : start + count]
        labels = tuple(images.label_names[int(number)] for number in numbers)
    return Gallery(to_bytes_range(shown), labels, len(images.test))


def test_picture(spec_json: str, number: int) -> np.ndarray:
    """Return test picture ``number`` as (H, W, C) float32 in [0, 1]."""
    picture: np.ndarray = _images(from_json(spec_json)).test[number]
    return picture


def reconstruct(model: ModelFile, image: np.ndarray) -> Rendition:
    """Encode and decode a picture (H, W, C) in [0, 1]."""
    spec = from_json(model.spec_json)
    output = _autoencoder(model, image.shape).reconstruct(image[np.newaxis])[0]
    numbers = spec.autoencoder.latent_dim
    return _rendition("Autoencoder", image, output, numbers, numbers * BYTES_A_NUMBER)


def rivals(model: ModelFile, image: np.ndarray) -> list[Rendition]:
    """Return what PCA makes of a picture with as many numbers and JPEG with as many bytes.

    Raises:
        ImageSetUnavailable: the pictures that PCA would be fitted to are not here.
    """
    spec = from_json(model.spec_json)
    numbers = spec.autoencoder.latent_dim
    jpeg = baselines.jpeg_of_at_most(image, numbers * BYTES_A_NUMBER)
    pca = _pca(spec.image_set, spec.image_size, spec.split, numbers)
    kept = len(pca.components)
    linear = pca.reconstruct(image[np.newaxis])[0]
    return [
        _rendition("PCA", image, linear, kept, kept * BYTES_A_NUMBER),
        _rendition("JPEG", image, jpeg.image, 0, jpeg.bytes),
    ]


def _rendition(
    name: str, image: np.ndarray, output: np.ndarray, numbers: int, size: int
) -> Rendition:
    error = metrics.mse(image, output)
    similarity = metrics.ssim(image, output)
    return Rendition(
        name, output, error, metrics.psnr_of_mse(error), similarity, numbers, size
    )


def _images(spec: TrainingSpec) -> data.ImageSet:
    return data.load_images(spec.image_set, spec.image_size, spec.split)


@lru_cache(maxsize=4)
def _autoencoder(model: ModelFile, image_shape: tuple[int, int, int]) -> "Autoencoder":
    from ae_core.autoencoder import Autoencoder

    spec = from_json(model.spec_json)
    arrays = weights.from_bytes(Path(model.path).read_bytes())
    return Autoencoder.from_weights(spec.autoencoder, image_shape, arrays)


@lru_cache(maxsize=8)
def _pca(image_set: str, image_size: int, split: str, numbers: int) -> baselines.Pca:
    return baselines.fit_pca(data.load_images(image_set, image_size, split).train, numbers)
