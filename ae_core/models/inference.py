"""Worker functions that read a trained autoencoder and reconstruct images with it.

Weights are read from the run store or ``assets/pretrained``, which workers share with the pages;
the last few models stay in memory. Data from visitors is never written anywhere.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core import metrics
from ae_core.data.gallery import tests_of
from ae_core.errors import UserError
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.specs import DenoiserSpec, TrainingSpec

if TYPE_CHECKING:
    from ae_core.models.autoencoder import Autoencoder

BYTES_PER_DIM = 4  # codes are stored as float32


@dataclass(frozen=True)
class ModelFile:
    """A trained autoencoder on disk; it is hashable and serves as a cache key.

    Attributes:
        spec: the spec that was trained.
        path: the file of its weights, an .npz.
        version: a text that changes with the file.
    """

    spec: TrainingSpec
    path: str
    version: int


@dataclass(frozen=True)
class DenoiserFile:
    """A trained denoiser on disk; see `ModelFile`."""

    spec: DenoiserSpec
    path: str
    version: int


@dataclass(frozen=True)
class Reconstruction:
    """A method's reconstruction of an image, with its errors and its size.

    Attributes:
        name: the method's name for display.
        image: (H, W, C) float32 in [0, 1].
        mse: on the [0, 1] scale.
        psnr: in dB.
        ssim: 1 for equal images.
        latent_dim: the latent dimension of its code, 0 without a code.
        bytes: the size of the code or the file.
    """

    name: str
    image: np.ndarray
    mse: float
    psnr: float
    ssim: float
    latent_dim: int
    bytes: int

    @classmethod
    def of(
        cls, name: str, image: np.ndarray, output: np.ndarray, latent_dim: int, size: int
    ) -> "Reconstruction":
        """Compare an output of ``size`` bytes with its image, both (H, W, C) in [0, 1]."""
        error = metrics.mse(image, output)
        similarity = metrics.ssim(image, output)
        return cls(name, output, error, metrics.psnr_of_mse(error), similarity, latent_dim, size)


def reconstruct(model: ModelFile, image: np.ndarray) -> Reconstruction:
    """Encode and decode an image (H, W, C) in [0, 1]."""
    output = autoencoder(model, image.shape).reconstruct(image[np.newaxis])[0]
    dims = model.spec.autoencoder.latent_dim
    return Reconstruction.of("Autoencoder", image, output, dims, dims * BYTES_PER_DIM)


def reconstruct_test(model: ModelFile, number: int) -> tuple[np.ndarray, Reconstruction]:
    """Return test image ``number`` (H, W, C) of a model's image set and its reconstruction."""
    image = tests_of(model.spec).test[number]
    return image, reconstruct(model, image)


def read_weights(model: ModelFile) -> dict[str, np.ndarray]:
    """Read a model's weights as they are stored.

    Raises:
        UserError: the file no longer exists, or does not hold weights.
    """
    try:
        data = Path(model.path).read_bytes()
    except FileNotFoundError:
        raise UserError("weights_gone") from None
    except OSError as error:
        raise weights.unreadable(error) from error
    return weights.from_bytes(data)


def open_model(model: ModelFile) -> tuple[TrainingSpec, "Autoencoder"]:
    """Return an autoencoder's settings and its network; see `autoencoder`."""
    return model.spec, autoencoder(model, image_shape(model.spec))


@lru_cache(maxsize=4)
def autoencoder(model: ModelFile, image_shape: tuple[int, int, int]) -> "Autoencoder":
    """Return a trained autoencoder for images of a shape (H, W, C).

    Raises:
        UserError: its weights are gone, cannot be read, or belong to another network.
    """
    from ae_core.models.autoencoder import Autoencoder

    arrays = weights.dequantize(read_weights(model))
    return Autoencoder.from_weights(model.spec.autoencoder, image_shape, arrays)
