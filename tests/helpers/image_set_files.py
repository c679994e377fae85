"""Tiny made-up files in the formats of the image sets that are read from files."""

import io
from functools import cache

import joblib
import numpy as np

from ae_core.data.catalog import IMAGE_SETS


def digits_arrays(n_train=30, n_test=12):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (n_train, 28, 28), np.uint8),
        "y_train": (np.arange(n_train) % 10).astype(np.uint8),
        "x_test": rng.integers(0, 256, (n_test, 28, 28), np.uint8),
        "y_test": (np.arange(n_test) % 10).astype(np.uint8),
    }


def lfw_arrays():
    person = np.repeat(np.arange(40, dtype=np.int16), np.arange(40) % 3 + 1)
    images = np.random.default_rng(0).integers(0, 256, (len(person), 64, 64), np.uint8)
    return {"images": images, "person": person}


def olivetti_array():
    return np.random.default_rng(0).integers(0, 256, (400, 4096)).astype(np.float32)


@cache
def fake(name):
    """The bytes of a set's file."""
    file = io.BytesIO()
    if name == "olivetti":
        joblib.dump(olivetti_array(), file, compress=1)
    else:
        np.savez_compressed(file, **(lfw_arrays() if name == "lfw-crop" else digits_arrays()))
    return file.getvalue()


def write_fake(name, folder):
    path = folder / IMAGE_SETS[name].file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fake(name))
    return path
