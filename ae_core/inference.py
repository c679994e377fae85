"""What pages ask of a trained autoencoder, as functions that run in an ``infer`` worker.

Pictures go in and come out as arrays; nothing that a visitor sends is written anywhere. Trained
weights are read from the run store (or ``assets/pretrained``), which workers share with the
pages; the last few are kept in memory.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core import baselines, data, metrics, weights
from ae_core.estimate import Speed
from ae_core.own_images import is_own
from ae_core.pictures import to_bytes_range
from ae_core.specs import TrainingSpec, from_json

if TYPE_CHECKING:
    from ae_core.autoencoder import Autoencoder

BYTES_A_NUMBER = 4  # a code is kept as float32


@dataclass(frozen=True)
class ModelFile:
    """Where a trained autoencoder is; hashable, so it serves as a cache key.

    Attributes:
        spec_json: its `TrainingSpec`, or `DenoiserSpec`, as JSON.
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


@dataclass(frozen=True)
class PcaBySize:
    """What PCA makes of test pictures with codes of several sizes, S of them.

    Attributes:
        psnr: S numbers in dB, of all test pictures together; inf where nothing is lost.
        pictures: (S, N, H, W, C) uint8: the first N test pictures.
    """

    psnr: tuple[float, ...]
    pictures: np.ndarray


def gallery(spec_json: str, start: int, count: int) -> Gallery:
    """Return ``count`` test pictures of a spec's image set, from number ``start`` on.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.load_images`.
    """
    images = _images(from_json(spec_json))
    shown = images.test[start : start + count]
    labels: tuple[str, ...] = ("",) * len(shown)
    if images.test_labels is not None and images.test_labels.ndim == 1:
        numbers = images.test_labels[start : start + count]
        labels = tuple(images.label_names[int(number)] for number in numbers)
    return Gallery(to_bytes_range(shown), labels, len(images.test))


def reconstruct(model: ModelFile, image: np.ndarray) -> Rendition:
    """Encode and decode a picture (H, W, C) in [0, 1]."""
    spec = from_json(model.spec_json)
    output = autoencoder(model, image.shape).reconstruct(image[np.newaxis])[0]
    numbers = spec.autoencoder.latent_dim
    return _rendition("Autoencoder", image, output, numbers, numbers * BYTES_A_NUMBER)


def rivals(model: ModelFile, image: np.ndarray) -> tuple[list[Rendition], str]:
    """Return what PCA makes of a picture with as many numbers and JPEG with as many bytes.

    Returns:
        The renditions, and why PCA is not among them: "" if it is.
    """
    spec = from_json(model.spec_json)
    numbers = spec.autoencoder.latent_dim
    jpeg = baselines.jpeg_of_at_most(image, numbers * BYTES_A_NUMBER)
    small = _rendition("JPEG", image, jpeg.image, 0, jpeg.bytes)
    try:
        pca = _pca(spec, numbers)
    except (data.ImageSetUnavailable, data.ImageSetCorrupt) as error:
        return [small], str(error)
    kept = len(pca.components)
    linear = pca.reconstruct(image[np.newaxis])[0]
    return [_rendition("PCA", image, linear, kept, kept * BYTES_A_NUMBER), small], ""


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
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.load_images`.
    """
    images = data.load_images(image_set, image_size, split)
    largest = baselines.fit_pca(images.train, max(sizes))
    quality, rows = [], []
    for size in sizes:
        output = largest.first(size).reconstruct(images.test)
        quality.append(metrics.psnr(images.test, output))
        rows.append(to_bytes_range(output[:shown]))
    return PcaBySize(tuple(quality), np.stack(rows))


def reconstruct_test(model: ModelFile, number: int) -> tuple[np.ndarray, Rendition]:
    """Return test picture ``number`` (H, W, C) of a model's image set and its reconstruction."""
    image = _images(from_json(model.spec_json)).test[number]
    return image, reconstruct(model, image)


def rivals_test(model: ModelFile, number: int) -> tuple[list[Rendition], str]:
    """Return `rivals` for test picture ``number`` of a model's image set."""
    return rivals(model, _images(from_json(model.spec_json)).test[number])


def measure_speed() -> Speed:
    """Time two small multiplications on this machine; takes about a quarter of a second."""
    import tensorflow as tf

    pictures, maps = tf.zeros([64, 1024]), tf.zeros([32, 32, 32, 32])
    dense, kernel = tf.zeros([1024, 1024]), tf.zeros([3, 3, 32, 32])
    return Speed(
        _macs_a_second(lambda: tf.matmul(pictures, dense), 64 * 1024 * 1024),
        _macs_a_second(lambda: tf.nn.conv2d(maps, kernel, 1, "SAME"), 32 * 32**2 * 9 * 32 * 32),
    )


def _macs_a_second(multiply: Callable[[], object], macs: int) -> float:
    multiply()
    times = []
    for _ in range(10):
        started = time.perf_counter()
        multiply()
        times.append(time.perf_counter() - started)
    return macs / sorted(times)[len(times) // 2]


def _rendition(
    name: str, image: np.ndarray, output: np.ndarray, numbers: int, size: int
) -> Rendition:
    error = metrics.mse(image, output)
    similarity = metrics.ssim(image, output)
    return Rendition(name, output, error, metrics.psnr_of_mse(error), similarity, numbers, size)


def _images(spec: TrainingSpec) -> data.ImageSet:
    return data.load_images(spec.image_set, spec.image_size, spec.split)


def read_weights(model: ModelFile) -> dict[str, np.ndarray]:
    """Read a model's weights as they are kept.

    Raises:
        ValueError: they are not there any more, or no weights.
    """
    try:
        return weights.from_bytes(Path(model.path).read_bytes())
    except FileNotFoundError:
        raise ValueError(
            f"model={Path(model.path).parent.name} must still have its weights, but they were "
            "deleted: choose another model"
        ) from None


@lru_cache(maxsize=4)
def autoencoder(model: ModelFile, image_shape: tuple[int, int, int]) -> "Autoencoder":
    """Return a trained autoencoder for pictures of a shape (H, W, C)."""
    from ae_core.autoencoder import Autoencoder

    spec = from_json(model.spec_json)
    arrays = weights.expanded(read_weights(model))
    return Autoencoder.from_weights(spec.autoencoder, image_shape, arrays)


def _pca(spec: TrainingSpec, numbers: int) -> baselines.Pca:
    if is_own(spec.image_set):  # it may change, and nothing of it stays when it is deleted
        return baselines.fit_pca(_images(spec).train, numbers)
    return _kept_pca(spec.image_set, spec.image_size, spec.split, numbers)


@lru_cache(maxsize=8)
def _kept_pca(image_set: str, image_size: int, split: str, numbers: int) -> baselines.Pca:
    return baselines.fit_pca(data.load_images(image_set, image_size, split).train, numbers)
