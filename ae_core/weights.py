"""Weights as bytes and back: plain .npz, never a pickle, never a Keras file."""

import io
import zlib
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

import numpy as np

# What NumPy and zipfile raise for files that are no .npz, or damaged ones.
_DAMAGED = (
    BadZipFile,
    ValueError,
    TypeError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    zlib.error,
)


def to_bytes(weights: Mapping[str, np.ndarray]) -> bytes:
    """Write named arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name.replace("/", "."): array for name, array in weights.items()}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes) -> dict[str, np.ndarray]:
    """Read what `to_bytes` wrote, bit for bit.

    Raises:
        ValueError: the bytes are not an .npz file of plain arrays.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name.replace(".", "/"): archive[name] for name in archive.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("it holds something else than arrays")
    except _DAMAGED as error:
        raise ValueError(f"weights={len(data)} bytes must be an .npz file: {error}") from None
    return arrays
