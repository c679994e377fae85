"""Finds faces in a photo and crops them like the training faces: upright, and of one size.

The detector is scikit-image's LBP cascade, whose model comes with the package. Photos are Pillow
images, upright and RGB; nothing is written to disk.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

SEARCHED = 400  # pixels: the longer side of a photo during the search
SMALLEST = 24  # pixels of that photo: the size of the cascade's own window
SCALE_STEP = 1.15
NEIGHBOURS = 3  # overlapping detections that make a face
SMALLEST_SHARE = 0.5  # share of the largest face: smaller detections are mostly false

# From the cascade's window to the square of LFWcrop, (83, 92)–(166, 175) of each LFW
# image: medians over 24 photos of LFW.
CROP_SHARE = 0.735
CROP_DOWN = 0.072

EYES_ON = 80  # pixels: the size of a face in the search for its eyes
MIN_ROLL, MAX_ROLL = 2.0, 25.0  # degrees: less needs no rotation, more is not trusted
EYES_APART = (0.30, 0.60)  # share of the window


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
        for name, low, high in (("x", 0, 1), ("y", 0, 1), ("side", 0.02, 1), ("angle", -45, 45)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}={value} must be between {low} and {high}")


MIDDLE = Crop(0.5, 0.5, 1.0)


def find_faces(photo: Image.Image) -> tuple[Crop, ...]:
    """Return a crop for each detected face, the largest first."""
    gray = photo.convert("L")
    gray.thumbnail((SEARCHED, SEARCHED), Image.Resampling.BOX)
    if min(gray.size) < SMALLEST:
        return ()
    pixels = np.asarray(gray)
    windows = _cascade().detect_multi_scale(
        img=pixels,
        scale_factor=SCALE_STEP,
        step_ratio=1,
        min_size=(SMALLEST, SMALLEST),
        max_size=pixels.shape,
        min_neighbor_number=NEIGHBOURS,
    )
    squares = [(w["c"] + w["width"] / 2, w["r"] + w["height"] / 2, w["width"]) for w in windows]
    return tuple(_crop(gray, *square) for square in _distinct(squares))


def cut(photo: Image.Image, crop: Crop, side: int) -> np.ndarray:
    """Cut a crop out of a photo, turn it upright and reduce it to at most ``side`` pixels.

    A crop is only enlarged if it has less than 64 pixels. Where it reaches beyond the photo, the
    photo's edge is repeated.

    Returns:
        (S, S, 3) uint8, 64 ≤ S ≤ max(64, ``side``).
    """
    length = max(2.0, crop.side * min(photo.size))
    x, y = crop.x * photo.width, crop.y * photo.height
    if not crop.angle:  # move it into the photo as far as possible
        x = min(max(x, length / 2), photo.width - length / 2)
        y = min(max(y, length / 2), photo.height - length / 2)
    reach = math.ceil(length * 0.75) + 2  # a little more than half a diagonal
    left, top = math.floor(x) - reach, math.floor(y) - reach
    surroundings = _with_edges(photo, left, top, 2 * reach)
    size = max(2, round(length))
    turn = math.radians(crop.angle)
    cos, sin = math.cos(turn), math.sin(turn)
    half, x, y = size / 2, x - left, y - top
    matrix = (cos, -sin, x - half * cos + half * sin, sin, cos, y - half * sin - half * cos)
    square = surroundings.transform(
        (size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )
    wanted = max(64, min(size, side))
    return np.asarray(square.resize((wanted, wanted), Image.Resampling.LANCZOS))


@lru_cache(maxsize=1)
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _distinct(squares: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Merge detections (x, y, side) of the same face, drop tiny ones, sort the largest first."""
    groups: list[list[tuple[float, float, float]]] = []
    for x, y, side in sorted(squares, key=lambda square: -square[2]):
        for group in groups:
            gx, gy, gside = group[0]
            if max(abs(x - gx), abs(y - gy)) < gside / 2:
                group.append((x, y, side))
                break
        else:
            groups.append([(x, y, side)])
    merged = [tuple(np.median(group, axis=0).tolist()) for group in groups]
    merged.sort(key=lambda square: -square[2])
    return [square for square in merged if square[2] >= SMALLEST_SHARE * merged[0][2]]


def _crop(gray: Image.Image, x: float, y: float, side: float) -> Crop:
    angle = face_roll(gray, x, y, side)
    down = CROP_DOWN * side
    x -= down * math.sin(math.radians(angle))
    y += down * math.cos(math.radians(angle))
    share = min(1.0, CROP_SHARE * side / min(gray.size))
    inside = Crop(min(max(x / gray.width, 0), 1), min(max(y / gray.height, 0), 1), share)
    return replace(inside, angle=angle)


def face_roll(gray: Image.Image, x: float, y: float, side: float) -> float:
    """Return the in-plane rotation of a face in degrees, clockwise; 0 without a clear pair of eyes.

    Args:
        gray: the photo.
        x: x of the face's centre, in pixels.
        y: y of the face's centre, in pixels.
        side: the side of the square around the face, in pixels.
    """
    from skimage.filters import gaussian

    left, top = max(x - side / 2, 0), max(y - side / 2, 0)
    box = (left, top, min(x + side / 2, gray.width), min(y + side / 2, gray.height))
    face = gray.resize((EYES_ON, EYES_ON), Image.Resampling.BICUBIC, box)
    pixels = gaussian(np.asarray(face, np.float32), 1.0)
    rows = slice(18, 44)
    left_y, left_x = _dark_centre(pixels[rows, 12:38])
    right_y, right_x = _dark_centre(pixels[rows, 42:68])
    across = right_x + 42 - left_x - 12
    angle = math.degrees(math.atan2(right_y - left_y, across))
    apart = math.hypot(across, right_y - left_y) / EYES_ON
    believed = MIN_ROLL <= abs(angle) <= MAX_ROLL and EYES_APART[0] <= apart <= EYES_APART[1]
    return round(angle, 1) if believed else 0.0


def _dark_centre(region: np.ndarray) -> tuple[int, int]:
    """Return the row and column that the gradients point to: the centre of a dark disc.

    This is the "means of gradients" of Timm and Barth (VISAPP 2011), with a preference for the
    middle.
    """
    gradient_y, gradient_x = np.gradient(region)
    strength = np.hypot(gradient_x, gradient_y)
    edge_y, edge_x = np.nonzero(strength > np.quantile(strength, 0.7))
    if not len(edge_y):
        return region.shape[0] // 2, region.shape[1] // 2
    unit_x = gradient_x[edge_y, edge_x] / strength[edge_y, edge_x]
    unit_y = gradient_y[edge_y, edge_x] / strength[edge_y, edge_x]
    height, width = region.shape
    y, x = np.mgrid[:height, :width]
    dx, dy = edge_x - x[..., np.newaxis], edge_y - y[..., np.newaxis]
    towards = (dx * unit_x + dy * unit_y) / (np.hypot(dx, dy) + 1e-6)
    score = np.square(np.maximum(towards, 0)).mean(axis=-1)
    score *= 1 - 0.9 * region / max(float(region.max()), 1.0)
    middle = ((2 * y - height) / height) ** 2 + ((2 * x - width) / width) ** 2
    row, column = np.unravel_index(int(np.argmax(score * np.exp(-middle))), score.shape)
    return int(row), int(column)


def _with_edges(photo: Image.Image, left: int, top: int, side: int) -> Image.Image:
    """Return a square region of a photo; outside the photo, it repeats the edge."""
    rows = np.clip(np.arange(top, top + side), 0, photo.height - 1)
    columns = np.clip(np.arange(left, left + side), 0, photo.width - 1)
    return Image.fromarray(np.asarray(photo)[rows[:, np.newaxis], columns])
