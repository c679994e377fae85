"""The baselines of autoencoders: PCA and JPEG at equal size."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ae_core.images import to_bytes_range, to_pillow

SMALL = 1024  # pixels: the covariance of such images is quickly decomposed
_START_OF_SCAN = 0xDA


@dataclass(frozen=True)
class Pca:
    """The best linear autoencoder of a set.

    Attributes:
        mean: (P,) the mean image, flattened.
        components: (K, P) orthonormal rows.
    """

    mean: np.ndarray
    components: np.ndarray

    def first(self, dims: int) -> "Pca":
        """Return the PCA with only the first components."""
        return Pca(self.mean, self.components[:dims])

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Project images (N, H, W, C) on the components: (N, K) float32."""
        flat = images.reshape(len(images), -1) - self.mean
        return np.asarray(flat @ self.components.T, np.float32)

    def decode(self, codes: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
        """Map codes (N, k), k ≤ K, to images (N, H, W, C), clipped to [0, 1]."""
        back = codes @ self.components[: codes.shape[1]] + self.mean
        return np.clip(back, 0, 1).reshape(len(codes), *image_shape).astype(np.float32)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Project images (N, H, W, C) on the components and back, clipped to [0, 1]."""
        height, width, channels = images.shape[1:]
        return self.decode(self.encode(images), (height, width, channels))


def fit_pca(images: np.ndarray, dims: int, *, quick: bool = False) -> Pca:
    """Fit principal components to images (N, H, W, C).

    Args:
        images: the training images.
        dims: K; N images of P pixels limit it.
        quick: whether to finish within a second or two, which costs the last components of large
            images some hundredths of a decibel.
    """
    from sklearn.decomposition import PCA

    flat = images.reshape(len(images), -1)
    kept = min(dims, *flat.shape)
    solver = "auto" if not quick else "covariance_eigh" if flat.shape[1] <= SMALL else "randomized"
    rounds = 2 if quick else "auto"
    model = PCA(kept, svd_solver=solver, iterated_power=rounds, random_state=0).fit(flat)
    return Pca(model.mean_.astype(np.float32), model.components_.astype(np.float32))


@dataclass(frozen=True)
class Jpeg:
    """One image as JPEG.

    Attributes:
        image: (H, W, C) float32 in [0, 1], the decoded file.
        bytes: the size of the file, including headers and tables.
        quality: Pillow's quality setting, 1…95.
        scan_bytes: the bytes of the image data alone, as if tables and size were known.
    """

    image: np.ndarray
    bytes: int
    quality: int
    scan_bytes: int


def jpeg_of_at_most(image: np.ndarray, max_bytes: int, *, header: bool = True) -> Jpeg:
    """Return the best JPEG of an image (H, W, C) within ``max_bytes``.

    If even quality 1 is too large, that JPEG is returned: ``bytes`` exceeds the maximum.

    Args:
        image: the image.
        max_bytes: the maximum size of the file.
        header: False if the maximum applies to the image data alone.
    """
    best = jpeg_at(image, 1)
    low, high = 2, 95
    while low <= high:  # file size grows with quality, with rare exceptions of a few bytes
        middle = (low + high) // 2
        candidate = jpeg_at(image, middle)
        if (candidate.bytes if header else candidate.scan_bytes) <= max_bytes:
            best, low = candidate, middle + 1
        else:
            high = middle - 1
    return best


def jpeg_at(image: np.ndarray, quality: int) -> Jpeg:
    """Return an image (H, W, C) in [0, 1] as JPEG of a quality, with optimized Huffman tables."""
    buffer = io.BytesIO()
    to_pillow(to_bytes_range(image)).save(buffer, "JPEG", quality=quality, optimize=True)
    with Image.open(buffer) as decoded:
        array = np.asarray(decoded, dtype=np.float32).reshape(image.shape) / 255
    file = buffer.getvalue()
    return Jpeg(array, len(file), quality, _scan_bytes(file))


def _scan_bytes(file: bytes) -> int:
    """Return the length of the only scan of a baseline JPEG; see ITU T.81, B.1.1 and B.2."""
    place = 2  # after the marker that begins every file
    while file[place + 1] != _START_OF_SCAN:
        place += 2 + _length(file, place)
    return len(file) - (place + 2 + _length(file, place)) - 2  # the marker at the end


def _length(file: bytes, place: int) -> int:
    return int.from_bytes(file[place + 2 : place + 4], "big")
