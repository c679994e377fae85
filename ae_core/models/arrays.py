"""Applies an autoencoder that comes with the app to an array in a file, for the command line."""

import io
from pathlib import Path

import numpy as np

from ae_core.errors import UserError
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder
from ae_core.storage.files import DAMAGED, atomic_write

ACTIONS = ("encode", "decode", "reconstruct")


def apply(model: ModelFile, action: str, source: Path) -> np.ndarray:
    """Return what a model makes of the array in an .npy file.

    Args:
        model: an autoencoder.
        action: ``encode``: images (N, H, W, C) in [0, 1] to codes (N, D); ``decode``: codes to
            images; ``reconstruct``: images to images.
        source: the file, which is never unpickled.

    Raises:
        UserError: the file cannot be read, or the array does not fit the model.
    """
    shape = image_shape(model.spec)
    wanted: tuple[int, ...] = (model.spec.autoencoder.latent_dim,) if action == "decode" else shape
    array = _read(source)
    if array.dtype.kind not in "fiu" or array.shape[1:] != wanted or not len(array):
        found = f"{array.shape} {array.dtype}"
        needed = f"({', '.join(('N', *map(str, wanted)))})"
        raise UserError("array_shape", name=source.name, shape=found, wanted=needed)
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UserError("array_finite", name=source.name)
    if action != "decode" and not 0 <= low <= high <= 1:
        raise UserError("array_range", name=source.name, low=low, high=high)
    made: np.ndarray = getattr(autoencoder(model, shape), action)(array.astype(np.float32))
    return made


def write(target: Path, array: np.ndarray) -> None:
    """Write an .npy file.

    Raises:
        UserError: it has another ending, or the place cannot be written.
    """
    if target.suffix.lower() != ".npy":
        raise UserError("file_ending", name=str(target), ending=".npy")
    buffer = io.BytesIO()
    np.save(buffer, array)
    try:
        atomic_write(target, buffer.getvalue())
    except OSError as error:
        raise UserError("file_unwritable", name=str(target), reason=error.strerror) from None


def _read(source: Path) -> np.ndarray:
    try:
        with source.open("rb") as file:
            array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    except FileNotFoundError as error:
        raise UserError("file_unreadable", name=str(source), reason=error.strerror) from None
    except DAMAGED:
        raise UserError("array_unreadable", name=source.name) from None
    return array
