"""Cartoon faces drawn from known factors, with which a latent space can be compared.

Every image is a pure function of its row of factors. The module uses only + − × ÷ √ and
comparisons, which IEEE 754 rounds exactly: the same factors give the same bits on any machine, in
any batch.

Letters: N images, H height, W width, C channels, F factors. Coordinates: see `ae_core.data.sdf`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ae_core.data.sdf import Pixels, Region, ellipse, smoothstep, spot
from ae_core.data.toy_palettes import Palette, palette, shaded

Array = NDArray[np.float32]
BATCH = 128  # faces drawn at once: their few MB of temporary arrays stay in the processor's cache


@dataclass(frozen=True)
class Factor:
    """One independent property of a toy face, uniform from −1 (`low`) to 1 (`high`)."""

    name: str
    low: str
    high: str


FACTORS: tuple[Factor, ...] = (
    Factor("smile", "sad", "laughing"),
    Factor("eye_openness", "nearly closed", "wide open"),
    Factor("brows", "low and stern", "raised"),
    Factor("face_width", "narrow", "round"),
    Factor("hair", "short", "long and full"),
    Factor("skin", "dark", "light"),
    # Glasses fade in: a decoder is continuous and could only blur between on and off.
    Factor("glasses", "none", "thick frames"),
    Factor("gaze", "to the left", "to the right"),
)


def sample_factors(n: int, rng: np.random.Generator) -> Array:
    """Draw `n` rows of independent factors, each uniform in [-1, 1): (N, F) float32."""
    return rng.random((n, len(FACTORS)), dtype=np.float32) * 2 - 1


def draw_faces(factors: Array, size: int = 64, channels: int = 1) -> Array:
    """Draw faces (N, size, size, C) float32 in [0, 1] from factors (N, F) in [-1, 1].

    A row gives the same bits in every batch. C = `channels` is 1 for gray, 3 for colour: the same
    shapes in another palette.

    Raises:
        ValueError: `factors` is not (N, F) or leaves [-1, 1], `size` is not within 16–512, or
            `channels` is neither 1 nor 3.
    """
    rows = np.asarray(factors, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != len(FACTORS):
        raise ValueError(f"factors.shape={rows.shape} must be (N, {len(FACTORS)})")
    if not bool(np.all(np.abs(rows) <= 1)):  # also False for NaN
        raise ValueError("factors must be finite and between -1 and 1")
    if not 16 <= size <= 512:
        raise ValueError(f"size={size} must be between 16 and 512")
    if channels not in (1, 3):
        raise ValueError(f"channels={channels} must be 1 or 3")
    images = np.empty((len(rows), size, size, channels), dtype=np.float32)
    # Large images are drawn a few at a time: temporary memory does not grow with the size.
    batch = max(1, min(BATCH, BATCH * 64 * 64 // (size * size)))
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        planes = np.empty((channels, len(part), size, size), np.float32)
        _draw(part, planes)
        images[start : start + batch] = np.moveaxis(planes, 0, 3)
    return images


def _draw(rows: Pixels, images: Pixels) -> None:
    """Draw one batch: rows (N, F) into planes (C, N, H, W), from the back to the front."""
    smile, openness, brows, width, hair, skin, glasses, gaze = (
        rows[:, index, None, None] for index in range(len(FACTORS))
    )
    paint = palette(skin, len(images))
    half_width = 0.485 + 0.095 * width
    _behind(images, paint, hair, half_width)
    _head(images, paint, hair, half_width)
    for side in (-1, 1):
        _eye(images, paint, side, openness, gaze)
        _brow(images, paint, side, brows)
    _nose_and_mouth(images, paint, smile)
    _glasses(images, paint, glasses, half_width)


def _behind(images: Pixels, paint: Palette, hair: Pixels, half_width: Pixels) -> None:
    """Draw everything behind the head: a plain background, long hair, neck, ears and shoulders."""
    region = Region(images, -1, 1, -1, 1)
    x, y = region.x, region.y
    dusk = 0.05 * (x * x + y * y)
    for plane, tone in zip(images, paint.background, strict=True):
        plane[...] = tone - dusk
    full = (hair + 1) / 2
    # Hair at the back: a round top that runs straight down to the length of the hair.
    reach = half_width + 0.022 + 0.183 * full
    bottom = -0.05 + 0.8 * full
    centre = -0.16
    top = ellipse(x, np.minimum(y - centre, 0), reach, 0.54 + 0.13 * full)
    corner = 0.05 + 0.23 * full
    across = np.maximum(np.abs(x) - reach + corner, 0)
    down = np.maximum(y - bottom + corner, 0)
    fall = np.sqrt(across * across + down * down) - corner
    region.fill(np.where(y < centre, top, fall), shaded(paint.hair, 0.75))
    region.fill(np.maximum(np.abs(x) - 0.19, 0.3 - y), shaded(paint.skin, 0.78))  # the neck
    body = ellipse(x, y - 1.22, 0.8, 0.46)
    collar = ellipse(x, y - 0.7, 0.24, 0.2)
    region.fill(np.maximum(body, -collar), paint.shirt)
    region.fill(np.maximum(body, np.abs(collar) - 0.025), paint.collar)
    for sign in (-1, 1):
        ear = ellipse(x - sign * (half_width + 0.01), y - 0.06, 0.085, 0.13)
        region.fill(ear, shaded(paint.skin, 0.82))


def _head(images: Pixels, paint: Palette, hair: Pixels, half_width: Pixels) -> None:
    """Draw the face with soft shading and cheeks, and the fringe over the forehead."""
    region = Region(images, -0.8, 0.8, -0.9, 0.8)
    x, y = region.x, region.y
    jaw = 1 - 0.20 * np.square(np.clip((y - 0.03) / 0.66, 0, 1))
    head = ellipse(x / jaw, y - 0.03, half_width, 0.65)
    light = 1.03 - 0.07 * x - 0.06 * y
    shade = 0.14 * np.square(np.clip(1 + head / 0.16, 0, 1))
    region.fill(head, shaded(paint.skin, light - shade))
    for sign in (-1, 1):
        region.paint(0.16 * spot((x - sign * 0.31) / 0.15, (y - 0.25) / 0.11), paint.cheek)
    # The fringe: the top of the head above a curve that sweeps up from a parting.
    cap = ellipse(x, y + 0.06, half_width + 0.02, 0.625 + 0.015 * hair)
    line = -0.43 + 0.75 * np.square(x - 0.16)
    region.fill(np.maximum(cap, (y - line) * 0.8), paint.hair)
    region.paint(0.3 * spot((x + 0.2) / 0.3, (y + 0.52) / 0.07), paint.gloss)


def _eye(images: Pixels, paint: Palette, side: int, openness: Pixels, gaze: Pixels) -> None:
    """Draw one eye; the iris follows the gaze, the upper lid comes down over it."""
    region = Region(images, side * 0.23 - 0.18, side * 0.23 + 0.18, -0.16, 0.2)
    x, y = region.x - side * 0.23, region.y - 0.02
    wide, high = 0.145, 0.125 + 0.02 * openness
    ball = ellipse(x, y, wide, high)
    # The lid's edge runs between the corners of the eye: +1 is the top of the ball, −1 its bottom.
    lift = 0.6 + 0.85 * openness - 0.45 * openness * openness
    u = x / wide
    arc = np.sqrt(np.maximum(1 - u * u, 0.04))
    slope = lift * high * u / (wide * arc)
    above = (-lift * high * arc - y) / np.sqrt(1 + slope * slope)  # > 0 on the lid
    inside = region.coverage(np.maximum(ball, above))
    region.fill(ball, shaded(paint.skin, 0.86))
    region.paint(inside, paint.white)
    turn = x - 0.06 * gaze
    far = np.sqrt(turn * turn + y * y)
    region.paint(inside * region.coverage(far - 0.094), paint.iris)
    region.paint(inside * region.coverage(far - 0.056), paint.pupil)
    dx, dy = turn + 0.035, y + 0.035
    region.paint(inside * region.coverage(np.sqrt(dx * dx + dy * dy) - 0.026), paint.white)
    lash = np.maximum(np.abs(above) - 0.02, ball - 0.012)
    region.fill(lash, paint.lash)


def _brow(images: Pixels, paint: Palette, side: int, brows: Pixels) -> None:
    """Draw one eyebrow: stern brows are low and slope inwards, raised ones are high and arched."""
    region = Region(images, side * 0.25 - 0.2, side * 0.25 + 0.2, -0.44, -0.06)
    out = (region.x * side - 0.25) / 0.13  # −1 at the nose, 1 at the temple
    arch = 0.028 + 0.017 * brows
    line = -0.235 - 0.07 * brows + arch * out * out + 0.038 * out * brows
    beyond, away = np.maximum(np.abs(out) - 1, 0) * 0.13, region.y - line
    stroke = np.sqrt(away * away + beyond * beyond) - 0.027 + 0.007 * out
    region.fill(stroke, paint.hair)


def _nose_and_mouth(images: Pixels, paint: Palette, smile: Pixels) -> None:
    """Draw a small nose, and a mouth that curves with the smile and opens when it laughs."""
    region = Region(images, -0.12, 0.12, 0.05, 0.3)
    nose = ellipse(region.x, region.y - 0.2, 0.07, 0.05)
    under = smoothstep((region.y - 0.19) / 0.04)
    region.paint(region.coverage(np.abs(nose) - 0.014) * under, paint.nose)
    region = Region(images, -0.34, 0.34, 0.28, 0.66)
    x, y = region.x, region.y
    reach = 0.175 + 0.055 * smile
    bow = 1 - np.square(np.clip(np.abs(x) / reach, 0, 1))
    beyond = np.maximum(np.abs(x) - reach, 0)
    upper = 0.42 + (0.025 + 0.085 * smile) * (bow - 0.6)
    lower = upper + 0.13 * np.square(np.clip((smile + 0.2) / 1.2, 0, 1)) * bow
    gap = np.maximum(np.maximum(upper - y, y - lower), 0)
    edge = np.sqrt(gap * gap + beyond * beyond) - 0.022
    region.fill(edge - 0.012, paint.lips)
    region.fill(edge, paint.mouth)
    laughing = smoothstep(smile * 4 - 1.2)
    tongue = np.maximum(ellipse(x, y - lower - 0.02, 0.11, 0.075), y - lower)
    region.paint(region.coverage(tongue) * laughing, paint.tongue)
    teeth = np.maximum(upper + 0.015 - y, y - upper - 0.6 * (lower - upper))
    teeth = np.maximum(teeth, np.abs(x) - reach + 0.03)
    region.paint(region.coverage(teeth) * laughing, paint.teeth)


def _glasses(images: Pixels, paint: Palette, glasses: Pixels, half_width: Pixels) -> None:
    """Draw round frames that grow from nothing to thick and dark, with a bridge and temples."""
    region = Region(images, -0.75, 0.75, -0.28, 0.32)
    ax, y = np.abs(region.x), region.y - 0.02
    worn = (glasses + 1) / 2
    thick = 0.012 + 0.02 * worn
    dx = ax - 0.235
    lens = np.sqrt(dx * dx + y * y) - 0.205
    region.paint(region.coverage(lens) * 0.12 * worn, paint.lens)
    bar = np.abs(y + 0.04) - thick
    bridge = np.maximum(bar, ax - 0.04)
    temple = np.maximum(bar, np.maximum(0.43 - ax, ax - half_width))
    frame = np.minimum(np.abs(lens) - thick, np.minimum(bridge, temple))
    region.paint(region.coverage(frame) * worn, paint.frame)
