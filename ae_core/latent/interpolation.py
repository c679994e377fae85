"""Moves through latent space: between codes, along an attribute, and to and from text in links.

N images, D latent dimensions; a code is (D,) float32.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ae_core.errors import UserError
from ae_core.specs import Limit

SHARE = Limit(0.0, 1.0, whole=False)
MAX_VALUE = 1_000_000  # the largest magnitude of a value in a link's code
DIGITS = 4  # significant digits in a link
PARALLEL = 1e-4  # radians: codes this close to parallel or opposite count as such


def lerp(start: np.ndarray, end: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Interpolate linearly between two codes.

    Args:
        start: (D,), the code at share 0, returned bit for bit.
        end: (D,), the code at share 1, returned bit for bit.
        share: a share of the way, in [0, 1], or S shares (S,).

    Returns:
        (D,) float32, or (S, D) for S shares.

    Raises:
        UserError: a share is outside [0, 1].
    """
    t = _checked(share)
    return _mixed(start, end, t, 1 - t, t)


def slerp(start: np.ndarray, end: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Interpolate spherically between two codes: equal shares turn by equal angles.

    See Shoemake 1985 and White 2016 (arXiv 1609.04468). Most of N(0, I) is near a sphere of
    radius √D, which the straight path leaves and this one follows. Nearly parallel codes, and
    zeros, are joined by `lerp`, the limit of the formula.

    Args:
        start: (D,), the code at share 0, returned bit for bit.
        end: (D,), the code at share 1, returned bit for bit.
        share: a share of the way, in [0, 1], or S shares (S,).

    Returns:
        (D,) float32, or (S, D) for S shares.

    Raises:
        UserError: a share is outside [0, 1], or the codes are opposite, so that no path around
            the origin is shortest.
    """
    t, angle = _checked(share), _angle(start, end)
    if angle < PARALLEL:
        return lerp(start, end, share)
    if angle > math.pi - PARALLEL:
        raise UserError("opposite")
    whole = math.sin(angle)
    return _mixed(start, end, t, np.sin((1 - t) * angle) / whole, np.sin(t * angle) / whole)


def group_vector(having: np.ndarray, lacking: np.ndarray) -> np.ndarray:
    """Return the way from the mean of codes that lack something to the mean of codes that have it.

    White 2016, arXiv 1609.04468, section 3.3.

    Args:
        having: (N, D).
        lacking: (M, D).

    Returns:
        (D,) float32.
    """
    return np.asarray(having.mean(axis=0) - lacking.mean(axis=0), np.float32)


def estimates(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return what the codes say of each factor: its least squares regression on them.

    Args:
        codes: (N, D).
        factors: (N, F), finite.

    Returns:
        (N, F) float64. A measured factor is partly noise, and a code keeps a part of it only.
    """
    mean = factors.mean(axis=0, dtype=np.float64)
    away = codes - codes.mean(axis=0, dtype=np.float64)
    weights = np.linalg.lstsq(away, factors - mean, rcond=None)[0]
    return np.asarray(mean + away @ weights)


def attribute_vectors(
    codes: np.ndarray, factors: np.ndarray, followers: Mapping[int, Sequence[int]] | None = None
) -> np.ndarray:
    """Return the change of the code if one factor increases by 1 and the others stay constant.

    It is the ordinary least squares regression of the codes on all factors and an intercept.
    Correlated factors therefore do not mix their directions, as they do in differences of means
    (White 2016, arXiv 1609.04468, section 3.3).

    Args:
        codes: (N, D).
        factors: (N, F), finite.
        followers: for a factor's column, those that need not stay constant when it increases.

    Returns:
        (F, D) float32. A constant factor has zeros; factors that the images cannot separate
        share the effect (the minimum-norm solution).
    """
    varies = np.ptp(factors, axis=0) > 0
    centred = np.where(varies, factors - factors.mean(axis=0, dtype=np.float64), 0)
    # Standardized: otherwise the cutoff for dependent factors would depend on their units.
    spread = np.where(varies, centred.std(axis=0), 1)
    moved = codes - codes.mean(axis=0, dtype=np.float64)
    slopes = np.linalg.lstsq(centred / spread, moved, rcond=None)[0]
    for leader, free in (followers or {}).items():
        held = np.delete(centred / spread, free, axis=1)
        place = leader - sum(column < leader for column in free)
        slopes[leader] = np.linalg.lstsq(held, moved, rcond=None)[0][place]
    return np.asarray(slopes / spread[:, np.newaxis], np.float32)


def class_vectors(codes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the mean code of each class minus the mean of all codes.

    Args:
        codes: (N, D).
        labels: (N,) integers in 0 … classes − 1.
        classes: K.

    Returns:
        (K, D) float32; zeros for a class without images.
    """
    sums = np.zeros((classes, codes.shape[1]))
    np.add.at(sums, labels, codes - codes.mean(axis=0, dtype=np.float64))
    counts = np.bincount(labels, minlength=classes)
    return np.asarray(sums / np.maximum(counts, 1)[:, np.newaxis], np.float32)


def strengths(codes: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return how much of each direction is in a code, by least squares.

    Args:
        codes: (N, D), relative to the mean code.
        directions: (K, D).

    Returns:
        (N, K) float32, so that ``strengths @ directions`` is as near to the codes as possible.
    """
    found = np.linalg.lstsq(directions.T.astype(np.float64), codes.T, rcond=None)[0]
    return np.asarray(found.T, np.float32)


def combine(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return a + b − c, "a is to the result as c is to b" (arXiv 1511.06434); all (D,) float32."""
    return np.asarray(a + b - c, np.float32)


def code_to_text(code: np.ndarray) -> str:
    """Write a code (D,) for a link with `DIGITS` significant digits, such as ``0.5,-1.25,0``.

    Values beyond `MAX_VALUE` are written, although `code_from_text` refuses them.
    """
    words = [
        np.format_float_positional(value, DIGITS, unique=False, fractional=False, trim="-")
        for value in code.tolist()
    ]
    return ",".join("0" if word == "-0" else word for word in words)


def code_from_text(text: str, latent_dim: int, name: str = "code") -> np.ndarray:
    """Read what `code_to_text` wrote, within 0.05 % of each number.

    Args:
        text: values separated by commas.
        latent_dim: D, the required number of values.
        name: the name of the parameter, for the error.

    Returns:
        (D,) float32, finite and in [−1,000,000, 1,000,000].

    Raises:
        UserError: the number of values is not D, or a value is not in that range.
    """
    words = text.split(",") if text.strip() else []
    if len(words) != latent_dim:
        raise UserError("code_numbers", name=name, count=len(words), wanted=latent_dim)
    numbers = [_number(name, word, place) for place, word in enumerate(words, 1)]
    return np.array(numbers, np.float32)


def _checked(share: float | np.ndarray) -> np.ndarray:
    shares = np.asarray(share, np.float64)
    for each in shares.ravel().tolist():
        SHARE.check("share", each)
    return shares


def _mixed(
    start: np.ndarray, end: np.ndarray, t: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Return first·start + second·end, or the codes themselves where t is 0 or 1."""
    t, first, second = t[..., np.newaxis], first[..., np.newaxis], second[..., np.newaxis]
    between = first * start + second * end  # (D,) or (S, D)
    return np.where(t == 0, start, np.where(t == 1, end, between)).astype(np.float32)


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    """Return the angle between two codes in radians, in [0, π]; 0 if one of them is zeros."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if 0 in lengths:
        return 0.0
    a, b = a / lengths[0], b / lengths[1]
    # Kahan's formula: the arc cosine of the dot product loses half the digits of small angles.
    return 2 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b)))


def _number(name: str, word: str, place: int) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not -MAX_VALUE <= value <= MAX_VALUE:
        low, high = -MAX_VALUE, MAX_VALUE
        raise UserError(
            "code_number", name=name, value=word.strip(), place=place, low=low, high=high
        )
    return value
