"""Worker functions of the Denoise page: models and filters remove noise from a photo.

Models stay in memory; a visitor's photo comes with each call and is never stored.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core import images, metrics
from ae_core.data.corruption import corrupt
from ae_core.denoising import filters
from ae_core.denoising.colour import apply_on_luma, luma, resized
from ae_core.denoising.face_distance import FaceDistance
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import DenoiserFile, ModelFile, autoencoder
from ae_core.models.pretrained import FACE_DISTANCES, FOLDER
from ae_core.specs import Corruption

if TYPE_CHECKING:
    from ae_core.models.denoiser import Denoiser

LESSON_SIDE = 64  # pixels of a gray crop, like the training faces


@dataclass(frozen=True)
class LabelledImage:
    """A method's output, and its distance from the clean image.

    Attributes:
        name: the method's name for display.
        image: (H, W, C) float32 in [0, 1].
        psnr: in dB, None without a clean image.
        ssim: 1 for equal images, None without a clean image.
    """

    name: str
    image: np.ndarray
    psnr: float | None = None
    ssim: float | None = None


@dataclass(frozen=True)
class Denoised:
    """A denoised image, its input, and an estimate of the noise in both.

    Attributes:
        clean: the image before noise was added, None if no noise was added.
        noisy: the model's input.
        output: the model's output.
        noise: estimated standard deviation of the noise in `noisy`, on the [0, 1] scale.
        residual_noise: the same for `output`.
        ood_percentile: percentile of the image's distance from a denoiser's training faces among
            the distances of held-out faces; None of an autoencoder.
    """

    clean: LabelledImage | None
    noisy: LabelledImage
    output: LabelledImage
    noise: float
    residual_noise: float
    ood_percentile: float | None


def denoise(
    model: ModelFile | DenoiserFile,
    image: np.ndarray,
    noise: Corruption | None,
    seed: int,
    *,
    colour: bool,
) -> Denoised:
    """Denoise an image, after adding noise to it if asked to.

    Args:
        model: a denoiser, or an autoencoder, which gets the image at its own image size.
        image: (H, W, C) uint8.
        noise: the noise to add; None adds none.
        seed: the seed of the noise: the same seed gives the same noise.
        colour: whether a denoiser gets the whole image in colour instead of 64×64 in gray.
    """
    noisy, clean = _noisy(model, image, noise, seed, colour=colour)
    output = cleaned(model, noisy)
    known = _face_distance(model.spec.image_set) if isinstance(model, DenoiserFile) else None
    return Denoised(
        None if clean is None else LabelledImage("Clean", clean),
        _labelled("Noisy" if clean is not None else "Photo", noisy, clean),
        _labelled("Denoised", output, clean),
        filters.estimate_noise(noisy),
        filters.estimate_noise(output),
        known.percentile(output if clean is None else clean) if known else None,
    )


def clean_photo(model: DenoiserFile, photo: np.ndarray) -> tuple[np.ndarray, float]:
    """Denoise a photo (H, W, 3) uint8 of any size in little memory.

    Returns:
        The output, of the same shape and type, and the estimated σ of the noise in the photo.
    """
    return _in_colour(_denoiser(model), photo), filters.estimate_noise(photo)


def classical(
    model: ModelFile, image: np.ndarray, noise: Corruption | None, seed: int, *, colour: bool
) -> list[LabelledImage]:
    """Return the outputs of the classical filters for the same noisy image; see `denoise`."""
    noisy, clean = _noisy(model, image, noise, seed, colour=colour)
    return [_labelled(name, filters.filtered(name, noisy), clean) for name in filters.FILTERS]


def squeezed(
    autoencoders: tuple[tuple[str, ModelFile], ...], noisy: np.ndarray, clean: np.ndarray | None
) -> list[LabelledImage]:
    """Return the outputs of autoencoders for a noisy image of any size, in gray as they see it.

    Each gets the image at its own image size, and its output is enlarged again: losing the finest
    details is part of the price of its bottleneck.

    Args:
        autoencoders: names for display, and the models' files.
        noisy: (H, W, C) float32 in [0, 1].
        clean: the same shape and range, None if there is no clean image.
    """
    noisy, clean = luma(noisy), None if clean is None else luma(clean)
    height, width, _ = noisy.shape
    labelled = []
    for name, model in autoencoders:
        rows, columns, _ = image_shape(model.spec)
        small = np.clip(resized(noisy[..., 0], (columns, rows)), 0, 1)
        output = resized(cleaned(model, small[..., np.newaxis])[..., 0], (width, height))
        labelled.append(_labelled(name, np.clip(output, 0, 1)[..., np.newaxis], clean))
    return labelled


def prepared(model: ModelFile | DenoiserFile, image: np.ndarray, *, colour: bool) -> np.ndarray:
    """Convert a uint8 image (H, W, C) to a model's input shape, float32 in [0, 1]."""
    if isinstance(model, DenoiserFile) and colour:
        return np.asarray(image, np.float32) / 255
    if isinstance(model, ModelFile):
        shape = image_shape(model.spec)
    else:
        shape = (LESSON_SIDE, LESSON_SIDE, model.spec.channels)
    if image.shape == shape:
        return np.asarray(image, np.float32) / 255
    return images.to_array(images.to_pillow(image), shape)


def _noisy(
    model: ModelFile | DenoiserFile,
    image: np.ndarray,
    noise: Corruption | None,
    seed: int,
    *,
    colour: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a model's input, and the clean image if noise was added to it."""
    clean = prepared(model, image, colour=colour)
    if noise is None:
        return clean, None
    return corrupt(noise, clean[np.newaxis], np.random.default_rng(seed))[0], clean


def cleaned(model: ModelFile | DenoiserFile, noisy: np.ndarray) -> np.ndarray:
    """Return a model's output for a noisy image (H, W, C) in [0, 1]."""
    if isinstance(model, ModelFile):
        return autoencoder(model, noisy.shape).reconstruct(noisy[np.newaxis])[0]
    network = _denoiser(model)
    if noisy.shape[-1] == 1:
        return network.denoise(noisy[np.newaxis])[0]
    return _in_colour(network, noisy)


def _in_colour(network: "Denoiser", noisy: np.ndarray) -> np.ndarray:
    """Denoise an image (H, W, 3), uint8 or float32 in [0, 1]; the output is of the same type."""
    if network.spec.channels == noisy.shape[-1]:
        return network.denoise(noisy[np.newaxis])[0]
    return apply_on_luma(network.denoise, noisy)


def _labelled(name: str, image: np.ndarray, clean: np.ndarray | None) -> LabelledImage:
    if clean is None:
        return LabelledImage(name, image)
    return LabelledImage(name, image, metrics.psnr(clean, image), metrics.ssim(clean, image))


@lru_cache(maxsize=2)
def _denoiser(model: DenoiserFile) -> "Denoiser":
    from ae_core.models.denoiser import Denoiser

    arrays = weights.dequantize(weights.from_bytes(Path(model.path).read_bytes()))
    return Denoiser(model.spec, arrays)


@lru_cache(maxsize=2)
def _face_distance(image_set: str) -> FaceDistance:
    return FaceDistance.from_bytes((FOLDER / f"{FACE_DISTANCES[image_set]}.npz").read_bytes())
