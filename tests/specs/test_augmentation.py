"""Changed training pictures: mirrored, moved, turned, scaled, each in its own way."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from ae_core.specs.augmentation import AUGMENTATIONS, jitter

NO_JITTER = {"moved": 0.0, "turned": 0.0, "scaled": 0.0}
USUAL = {name: inspect.signature(jitter).parameters[name].default for name in NO_JITTER}
SEED, NUMBER = 3, tf.constant(7)


def augmented(kind, images, seed, number, **how):
    return AUGMENTATIONS[kind](images, seed, number, tf, **how)


def blob(x=31.5, y=31.5, count=400, side=64):
    """A soft spot, whose centre of mass is known."""
    rows, columns = np.mgrid[:side, :side]
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18).astype(np.float32)
    return np.repeat(spot[np.newaxis, ..., np.newaxis], count, axis=0)


def centres(pictures):
    rows, columns = np.mgrid[: pictures.shape[1], : pictures.shape[2]]
    mass = pictures[..., 0].sum(axis=(1, 2))
    return np.stack(
        [(pictures[..., 0] * axis).sum(axis=(1, 2)) / mass for axis in (columns, rows)], axis=1
    )


def test_nothing_is_changed_unless_it_is_asked_for():
    pictures = tf.constant(blob(20, 40))
    assert augmented("none", pictures, SEED, NUMBER) is pictures


def test_half_of_the_pictures_are_mirrored():
    found = centres(augmented("mirror", tf.constant(blob(20, 40)), SEED, NUMBER).numpy())
    np.testing.assert_allclose(found[:, 1], 40, atol=1e-3)
    mirrored = found[:, 0] > 31.5
    np.testing.assert_allclose(found[mirrored, 0], 43, atol=1e-3)
    np.testing.assert_allclose(found[~mirrored, 0], 20, atol=1e-3)
    assert 150 < mirrored.sum() < 250


def test_jitter_moves_by_its_share_of_a_side():
    found = centres(augmented("jitter", tf.constant(blob()), SEED, NUMBER).numpy())
    wanted = USUAL["moved"] * 64
    np.testing.assert_allclose(found.mean(axis=0), 31.5, atol=4 * wanted / 20)
    np.testing.assert_allclose(found.std(axis=0), wanted, rtol=0.15)


@pytest.mark.parametrize(("name", "axis"), [("scaled", 0), ("turned", 1)])
def test_jitter_scales_and_turns_about_the_middle(name, axis):
    alone = NO_JITTER | {name: USUAL[name]}
    out = augmented("jitter", tf.constant(blob(51.5, 31.5)), SEED, NUMBER, **alone).numpy()
    away = np.abs(centres(out)[:, axis] - 31.5)
    if name == "scaled":
        assert np.std(away) == pytest.approx(20 * USUAL["scaled"], rel=0.2)
    else:
        wanted = 20 * np.radians(USUAL["turned"])
        assert np.sqrt(np.mean(away**2)) == pytest.approx(wanted, rel=0.2)


def test_an_even_picture_stays_even_up_to_its_edges():
    even = tf.fill([50, 16, 16, 1], 0.7)
    np.testing.assert_allclose(augmented("jitter", even, SEED, NUMBER), 0.7, atol=1e-6)


def test_the_same_number_gives_the_same_changes_and_another_one_others():
    pictures = tf.constant(blob(20, 40, 20))
    one, same = (augmented("jitter", pictures, SEED, NUMBER).numpy() for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert (augmented("jitter", pictures, SEED, tf.constant(8)).numpy() != one).any()
    assert (augmented("jitter", pictures, SEED + 1, NUMBER).numpy() != one).any()


def test_jitter_that_moves_nothing_mirrors_the_same_pictures():
    pictures = tf.constant(np.random.default_rng(0).random((40, 12, 9, 1), dtype=np.float32))
    mirrored = augmented("mirror", pictures, 3, tf.constant(5))
    jittered = augmented("jitter", pictures, 3, tf.constant(5), **NO_JITTER)
    assert not np.allclose(mirrored, pictures)
    np.testing.assert_allclose(jittered, mirrored, atol=1e-5)
