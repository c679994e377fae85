"""The paint of toy faces: one palette in grays, one in colours, for the same drawing.

Letters: N images. A tone is a number in [0, 1], or (N, 1, 1) where it depends on the face.
"""

from dataclasses import dataclass

from ae_core.data.sdf import Ink, Pixels

HAIR = 0.15


@dataclass(frozen=True)
class Palette:
    """The ink of each part: a tone for each channel. What has no tones is not drawn."""

    background: Ink
    skin: Ink
    cheek: Ink
    nose: Ink
    hair: Ink
    gloss: Ink
    shirt: Ink
    collar: Ink
    iris: Ink
    pupil: Ink
    white: Ink
    lash: Ink
    lips: Ink
    mouth: Ink
    tongue: Ink
    teeth: Ink
    lens: Ink
    frame: Ink


def palette(skin: Pixels, channels: int) -> Palette:
    """Return the palette of faces whose factor ``skin`` is (N, 1, 1) in [-1, 1].

    Args:
        skin: -1 for dark, 1 for light.
        channels: 1 for grays, 3 for red, green and blue.
    """
    return _grays(skin) if channels == 1 else _colours(skin)


def shaded(ink: Ink, light: Pixels | float) -> Ink:
    """Return an ink in more or less light, a factor that broadcasts to (N, H, W)."""
    return tuple(tone * light for tone in ink)


def _grays(skin: Pixels) -> Palette:
    tone = (0.635 + 0.215 * skin,)
    return Palette(
        background=(0.93,),
        skin=tone,
        cheek=shaded(tone, 0.62),
        nose=shaded(tone, 0.55),
        hair=(HAIR,),
        gloss=(0.5,),
        shirt=(0.40,),
        collar=(),
        iris=(0.38,),
        pupil=(0.05,),
        white=(0.99,),
        lash=(0.1,),
        lips=(),
        mouth=(0.16,),
        tongue=(),
        teeth=(0.97,),
        lens=(1.0,),
        frame=(0.08,),
    )


def _colours(skin: Pixels) -> Palette:
    # From a deep brown through amber to a rosy light: light falls off faster in blue than in red.
    tone = _between(skin, (0.41, 0.25, 0.175), (0.79, 0.56, 0.41), (0.93, 0.79, 0.68))
    red, green, blue = tone
    return Palette(
        background=(0.80, 0.905, 0.97),
        skin=tone,
        cheek=(red, green * 0.3, blue * 0.35),
        nose=(red * 0.68, green * 0.5, blue * 0.45),
        hair=(0.29, 0.145, 0.09),
        gloss=(0.74, 0.45, 0.27),
        shirt=(0.98, 0.70, 0.24),
        collar=(1.0, 0.95, 0.84),
        iris=(0.16, 0.47, 0.44),
        pupil=(0.04, 0.04, 0.06),
        white=(0.99, 0.99, 0.985),
        lash=(0.13, 0.075, 0.06),
        lips=(0.16 + red * 0.64, green * 0.56, 0.08 + blue * 0.52),
        mouth=(0.36, 0.10, 0.11),
        tongue=(0.90, 0.47, 0.46),
        teeth=(0.99, 0.98, 0.95),
        lens=(0.93, 0.98, 1.0),
        frame=(0.15, 0.20, 0.52),
    )


def _between(
    value: Pixels, low: tuple[float, ...], middle: tuple[float, ...], high: tuple[float, ...]
) -> Ink:
    """Return the ink on the parabola through three inks, at the values -1, 0 and 1."""
    return tuple(
        half + value * ((end - start) / 2 + value * ((start + end) / 2 - half))
        for start, half, end in zip(low, middle, high, strict=True)
    )
