"""Tiny made-up files in the formats of the image sets that are read from files."""

import io
from functools import cache

import joblib
import numpy as np
from PIL import Image

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


def lfw_faces_arrays():
    """Blurred noise: what JPEG hardly changes."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(20, dtype=np.int16), np.arange(20) % 3 + 1)
    files = []
    for small in rng.integers(0, 256, (len(person), 4, 4, 3), np.uint8):
        file = io.BytesIO()
        Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC).save(file, "JPEG")
        files.append(file.getvalue())
    names = IMAGE_SETS["lfw-faces"].label_names
    return {
        "jpeg": np.frombuffer(b"".join(files), np.uint8),
        "offset": np.cumsum([0, *map(len, files)]),
        "person": person,
        "labels": rng.normal(size=(len(person), len(names))).astype(np.float32),
        "label_names": np.array(names),
    }


def olivetti_array():
    return np.random.default_rng(0).integers(0, 256, (400, 4096)).astype(np.float32)


@cache
def fake(name):
    """The bytes of a set's file."""
    file = io.BytesIO()
    if name == "olivetti":
        joblib.dump(olivetti_array(), file, compress=1)
    else:
        made = {"lfw-crop": lfw_arrays, "lfw-faces": lfw_faces_arrays}.get(name, digits_arrays)
        np.savez_compressed(file, **made())
    return file.getvalue()


def write_fake(name, folder):
    path = folder / IMAGE_SETS[name].file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fake(name))
    return path
