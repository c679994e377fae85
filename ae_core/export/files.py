"""The files of a run that a visitor can download: the Keras model and its images.

An ``infer`` worker creates them.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ae_core.data import loading
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.specs import ImageChoice

OLDEST_KERAS = "3.8"  # the oldest version that opens the files
_NETWORK = "config.json"  # in a .keras file
# Keras writes them even where they say nothing; versions before 3.15 refuse names they do not know.
_NEWER_KEYS = {"input_axes", "output_axes", "quantization_config"}


def keras_file(model: ModelFile) -> bytes:
    """Return a trained model as a .keras file; its input and output are (N, H, W, C) in [0, 1].

    Every Keras from `OLDEST_KERAS` on opens it.

    Raises:
        UserError: its weights no longer exist, or do not fit its spec.
    """
    whole = autoencoder(model, image_shape(model.spec)).whole()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "autoencoder.keras")
        whole.save(path)
        return _for_older_keras(path)


def _for_older_keras(path: Path) -> bytes:
    """Return a .keras file without the newer keys that have no value."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as saved, zipfile.ZipFile(buffer, "w") as portable:
        for entry in saved.infolist():
            content = saved.read(entry)
            if entry.filename == _NETWORK:
                network = json.loads(content, object_hook=_without_newer_keys)
                content = json.dumps(network).encode()
            portable.writestr(entry, content)
    return buffer.getvalue()


def _without_newer_keys(config: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in config.items() if v is not None or k not in _NEWER_KEYS}


def picture_file(choice: ImageChoice) -> bytes:
    """Return a set's images as an .npz file: ``train`` and ``test`` (N, H, W, C).

    They are uint8 if a division by 255 restores them exactly, otherwise float32.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    images = loading.load_images(*choice)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, train=_small(images.train), test=_small(images.test))
    return buffer.getvalue()


def _small(images: np.ndarray) -> np.ndarray:
    whole = np.round(images * 255).astype(np.uint8)
    return whole if np.array_equal(whole / np.float32(255), images) else images
