"""The distance of an image from the faces that the models were trained on, as a percentile.

The distance is the residual of a projection on principal components of the training faces. It
separates images that are similar to those faces in crop and pose from others; it recognises nobody.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ae_core.models import weights
from ae_core.models.baselines import Pca, fit_pca

SIDE = 32  # pixels
COMPONENTS = 48


@dataclass(frozen=True)
class FaceDistance:
    """A PCA of training faces, and the distances of held-out faces from it.

    Attributes:
        pca: the PCA of the training faces at 32×32.
        distances: (101,) the percentiles 0 … 100 of the distances of held-out faces.
    """

    pca: Pca
    distances: np.ndarray

    @classmethod
    def fit(cls, train: np.ndarray, held_out: np.ndarray) -> "FaceDistance":
        """Fit the PCA to faces (N, H, W, C) in [0, 1], and measure other people's faces."""
        pca = fit_pca(_evened(train), COMPONENTS)
        distances = _distances(pca, _evened(held_out))
        return cls(pca, np.percentile(distances, np.arange(101)).astype(np.float32))

    def percentile(self, image: np.ndarray) -> float:
        """Return the percentage of held-out faces that are closer than an image (H, W, C)."""
        distance = _distances(self.pca, _evened(image[np.newaxis]))
        return float(np.interp(distance[0], self.distances, np.arange(101)))

    def to_bytes(self) -> bytes:
        """Return the bytes of an .npz file."""
        arrays = {"mean": self.pca.mean, "components": self.pca.components}
        small = {name: array.astype(np.float16) for name, array in arrays.items()}
        return weights.to_bytes(small | {"distances": self.distances})

    @classmethod
    def from_bytes(cls, data: bytes) -> "FaceDistance":
        """Read what `to_bytes` wrote."""
        arrays = {name: a.astype(np.float32) for name, a in weights.from_bytes(data).items()}
        return cls(Pca(arrays["mean"], arrays["components"]), arrays["distances"])


def _evened(images: np.ndarray) -> np.ndarray:
    """Resize images to 32×32 in gray, with the mean 0 and the standard deviation 1."""
    small = np.stack(
        [
            np.asarray(
                Image.fromarray(image.mean(axis=-1, dtype=np.float32)).resize(
                    (SIDE, SIDE), Image.Resampling.BOX
                )
            )
            for image in images
        ]
    )
    small = small - small.mean(axis=(1, 2), keepdims=True)
    return (small / np.maximum(small.std(axis=(1, 2), keepdims=True), 0.02))[..., np.newaxis]


def _distances(pca: Pca, images: np.ndarray) -> np.ndarray:
    flat = images.reshape(len(images), -1) - pca.mean
    rest = flat - flat @ pca.components.T @ pca.components
    return np.asarray(np.square(rest).mean(axis=1))
