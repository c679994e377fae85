"""What the Denoise page asks for, as functions that run in an ``infer`` worker.

Photos come and go as bytes or arrays and are nowhere written. The functions remember models, never
pictures: what belongs to a visitor's photo travels with each question.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ae_core import images, metrics
from ae_core.data import corruption
from ae_core.denoising import filters
from ae_core.denoising.colour import apply_on_luma, resized
from ae_core.denoising.face_distance import FaceDistance
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import DenoiserFile, ModelFile, autoencoder
from ae_core.models.pretrained import FACE_DISTANCE, FOLDER
from ae_core.specs import Corruption

if TYPE_CHECKING:
    from ae_core.models.denoiser import Denoiser

LESSON_SIDE = 64  # pixels of a crop in gray, as the training faces


@dataclass(frozen=True)
class LabelledImage:
    """A picture and how near it is to the clean one.

    Attributes:
        name: of the method, for people.
        image: (H, W, C) float32 in [0, 1].
        psnr: in dB, None where there is no clean picture.
        ssim: 1 for equal pictures, None where there is no clean picture.
    """

    name: str
    image: np.ndarray
    psnr: float | None = None
    ssim: float | None = None


@dataclass(frozen=True)
class Denoised:
    """What a model makes of a picture.

    Attributes:
        clean: the picture before noise was added, None where none was.
        noisy: what the model got.
        output: what it made of it.
        noise: estimated standard deviation of the noise in `noisy`, on the [0, 1] scale.
        residual_noise: the same of `output`.
        ood_percentile: percentile of the picture's distance from the training faces among those of
            faces that no model knows; says nothing where the picture is not meant to be a face.
    """

    clean: LabelledImage | None
    noisy: LabelledImage
    output: LabelledImage
    noise: float
    residual_noise: float
    ood_percentile: float


def denoise(
    model: ModelFile | DenoiserFile,
    picture: np.ndarray,
    noise: Corruption | None,
    seed: int,
    *,
    colour: bool,
) -> Denoised:
    """Denoise a picture, after adding noise to it if asked to.

    Args:
        model: a denoiser, or an autoencoder: that one sees the picture at its own size.
        picture: (H, W, C) uint8.
        noise: what to add; None takes the picture as it is.
        seed: of the noise: the same seed, the same noise.
        colour: whether a denoiser works on the whole picture in colour, not on 64×64 in gray.
    """
    image = prepared(model, picture, colour=colour)
    noisy = corrupted(image, noise, seed)
    output = cleaned(model, noisy)
    clean = image if noise is not None else None
    looked_at = output if clean is None else clean
    return Denoised(
        None if clean is None else LabelledImage("Clean", clean),
        _labelled("Noisy" if clean is not None else "Photo", noisy, clean),
        _labelled("Denoised", output, clean),
        filters.estimate_noise(noisy),
        filters.estimate_noise(output),
        _face_distance().percentile(looked_at),
    )


def classical(
    model: ModelFile, picture: np.ndarray, noise: Corruption | None, seed: int, *, colour: bool
) -> list[LabelledImage]:
    """Return what the classical filters make of the same noisy picture; see `denoise`."""
    image = prepared(model, picture, colour=colour)
    noisy = corrupted(image, noise, seed)
    clean = image if noise is not None else None
    return [_labelled(name, filters.filtered(name, noisy), clean) for name in filters.FILTERS]


def squeezed(
    autoencoders: tuple[tuple[str, ModelFile], ...], noisy: np.ndarray, clean: np.ndarray | None
) -> list[LabelledImage]:
    """Return what autoencoders make of a noisy gray picture of any size.

    Each sees it at its own size, and what it makes of it is enlarged again: that this loses the
    finest details belongs to the price of its bottleneck.

    Args:
        autoencoders: names for people, and where the models are.
        noisy: (H, W, 1) float32 in [0, 1].
        clean: likewise, None where there is none.
    """
    height, width, _ = noisy.shape
    versions = []
    for name, model in autoencoders:
        rows, columns, _ = image_shape(model.spec)
        small = np.clip(resized(noisy[..., 0], (columns, rows)), 0, 1)
        output = resized(cleaned(model, small[..., np.newaxis])[..., 0], (width, height))
        versions.append(_labelled(name, np.clip(output, 0, 1)[..., np.newaxis], clean))
    return versions


def prepared(model: ModelFile | DenoiserFile, picture: np.ndarray, *, colour: bool) -> np.ndarray:
    """Bring a uint8 picture (H, W, C) to the shape that a model works on, float32 in [0, 1]."""
    if isinstance(model, DenoiserFile) and colour:
        return np.asarray(picture, np.float32) / 255
    shape = (LESSON_SIDE, LESSON_SIDE, 1)
    if isinstance(model, ModelFile):
        shape = image_shape(model.spec)
    if picture.shape == shape:
        return np.asarray(picture, np.float32) / 255
    gray = picture.shape[-1] == 1
    return images.to_array(Image.fromarray(picture[..., 0] if gray else picture), shape)


def corrupted(image: np.ndarray, noise: Corruption | None, seed: int) -> np.ndarray:
    """Add noise to a picture (H, W, C) in [0, 1]."""
    if noise is None:
        return image
    return corruption.corrupt(noise, image[np.newaxis], np.random.default_rng(seed))[0]


def cleaned(model: ModelFile | DenoiserFile, noisy: np.ndarray) -> np.ndarray:
    """Return what a model makes of a noisy picture (H, W, C) in [0, 1]."""
    if isinstance(model, ModelFile):
        return autoencoder(model, noisy.shape).reconstruct(noisy[np.newaxis])[0]
    network = _denoiser(model)
    if noisy.shape[-1] == 1:
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


@lru_cache(maxsize=1)
def _face_distance() -> FaceDistance:
    return FaceDistance.from_bytes((FOLDER / f"{FACE_DISTANCE}.npz").read_bytes())
