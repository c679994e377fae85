"""The rules of "match the target", and a player without a plan who wins."""

import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.latent.effects import VISIBLE
from ae_core.latent.match import (
    MAX_SLIDERS,
    MIN_WAY,
    STARS,
    best_slider,
    match_sliders,
    moved,
    share_of_way,
    stars,
)
from ae_core.latent.match_results import level, target_number
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import autoencoder
from ae_core.models.pretrained import best_for, cards

PLACES, ROUNDS = 17, 3


class Game:
    """The page's own best model and targets of its game, all played at the same time."""

    def __init__(self, count):
        card = best_for("match")
        self.network = autoencoder(card.model_file(), image_shape(card.spec))
        self.profile = LatentProfile.from_bytes(card.profile_path.read_bytes())
        self.sliders = match_sliders(self.profile)
        test = load_images(*card.spec.images).test
        seeds = self.profile.match_seeds[:count]
        self.targets = test[[target_number(seed, len(test)) for seed in seeds]]
        self.start = self.psnr(self.profile.mean[np.newaxis])
        self.best = self.psnr(self.network.encode(self.targets))

    def psnr(self, codes):
        """Return the PSNR of codes (N, …, D) against the N targets, as the page sees images."""
        images = np.round(255 * self.network.decode(codes.reshape(-1, codes.shape[-1]))) / 255
        images = images.reshape(*codes.shape[:-1], *self.targets.shape[1:])
        targets = self.targets.reshape(
            len(self.targets), *[1] * (codes.ndim - 2), *self.targets.shape[1:]
        )
        return -10 * np.log10(np.square(images - targets).mean(axis=(-3, -2, -1)))

    def played(self, rounds):
        """Move every slider in turn to the best of its places; return the shares by round."""
        count, everyone = len(self.targets), np.arange(len(self.targets))
        values, reached, shares = np.zeros((count, len(self.sliders))), self.start, []
        for _ in range(rounds):
            for place, slider in enumerate(self.sliders):
                tried = np.repeat(values[:, np.newaxis], PLACES, axis=1)
                tried[:, :, place] = np.linspace(slider.low, slider.high, PLACES)
                found = self.psnr(moved(self.profile, self.sliders, tried))
                best = found.argmax(axis=1)
                better = found[everyone, best] > reached
                values[better] = tried[everyone, best][better]
                reached = np.maximum(reached, found[everyone, best])
            shares.append(
                [share_of_way(*each) for each in zip(reached, self.start, self.best, strict=True)]
            )
        return np.array(shares)


def wins(shares, least):
    return sum(stars(share) >= least for share in shares)


@pytest.mark.thorough
def test_whoever_moves_one_slider_after_the_other_wins():
    shares = Game(20).played(ROUNDS)
    assert wins(shares[0], 1) >= 19
    assert wins(shares[-1], 2) >= 19


@pytest.mark.recipes
def test_of_a_hundred_targets_95_can_be_won():
    game = Game(100)
    assert len(game.targets) == 100
    shares = game.played(ROUNDS)
    assert wins(shares[0], 1) >= 95
    assert wins(shares[-1], 2) >= 95


def test_sliders_are_those_that_change_the_picture_with_the_names_of_what_they_change():
    profile = Game(1).profile
    sliders = match_sliders(profile)
    assert 0 < len(sliders) <= MAX_SLIDERS
    effects = [slider.effect for slider in sliders]
    assert effects == sorted(effects, reverse=True)
    assert effects[-1] >= VISIBLE
    names = [slider.attribute for slider in sliders if slider.attribute]
    assert len(names) == len(set(names)) >= len(profile.label_names) / 2
    for slider in sliders:
        assert slider.low <= 0 <= slider.high
        if slider.attribute:  # to the right is more of it
            factor = profile.labels[:, profile.label_names.index(slider.attribute)]
            codes = slider.sign * profile.codes[:, slider.dimension]
            assert np.corrcoef(factor, codes)[0, 1] > 0.5


@pytest.mark.parametrize(
    "name", [name for name, card in cards().items() if card.profile_path.exists()]
)
def test_a_game_has_few_sliders_and_targets_or_is_none(name):
    profile = LatentProfile.from_bytes(cards()[name].profile_path.read_bytes())
    playable = 0 < len(match_sliders(profile)) <= MAX_SLIDERS
    assert playable or not profile.match_seeds
    assert profile.used.size > 0


def test_values_move_codes_away_from_the_mean():
    profile = Game(1).profile
    sliders = match_sliders(profile)
    values = np.zeros((2, len(sliders)))
    values[1, 0] = 0.5
    codes = moved(profile, sliders, values)
    np.testing.assert_array_equal(codes[0], profile.mean)
    change = np.zeros_like(profile.mean)
    change[sliders[0].dimension] = sliders[0].sign * 0.5
    np.testing.assert_allclose(codes[1] - profile.mean, change, atol=1e-6)


def test_stars_are_shares_of_the_way_in_decibels():
    assert share_of_way(22, 12, 32) == pytest.approx(0.5)
    assert share_of_way(5, 12, 32) == 0
    assert share_of_way(40, 12, 32) == 1
    assert share_of_way(40, 12, 12 + MIN_WAY / 2) == 0
    assert [stars(share) for share in (0, 0.49, *STARS, 1)] == [0, 0, 1, 2, 3, 3]


def test_results_of_different_stars_are_kept_apart_and_earlier_ones_stay_readable():
    assert level("toy-faces-64-1", 0) == "toy-faces-64-1"
    assert len({level("toy-faces-64-1", count) for count in range(4)}) == 4


@pytest.mark.thorough
def test_a_hint_names_the_slider_that_alone_leads_to_the_target():
    card = best_for("match")
    network = autoencoder(card.model_file(), image_shape(card.spec))
    profile = LatentProfile.from_bytes(card.profile_path.read_bytes())
    sliders = match_sliders(profile)
    start = np.zeros(len(sliders))
    for place, slider in enumerate(sliders):
        there = start.copy()
        there[place] = max(slider.low, slider.high, key=abs)
        target = network.decode(moved(profile, sliders, there[np.newaxis]))[0]
        found = best_slider(network.decode, profile, sliders, start, target)
        assert found == (place, pytest.approx(there[place]))
        assert best_slider(network.decode, profile, sliders, there, target) is None
