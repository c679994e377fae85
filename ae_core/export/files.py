"""The files of a run that a visitor can download: the Keras model and its images.

An ``infer`` worker creates them.
"""

import io
import tempfile
from pathlib import Path

import numpy as np

from ae_core.data import loading
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder


def keras_file(model: ModelFile) -> bytes:
    """Return a trained model as a .keras file; its input and output are (N, H, W, C) in [0, 1].

    Raises:
        UserError: its weights no longer exist, or do not fit its spec.
    """
    whole = autoencoder(model, image_shape(model.spec)).whole()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "autoencoder.keras")
        whole.save(path)
        return path.read_bytes()


def picture_file(image_set: str, image_size: int, split: str) -> bytes:
    """Return a set's images as an .npz file: ``train`` and ``test`` (N, H, W, C).

    They are uint8 if a division by 255 restores them exactly, otherwise float32.

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
