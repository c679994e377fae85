"""The rules of "match the target": which sliders there are, and how far an image has come.

D latent dimensions, K sliders, N targets. The game begins at the image of the mean code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_core.latent.disentanglement import FOLLOWS, correlations
from ae_core.latent.match_results import target_number
from ae_core.latent.profile import LatentProfile
from ae_core.metrics import psnr, psnr_of_mse

if TYPE_CHECKING:
    from ae_core.models.autoencoder import Autoencoder

STARS = (0.5, 0.7, 0.9)  # shares of the way that earn one star more
MAX_SLIDERS = 16  # more of them are a search, not a game
MIN_WAY = 1.0  # dB from the mean code's image to the model's own: less is no target
PLACES, ROUNDS = 17, 3  # of a player who moves one slider after the other to the best place
HELPS = 0.05  # dB by which a slider brings an image nearer, or it is no help
WON = (1, 2)  # the stars of such a player after the first and after the last round
SEEDS = range(1, 161)  # of targets that are tried


@dataclass(frozen=True)
class MatchSlider:
    """A slider of the game, which moves one latent dimension away from the mean code.

    Attributes:
        dimension: the latent dimension.
        attribute: the attribute of the images that the dimension follows, "" if none.
        sign: 1, or -1 if the attribute decreases along the dimension.
        low: its smallest value, at most 0.
        high: its largest value, at least 0.
        effect: how much it changes the image, see `ae_core.latent.effects`.
    """

    dimension: int
    attribute: str
    sign: int
    low: float
    high: float
    effect: float


def match_sliders(profile: LatentProfile) -> tuple[MatchSlider, ...]:
    """Return the sliders that change the image visibly, those that change it most first.

    A dimension has the name of an attribute that it follows, if no other one follows it more.
    """
    ends = profile.quantiles[[0, -1]] - profile.mean
    names = _attributes(profile)
    sliders = []
    for index in profile.used.tolist():
        attribute, sign = names.get(index, ("", 1))
        values = 0.0, *(sign * ends[:, index]).tolist()
        effect = float(profile.effects[index])
        sliders.append(MatchSlider(index, attribute, sign, min(values), max(values), effect))
    return tuple(sliders)


def _attributes(profile: LatentProfile) -> dict[int, tuple[str, int]]:
    """Return the attribute that a dimension follows, and its sign, for those that follow one."""
    labels = profile.labels
    if labels is None or labels.ndim == 1 or not len(profile.codes):
        return {}
    correlated = correlations(profile.codes, labels)
    found = np.square(correlated)
    followers = found.argmax(axis=1)
    return {
        int(follower): (profile.label_names[row], int(np.sign(correlated[row, follower])))
        for row, follower in enumerate(followers)
        if found[row, follower] > FOLLOWS and found[:, follower].argmax() == row
    }


def moved(profile: LatentProfile, sliders: Sequence[MatchSlider], values: np.ndarray) -> np.ndarray:
    """Return the codes (..., D) float32 for values (..., K) of the sliders."""
    codes = np.broadcast_to(profile.mean, (*values.shape[:-1], profile.latent_dim)).copy()
    signs = np.array([slider.sign for slider in sliders], np.float32)
    codes[..., [slider.dimension for slider in sliders]] += signs * values
    return np.asarray(codes, np.float32)


def best_slider(
    decode: Callable[[np.ndarray], np.ndarray],
    profile: LatentProfile,
    sliders: Sequence[MatchSlider],
    values: np.ndarray,
    target: np.ndarray,
) -> tuple[int, float] | None:
    """Return which slider alone brings the image nearest to a target, and its value there.

    None if none helps.

    Args:
        decode: returns images (N, H, W, C) of codes (N, D).
        profile: the model's.
        sliders: the sliders of the game.
        values: (K,) their present values.
        target: (H, W, C).
    """
    tried = np.repeat(values[np.newaxis], 1 + PLACES * len(sliders), axis=0)  # the first stays
    for place, slider in enumerate(sliders):
        rows = slice(1 + PLACES * place, 1 + PLACES * (place + 1))
        tried[rows, place] = np.linspace(slider.low, slider.high, PLACES)
    errors = np.square(decode(moved(profile, sliders, tried)) - target).mean(axis=(1, 2, 3))
    best = int(errors[1:].argmin())
    gain = psnr_of_mse(errors[1 + best]) - psnr_of_mse(errors[0])
    place = best // PLACES
    return (place, float(tried[1 + best, place])) if gain >= HELPS else None


def likeness(target: np.ndarray, image: np.ndarray) -> float:
    """Return how like the target an image is, both (H, W, C) in [0, 1]: its PSNR in dB."""
    return psnr(target, image)


def share_of_way(reached: float, start: float, best: float) -> float:
    """Return the share of the way from the mean code's image to the model's own, in [0, 1].

    Args:
        reached: the PSNR of the image against the target in dB.
        start: that of the mean code's image.
        best: that of the model's own encoding of the target.
    """
    if best - start < MIN_WAY:
        return 0.0
    return float(np.clip((reached - start) / (best - start), 0, 1))


def stars(share: float) -> int:
    """Return how many stars a share of the way earns, 0 to 3."""
    return sum(share >= least for least in STARS)


def winnable_seeds(
    network: "Autoencoder", profile: LatentProfile, images: np.ndarray
) -> tuple[int, ...]:
    """Return the seeds of the targets that can be won by moving one slider after the other.

    Some images need two sliders at once: with either of them alone, every place is worse.

    Args:
        network: the model.
        profile: its latent profile.
        images: the test images (N, H, W, C) in [0, 1], of which seeds choose the targets.
    """
    sliders = match_sliders(profile)
    if not 0 < len(sliders) <= MAX_SLIDERS:
        return ()
    won = []
    for seed in SEEDS:
        target = images[target_number(seed, len(images))]
        first, *_, last = played(network, profile, sliders, target)
        if stars(first) >= WON[0] and stars(last) >= WON[1]:
            won.append(seed)
    return tuple(won)


def played(
    network: "Autoencoder",
    profile: LatentProfile,
    sliders: Sequence[MatchSlider],
    target: np.ndarray,
) -> tuple[float, ...]:
    """Return the share of the way after each round of moving every slider to its best place."""

    def errors(codes: np.ndarray) -> np.ndarray:
        shown = np.round(255 * network.decode(codes)) / 255
        return np.asarray(np.square(shown - target).mean(axis=(1, 2, 3)))

    values = np.zeros(len(sliders), np.float32)
    start, best = (
        psnr_of_mse(float(errors(code)[0]))
        for code in (profile.mean[np.newaxis], network.encode(target[np.newaxis]))
    )
    shares = []
    for _ in range(ROUNDS):
        for place, slider in enumerate(sliders):
            tried = np.tile(values, (PLACES + 1, 1))  # the last one stays where it is
            tried[:PLACES, place] = np.linspace(slider.low, slider.high, PLACES)
            found = errors(moved(profile, sliders, tried))
            values = tried[found.argmin()]
        shares.append(share_of_way(psnr_of_mse(float(found.min())), start, best))
    return tuple(shares)
