"""The files that a visitor takes home of a run: the Keras model and its images.

An ``infer`` worker makes them.
"""

import io
import tempfile
from pathlib import Path

import numpy as np

from ae_core.data import loading
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder


def keras_file(model: ModelFile) -> bytes:
    """Return a trained model as a .keras file: images (N, H, W, C) in [0, 1] to such images.

    Raises:
        UserError: its weights are not there any more, or not those of its spec.
    """
    whole = autoencoder(model, image_shape(model.spec)).whole()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "autoencoder.keras")
        whole.save(path)
        return path.read_bytes()


def picture_file(image_set: str, image_size: int, split: str) -> bytes:
    """Return a set's images as an .npz file: ``train`` and ``test`` (N, H, W, C).

    They are uint8 where a division by 255 gives them exactly, else float32.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = loading.load_images(image_set, image_size, split)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, train=_small(images.train), test=_small(images.test))
    return buffer.getvalue()


def _small(images: np.ndarray) -> np.ndarray:
    whole = np.round(images * 255).astype(np.uint8)
    return whole if np.array_equal(whole / np.float32(255), images) else images
