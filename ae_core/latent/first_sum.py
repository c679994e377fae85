"""Chooses the test images with which A + B − C begins, so that the result is a usual image.

N images, D latent dimensions, F attributes.
"""

import numpy as np

from ae_core.latent.profile import LatentProfile

APART = 0.5  # standard deviations from the mean: an image beyond has much or little of an attribute
COMMON = 0.7  # share of the images that count as usual
ALIKE = 0.05  # share of the pairs that count as alike in all other attributes


def first_sum(
    codes: np.ndarray, labels: np.ndarray | None, profile: LatentProfile
) -> tuple[int, int, int]:
    """Return the indices of A, B and C.

    With attributes, B has much of the one that changes the image most, C and A have little of it,
    and in all others B is like C: the sum is A with more of it. With classes, B and C are of one
    class and A is of another. Otherwise the three are unlike each other. All three are usual, and
    so is A + B − C: near to the mean code in the dimensions that change images most.

    Args:
        codes: (N, D), N > 0.
        labels: (N,) class numbers or (N, F) factors, or None.
        profile: the model's latent profile.
    """
    count = len(codes)
    deviations = np.sqrt(np.square(profile.factor, dtype=np.float64).sum(axis=1))
    usual = (codes - profile.mean) / deviations * profile.effects
    products = usual @ usual.T
    squares = products.diagonal()
    distances = squares[:, np.newaxis] + squares - 2 * products
    if labels is None:
        pairs = starts = distances >= np.median(distances)
    elif labels.ndim == 1:
        same = labels[:, np.newaxis] == labels
        pairs, starts = same & (distances >= np.median(distances[same])), ~same
    else:
        pairs, starts = _with_attribute(labels, int(profile.direction_effects.argmax()))
    np.fill_diagonal(pairs, val=False)
    # ‖a + b − c‖², with axes A, B, C
    lengths = squares[:, np.newaxis, np.newaxis] + distances + 2 * products[:, :, np.newaxis]
    lengths = lengths - 2 * products[:, np.newaxis]
    common = squares <= np.quantile(squares, COMMON)
    allowed = starts[:, np.newaxis] & pairs & ~np.eye(count, dtype=bool)[:, :, np.newaxis]
    allowed &= common[:, np.newaxis, np.newaxis] & common[:, np.newaxis] & common
    if not allowed.any():
        return 0, 1 % count, 2 % count
    a, b, c = np.unravel_index(np.where(allowed, lengths, np.inf).argmin(), lengths.shape)
    return int(a), int(b), int(c)


def _with_attribute(factors: np.ndarray, chosen: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which pairs B, C and which pairs A, C (N, N) differ as `first_sum` says."""
    spread = factors.std(axis=0)
    scaled = (factors - factors.mean(axis=0)) / np.where(spread > 0, spread, 1)
    much, little = scaled[:, chosen] > APART, scaled[:, chosen] < -APART
    others = np.delete(scaled, chosen, axis=1)
    distances = np.square(others[:, np.newaxis] - others).sum(axis=-1)
    pairs = much[:, np.newaxis] & little
    alike = distances <= np.quantile(distances[pairs], ALIKE) if pairs.any() else pairs
    starts = little[:, np.newaxis] & little & (distances >= np.median(distances))
    return pairs & alike, starts
