"""Finds faces in photos, however they are turned, and cuts them out like the set ``lfw-faces``.

Photos are Pillow images, RGB. A place in one is a complex number, x + iy, in its pixels.
"""

import cmath
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ae_core.images.face_networks import upright_faces

SEARCHED = 400  # pixels: the longer side of a photo during the search
SMALLEST = 20  # pixels of that photo: the size of a face at which the search begins
SMALLEST_SHARE = 0.5  # share of the largest face: smaller detections are mostly false
DARK, BRIGHT = 100, 200  # of 255: photos whose brightest parts are below are searched brightened
TURNS = (0, 90, 270, 180)  # degrees: the networks see faces that are turned by up to 45
CERTAIN = 0.99  # the probability of a face at which no further turn is tried
LEVEL = 8  # degrees: faces that are turned by more are looked at once more, turned back
LOOK = 96  # pixels a side for that
ELSEWHERE = 18  # of these pixels: a face that far from the middle is another one

# The places of both eyes and the mouth in pictures of ``lfw-faces``, `ALIGNED` pixels a side:
# medians over 300 of them, made symmetrical. The median deviations are 1.1, 1.1 and 2.1 pixels.
ALIGNED = 128
PLACES = np.array([47.4 + 59.0j, 81.4 + 59.0j, 64.4 + 96.1j])


@dataclass(frozen=True)
class Face:
    """Where a face is in a photo.

    Attributes:
        sure: the probability that it is one.
        origin: the place of the left upper corner of its aligned picture.
        scale: pixels of the photo in a pixel of the aligned picture, as a complex number: it is
            turned by the angle of the face, which is positive clockwise.
    """

    sure: float
    origin: complex
    scale: complex

    def place(self, aligned: complex) -> complex:
        """Return the place in the photo of a place in the aligned picture."""
        return self.origin + self.scale * aligned

    @property
    def middle(self) -> complex:
        """The place of the middle of its aligned picture: between the eyes and the mouth."""
        return self.place(complex(ALIGNED, ALIGNED) / 2)

    @property
    def angle(self) -> float:
        """The rotation of the face in degrees, clockwise, above −180 and up to 180."""
        return math.degrees(math.atan2(self.scale.imag, self.scale.real))


def find(photo: Image.Image, smallest: float = SMALLEST) -> tuple[Face, ...]:
    """Return the faces in a photo, the largest first.

    Args:
        photo: RGB.
        smallest: the size at which the search begins, in pixels of a photo of `SEARCHED` pixels.
    """
    small = _reduced(photo)
    best: list[Face] = []
    for turn in TURNS:
        found = _found(small, turn, smallest)
        best = max(best, found, key=lambda faces: max((face.sure for face in faces), default=0.0))
        if any(face.sure >= CERTAIN for face in best):
            break
    larger = photo.width / small.width
    best.sort(key=lambda face: -abs(face.scale))
    return tuple(
        Face(face.sure, face.origin * larger, face.scale * larger)
        for face in best
        if abs(face.scale) >= SMALLEST_SHARE * abs(best[0].scale)
    )


def nearest(faces: Collection[Face], place: complex) -> Face | None:
    """Return the face nearest to a place in the photo, None without faces."""
    return min(faces, key=lambda face: abs(face.middle - place), default=None)


def _found(small: Image.Image, turn: int, smallest: float) -> list[Face]:
    """Return the faces that are seen in a photo once it is turned counterclockwise."""
    turned = small.rotate(turn, expand=True)
    sure, landmarks = upright_faces(np.asarray(turned), smallest)
    back = cmath.exp(1j * math.radians(turn))
    middle, middle_turned = complex(*small.size) / 2, complex(*turned.size) / 2
    faces = []
    for face in map(_face, sure.tolist(), landmarks):
        level = _looked_at_again(turned, face) if abs(face.angle) > LEVEL else face
        if level is not None:
            origin = middle + back * (level.origin - middle_turned)
            faces.append(Face(level.sure, origin, back * level.scale))
    return faces


def _looked_at_again(photo: Image.Image, face: Face) -> Face | None:
    """Return what is seen of a face once it is turned back: nothing if it was none."""
    sure, landmarks = upright_faces(aligned(photo, face, LOOK), LOOK / 3)
    centre = complex(LOOK, LOOK) / 2
    seen = nearest([_face(*each) for each in zip(sure.tolist(), landmarks, strict=True)], centre)
    if seen is None or abs(seen.middle - centre) > ELSEWHERE:
        return None
    step = face.scale * ALIGNED / LOOK
    return Face(seen.sure, face.origin + step * seen.origin, step * seen.scale)


def _face(sure: float, landmarks: NDArray[np.float32]) -> Face:
    """Return the face whose eyes and mouth are nearest to its landmarks (5, 2): least squares."""
    left, right, _, *mouth = (complex(x, y) for x, y in landmarks.tolist())
    there = np.array([left, right, sum(mouth) / 2])
    wanted = PLACES - PLACES.mean()
    scale = complex(np.vdot(wanted, there) / np.vdot(wanted, wanted))
    return Face(sure, complex(there.mean() - scale * PLACES.mean()), scale)


def _reduced(photo: Image.Image) -> Image.Image:
    """Return a photo of at most `SEARCHED` pixels a side, brightened if it is dark."""
    small = photo.copy()
    small.thumbnail((SEARCHED, SEARCHED), Image.Resampling.BOX)
    brightest = float(np.percentile(np.asarray(small), 99))
    if not 0 < brightest < DARK:
        return small
    return small.point([min(255, round(value * BRIGHT / brightest)) for value in range(256)] * 3)


def aligned(photo: Image.Image, face: Face, side: int = ALIGNED) -> NDArray[np.uint8]:
    """Cut a face out with hair and chin: eyes and mouth as near to `PLACES` as they can be.

    Where the picture reaches beyond the photo, the photo is mirrored.

    Returns:
        (S, S, 3), S = ``side``.
    """
    square = turned_square(photo, face.middle, abs(face.scale) * ALIGNED, face.angle, "mirrored")
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def turned_square(
    photo: Image.Image, middle: complex, side: float, angle: float, beyond: str
) -> Image.Image:
    """Return a square of a photo at the photo's scale, turned back.

    Args:
        photo: RGB.
        middle: the place of its centre.
        side: its side in pixels.
        angle: the clockwise rotation of the square in the photo, in degrees.
        beyond: what is beyond the photo: its "edge" again and again, or the photo "mirrored".
    """
    size = max(2, round(side))
    reach = math.ceil(max(side, size) * 0.75) + 2  # a little more than half a diagonal
    left, top = math.floor(middle.real) - reach, math.floor(middle.imag) - reach
    surroundings = _with_edges(photo, left, top, 2 * reach, beyond)
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    half, x, y = size / 2, middle.real - left, middle.imag - top
    matrix = (cos, -sin, x - half * cos + half * sin, sin, cos, y - half * sin - half * cos)
    return surroundings.transform(
        (size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )


def _with_edges(photo: Image.Image, left: int, top: int, side: int, beyond: str) -> Image.Image:
    """Return a square region of a photo, also of what is beyond it."""
    rows = _indices(photo.height, top, side, beyond)
    columns = _indices(photo.width, left, side, beyond)
    return Image.fromarray(np.asarray(photo)[rows[:, np.newaxis], columns])


def _indices(length: int, begin: int, count: int, beyond: str) -> NDArray[np.int64]:
    """Return which rows or columns of a photo stand in ``count`` places from ``begin`` on."""
    places = np.arange(begin, begin + count)
    if beyond == "edge":
        return np.clip(places, 0, length - 1)
    inside = places % (2 * length)
    return np.minimum(inside, 2 * length - 1 - inside)
