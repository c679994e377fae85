"""Finds faces in a photo and crops them like the training faces: upright, and of one size.

Photos are Pillow images, RGB; nothing is written to disk.
"""

import cmath
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ae_core.images import faces

# The square of LFWcrop, (83, 92)–(166, 175) of each LFW image, in the picture that
# `ae_core.images.faces.aligned` makes of it: medians over 24 photos of LFW.
CROP_MIDDLE, CROP_SIDE = 64.1 + 76.4j, 69.8

UPRIGHT = 2.0  # degrees from upright, or from lying on a side, that need no rotation


@dataclass(frozen=True)
class Crop:
    """A square of a photo, independent of the photo's resolution.

    Attributes:
        x: the x of its centre, as a share of the photo's width.
        y: the y of its centre, as a share of the photo's height.
        side: its side, as a share of the photo's shorter side.
        angle: clockwise rotation of the face in degrees; cutting turns it back.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (("x", 0, 1), ("y", 0, 1), ("side", 0.02, 1), ("angle", -180, 180)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}={value} must be between {low} and {high}")


MIDDLE = Crop(0.5, 0.5, 1.0)


def find_faces(photo: Image.Image) -> tuple[Crop, ...]:
    """Return a crop for each detected face, the largest first."""
    return tuple(_crop(photo, face) for face in faces.find(photo))


def cut(photo: Image.Image, crop: Crop, side: int) -> np.ndarray:
    """Cut a crop out of a photo, turn it upright and reduce it to at most ``side`` pixels.

    A crop is only enlarged if it has less than 64 pixels. Where it reaches beyond the photo, the
    photo's edge is repeated.

    Returns:
        (S, S, 3) uint8, 64 ≤ S ≤ max(64, ``side``).
    """
    length = max(2.0, crop.side * min(photo.size))
    x, y = crop.x * photo.width, crop.y * photo.height
    if crop.angle % 90 == 0:  # move it into the photo as far as possible
        x = min(max(x, length / 2), photo.width - length / 2)
        y = min(max(y, length / 2), photo.height - length / 2)
    square = faces.turned_square(photo, complex(x, y), length, crop.angle, "edge")
    wanted = max(64, min(square.width, side))
    return np.asarray(square.resize((wanted, wanted), Image.Resampling.LANCZOS))


def cut_head(photo: Image.Image, crop: Crop, side: int) -> np.ndarray:
    """Cut out the head around the face in a crop, as the pictures of ``lfw-faces`` show it.

    Where it reaches beyond the photo, the photo is mirrored.

    Returns:
        (S, S, 3) uint8, 64 ≤ S ≤ max(64, ``side``).
    """
    angle = math.radians(crop.angle)
    scale = cmath.rect(crop.side * min(photo.size) / CROP_SIDE, angle)
    centre = complex(crop.x * photo.width, crop.y * photo.height)
    face = faces.Face(1.0, centre - scale * CROP_MIDDLE, scale)
    wanted = max(64, min(round(abs(scale) * faces.ALIGNED), side))
    return faces.aligned(photo, face, wanted)


def _crop(photo: Image.Image, face: faces.Face) -> Crop:
    middle = face.place(CROP_MIDDLE)
    x, y = min(max(middle.real / photo.width, 0), 1), min(max(middle.imag / photo.height, 0), 1)
    share = min(max(abs(face.scale) * CROP_SIDE / min(photo.size), 0.02), 1.0)
    right = 90.0 * round(face.angle / 90)
    return Crop(x, y, share, right if abs(face.angle - right) < UPRIGHT else round(face.angle, 1))
