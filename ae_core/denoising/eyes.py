"""How far a face is turned, read off its eyes: the two dark discs in the upper half.

It knows where the face is, not how it was found. Without a clear pair of eyes it says 0.
"""

import math

import numpy as np
from PIL import Image

EYES_ON = 80  # pixels to which a face is brought to look for its eyes
TILTS = (2.0, 25.0)  # degrees: less is not worth a rotation, more is not believed
EYES_APART = (0.30, 0.60)  # of the window


def tilt(gray: Image.Image, x: float, y: float, side: float) -> float:
    """Return by how many degrees a face is turned clockwise, 0 where its eyes are not found."""
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    face = gray.resize((EYES_ON, EYES_ON), Image.Resampling.BICUBIC, _within(box, gray))
    pixels = _smooth(np.asarray(face, np.float32))
    rows = slice(18, 44)
    left_y, left_x = _dark_centre(pixels[rows, 12:38])
    right_y, right_x = _dark_centre(pixels[rows, 42:68])
    across = right_x + 42 - left_x - 12
    angle = math.degrees(math.atan2(right_y - left_y, across))
    apart = math.hypot(across, right_y - left_y) / EYES_ON
    believed = TILTS[0] <= abs(angle) <= TILTS[1] and EYES_APART[0] <= apart <= EYES_APART[1]
    return round(angle, 1) if believed else 0.0


def _dark_centre(region: np.ndarray) -> tuple[int, int]:
    """Return the row and column towards which the edges point: the middle of a dark disc.

    The "means of gradients" of Timm and Barth (VISAPP 2011), with a preference for the middle.
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


def _smooth(pixels: np.ndarray) -> np.ndarray:
    from skimage.filters import gaussian

    smoothed: np.ndarray = gaussian(pixels, 1.0)
    return smoothed


def _within(
    box: tuple[float, float, float, float], image: Image.Image
) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height)
