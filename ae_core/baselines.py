"""What an autoencoder has to beat: principal components and JPEG, at equal size."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ae_core.pictures import to_bytes_range


@dataclass(frozen=True)
class Pca:
    """The best linear autoencoder of a set.

    Attributes:
        mean: (P,) the mean picture, flattened.
        components: (K, P) orthonormal rows.
    """

    mean: np.ndarray
    components: np.ndarray

    def first(self, numbers: int) -> "Pca":
        """Return the best linear autoencoder of fewer numbers: the first components."""
        return Pca(self.mean, self.components[:numbers])

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Project pictures (N, H, W, C) on the components and back, clipped to [0, 1]."""
        flat = images.reshape(len(images), -1) - self.mean
        back = flat @ self.components.T @ self.components + self.mean
        return np.clip(back, 0, 1).reshape(images.shape).astype(np.float32)


def fit_pca(images: np.ndarray, numbers: int) -> Pca:
    """Fit principal components to pictures (N, H, W, C).

    Args:
        images: the training pictures.
        numbers: K, lowered to what N pictures of P pixels allow.
    """
    from sklearn.decomposition import PCA

    flat = images.reshape(len(images), -1)
    model = PCA(min(numbers, *flat.shape), random_state=0).fit(flat)
    return Pca(model.mean_.astype(np.float32), model.components_.astype(np.float32))


@dataclass(frozen=True)
class Jpeg:
    """One picture as JPEG.

    Attributes:
        image: (H, W, C) float32 in [0, 1], decoded again.
        bytes: of the file, headers and tables included.
        quality: Pillow's quality setting, 1…95.
    """

    image: np.ndarray
    bytes: int
    quality: int


def jpeg_of_at_most(image: np.ndarray, max_bytes: int) -> Jpeg:
    """Return the best JPEG of a picture (H, W, C) within ``max_bytes``.

    If even quality 1 is larger, that one is returned: its ``bytes`` tell.
    """
    best = _jpeg(image, 1)
    low, high = 2, 95
    while low <= high:  # file size grows with quality, but for a few bytes now and then
        middle = (low + high) // 2
        candidate = _jpeg(image, middle)
        if candidate.bytes <= max_bytes:
            best, low = candidate, middle + 1
        else:
            high = middle - 1
    return best


def _jpeg(image: np.ndarray, quality: int) -> Jpeg:
    pixels = to_bytes_range(image)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    size = buffer.tell()
    with Image.open(buffer) as decoded:
        array = np.asarray(decoded, dtype=np.float32).reshape(image.shape) / 255
    return Jpeg(array, size, quality)
