"""Finds upright faces and their landmarks in an array of pixels: MTCNN's cascade of three networks.

The networks are those of Zhang et al. 2016 (arXiv 1604.02878), with the weights of the package
``mtcnn``: P-Net proposes squares at every scale of the picture, R-Net drops most of them, O-Net
keeps the faces and tells where eyes, nose and mouth are. The package's own loop around them takes
several times as long: it traces the networks anew for every size of a picture.

TensorFlow is loaded by the first search. Letters: N squares, H height, W width. A square is a row
(left, top, right, bottom) in pixels.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL, STRIDE = 12, 2  # pixels: what P-Net looks at, and how far it moves on
REFINED, MARKED = 24, 48  # pixels: what R-Net and O-Net look at
SCALE_STEP = 0.709  # the area halves
SURE = (0.6, 0.7, 0.7)  # the lowest probability of a face that P-Net, R-Net and O-Net let pass
OVERLAP = (0.5, 0.7, 0.7, 0.7)  # within a scale, across scales, after R-Net, after O-Net
MOST = 400  # proposals that R-Net looks at; a picture of noise has thousands

Floats = NDArray[np.float32]
Network = Callable[..., Any]


def upright_faces(pixels: NDArray[np.uint8], smallest: float) -> tuple[Floats, Floats]:
    """Return the faces in a picture (H, W, 3), the surest first.

    Args:
        pixels: RGB.
        smallest: the side of the smallest face that is looked for, in pixels.

    Returns:
        Probabilities (N,), and landmarks (N, 5, 2) as x and y in pixels: the eye on the left of
        the picture, the other one, the nose, the left corner of the mouth, the right one.
    """
    squares = _proposals(pixels, smallest)
    if not len(squares):
        return np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
    _, refine, mark = _networks()
    moved, sure = (part.numpy() for part in refine(_cut_out(pixels, squares, REFINED)))
    squares, _, _ = _distinct(_moved(squares, moved), sure[:, 1], SURE[1], OVERLAP[2])
    if not len(squares):
        return np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
    squares = _square(squares)
    moved, marks, sure = (part.numpy() for part in mark(_cut_out(pixels, squares, MARKED)))
    points = marks.reshape(-1, 2, 5).transpose(0, 2, 1)  # O-Net tells all x, then all y
    points = squares[:, np.newaxis, :2] + points * _sizes(squares)[:, np.newaxis]
    _, sure, kept = _distinct(_moved(squares, moved), sure[:, 1], SURE[2], OVERLAP[3], inner=True)
    return sure, points[kept]


def _proposals(pixels: NDArray[np.uint8], smallest: float) -> Floats:
    """Return the squares (N, 4) that P-Net takes for faces, at every scale."""
    from PIL import Image

    propose, _, _ = _networks()
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    found, sure = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    scale = CELL / smallest
    while min(height, width) * scale >= CELL:
        size = (round(width * scale), round(height * scale))
        small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR))
        moved, faces = (part.numpy()[0] for part in propose(_normalized(small)[np.newaxis]))
        rows, columns = np.nonzero(faces[..., 1] > SURE[0])
        corners = STRIDE * np.stack([columns, rows, columns, rows], axis=-1).astype(np.float32)
        corners[:, 2:] += CELL
        squares = _moved(corners, moved[rows, columns])
        squares /= np.array([size[0] / width, size[1] / height] * 2, np.float32)
        squares, chances, _ = _distinct(squares, faces[rows, columns, 1], SURE[0], OVERLAP[0])
        found.append(squares)
        sure.append(chances)
        scale *= SCALE_STEP
    squares, _, _ = _distinct(np.concatenate(found), np.concatenate(sure), SURE[0], OVERLAP[1])
    return _square(squares[:MOST])


def _distinct(
    squares: Floats, sure: Floats, least: float, overlap: float, *, inner: bool = False
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Keep what is sure enough, and of those that overlap the surest; return their indices as well.

    Args:
        squares: (N, 4).
        sure: (N,) probabilities.
        least: the lowest probability that is kept.
        overlap: the share of two squares' union that makes them one.
        inner: whether it is the share of the smaller one instead.
    """
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] > least]
    area = _sizes(squares).prod(axis=-1)
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = np.maximum(squares[best, :2], squares[order, :2])
        high = np.minimum(squares[best, 2:], squares[order, 2:])
        shared = np.maximum(high - low, 0).prod(axis=-1)
        other = np.minimum(area[best], area[order]) if inner else area[best] + area[order] - shared
        order = order[shared <= overlap * other]
    chosen = np.array(kept, np.int64)
    return squares[chosen], sure[chosen], chosen


def _sizes(squares: Floats) -> Floats:
    """Return widths and heights (N, 2)."""
    return squares[:, 2:] - squares[:, :2]


def _moved(squares: Floats, moved: Floats) -> Floats:
    """Move each side (N, 4) by a share of the square's size, as a network asks for."""
    return squares + moved * np.tile(_sizes(squares), 2)


def _square(boxes: Floats) -> Floats:
    """Return squares with the boxes' centres and longer sides."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = _sizes(boxes).max(axis=-1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], axis=-1, dtype=np.float32)


def _cut_out(pixels: NDArray[np.uint8], squares: Floats, side: int) -> Any:
    """Return squares as a tensor (N, S, S, 3), S = ``side``; beyond the picture they are gray."""
    import tensorflow as tf

    height, width = pixels.shape[:2]
    shares = squares[:, [1, 0, 3, 2]] / np.array([height, width, height, width], np.float32)
    first = np.zeros(len(squares), np.int32)
    picture = _normalized(pixels)[np.newaxis]
    return tf.image.crop_and_resize(picture, shares, first, (side, side))


def _normalized(pixels: NDArray[np.uint8]) -> Floats:
    return (pixels.astype(np.float32) - np.float32(127.5)) / np.float32(128)


@lru_cache(maxsize=1)
def _networks() -> tuple[Network, Network, Network]:
    """Return P-Net, R-Net and O-Net, traced once for pictures of every size."""
    from importlib.resources import files

    import joblib
    import tensorflow as tf
    from mtcnn.network.onet import ONet
    from mtcnn.network.pnet import PNet
    from mtcnn.network.rnet import RNet

    def loaded(network: Any, name: str) -> Any:
        network.build()
        with (files("mtcnn") / "assets" / "weights" / f"{name}.lz4").open("rb") as file:
            network.set_weights(joblib.load(file))
        return network

    def traced(network: Any, *shape: int | None) -> Network:
        return tf.function(network, input_signature=[tf.TensorSpec((*shape, 3))])

    return (
        traced(loaded(PNet(), "pnet"), 1, None, None),
        traced(loaded(RNet(), "rnet"), None, REFINED, REFINED),
        traced(loaded(ONet(), "onet"), None, MARKED, MARKED),
    )
