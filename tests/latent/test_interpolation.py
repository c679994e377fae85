"""Ways between codes against geometry, attribute vectors against known models, and code text."""

import math
import struct

import numpy as np
import pytest

from ae_core.latent.interpolation import (
    MAX_VALUE,
    attribute_vectors,
    class_vectors,
    code_from_text,
    code_to_text,
    combine,
    estimates,
    group_vector,
    lerp,
    slerp,
    strengths,
)
from tests.helpers.refusals import refused

SEEDS = range(5)
SHARES = np.linspace(0, 1, 21)
WAYS = (lerp, slerp)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def bits(code):
    return struct.pack(f"{len(code)}f", *code)


# --- directions in codes ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_strengths_of_directions_are_found_beside_a_rest_that_has_none(seed):
    directions, wanted = normal(seed, 3, 8), normal(seed + 9, 5, 3)
    rest = normal(seed + 99, 5, 8)
    rest -= rest @ np.linalg.pinv(directions) @ directions  # orthogonal to each direction
    found = strengths(wanted @ directions + rest, directions)
    assert found.dtype == np.float32
    assert np.allclose(found, wanted, atol=1e-4)


# --- ways -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("latent_dim", [2, 7, 512])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_ends_come_out_bit_for_bit(way, latent_dim, seed):
    start, end = normal(seed, 2, latent_dim) * np.float32(10.0 ** (seed - 2))
    start[0], end[1] = -0.0, -0.0
    assert bits(way(start, end, 0)) == bits(start)
    assert bits(way(start, end, 1.0)) == bits(end)
    both = way(start, end, np.array([0, 1]))
    assert (bits(both[0]), bits(both[1])) == (bits(start), bits(end))


@pytest.mark.parametrize("way", WAYS)
def test_one_share_is_one_code_and_many_are_many(way):
    start, end = normal(0, 2, 5)
    many = way(start, end, SHARES)
    assert many.shape == (21, 5)
    assert many.dtype == way(start, end, 0.3).dtype == np.float32
    for share, code in zip(SHARES, many, strict=True):
        one = way(start, end, float(share))
        assert one.shape == (5,)
        assert np.array_equal(one, code)
    assert way(start, end, np.array([])).shape == (0, 5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_way_back_is_the_way_there(way, seed):
    start, end = normal(seed, 2, 9)
    assert way(end, start, 1 - SHARES) == pytest.approx(way(start, end, SHARES), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_straight_way_has_equal_steps_on_one_line(seed):
    start, end = normal(seed, 2, 9)
    steps = np.diff(lerp(start, end, SHARES), axis=0)
    assert steps == pytest.approx(np.tile((end - start) / 20, (20, 1)), abs=1e-6)


def test_the_middle_of_orthonormal_codes():
    start, end = np.eye(2, dtype=np.float32)
    assert lerp(start, end, 0.5) == pytest.approx([0.5, 0.5])
    assert slerp(start, end, 0.5) == pytest.approx([math.sqrt(0.5), math.sqrt(0.5)])
    assert slerp(start, end, 1 / 3) == pytest.approx([math.cos(math.pi / 6), 0.5])


@pytest.mark.parametrize("latent_dim", [2, 3, 64])
@pytest.mark.parametrize("seed", SEEDS)
def test_on_a_sphere_equal_shares_are_equal_angles_and_one_length(latent_dim, seed):
    start, end = normal(seed, 2, latent_dim).astype(np.float64)
    start, end = (4 * code / np.linalg.norm(code) for code in (start, end))
    codes = slerp(start, end, SHARES).astype(np.float64)
    assert np.linalg.norm(codes, axis=1) == pytest.approx(np.full(21, 4), rel=1e-6)
    steps = np.arccos((codes[1:] * codes[:-1]).sum(axis=1) / 16)
    whole = math.acos(start @ end / 16)
    assert steps == pytest.approx(np.full(20, whole / 20), rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_way_around_is_a_rotation_of_the_start(seed):
    start, end = normal(seed, 2, 3)
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    across = end - (end @ start) * start
    across /= np.linalg.norm(across)
    angles = SHARES[:, np.newaxis] * math.acos(start @ end)
    turned = np.cos(angles) * start + np.sin(angles) * across
    assert slerp(start, end, SHARES) == pytest.approx(turned, abs=1e-6)


@pytest.mark.parametrize("scale", [1.0, 2.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_parallel_codes_and_zeros_are_joined_straight(seed, scale):
    start = normal(seed, 9)
    zeros = np.zeros(9, np.float32)
    for end in (np.float32(scale) * start, zeros):
        for pair in ((start, end), (end, start)):
            assert np.array_equal(slerp(*pair, SHARES), lerp(*pair, SHARES))
    assert np.array_equal(slerp(start, start, SHARES), np.tile(start, (21, 1)))
    assert not slerp(zeros, zeros, SHARES).any()


@pytest.mark.parametrize("angle", [0.9e-4, 1.1e-4, 1e-3])
def test_nearly_parallel_codes_go_either_way_alike(angle):
    start = np.array([1, 0], np.float32)
    end = np.array([math.cos(angle), math.sin(angle)], np.float32)
    assert slerp(start, end, SHARES) == pytest.approx(lerp(start, end, SHARES), abs=2e-7)


@pytest.mark.parametrize("scale", [1.0, 0.3, 7.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_opposite_codes_have_no_way_around(seed, scale):
    start = normal(seed, 20)
    with refused("opposite"):
        slerp(start, np.float32(-scale) * start, 0.5)
    assert np.isfinite(lerp(start, np.float32(-scale) * start, SHARES)).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("share", [-0.1, 1.01, math.nan, math.inf])
def test_a_share_is_checked(way, share):
    for shares in (share, np.array([0.5, share])):
        with refused("between", name="share", low=0.0, high=1.0):
            way(*normal(0, 2, 3), shares)


# --- attributes -------------------------------------------------------------------------------


def correlated(seed, count, numbers):
    """Factors (N, F) that are far from independent, each in its own unit."""
    mixture = np.eye(numbers) + 0.8 * np.random.default_rng(seed).random((numbers, numbers))
    units = 10.0 ** np.arange(-2, numbers - 2)
    return (normal(seed, count, numbers) @ mixture + 3) * units


@pytest.mark.parametrize("seed", SEEDS)
def test_a_linear_model_is_recovered_from_correlated_factors(seed):
    factors, slopes = correlated(seed, 60, 4), normal(seed + 10, 4, 8)
    between = np.corrcoef(factors.T)[np.triu_indices(4, 1)]
    assert between.max() > 0.5
    vectors = attribute_vectors(factors @ slopes + normal(seed + 20, 8), factors)
    assert vectors.shape == (4, 8)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(slopes, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_is_averaged_out(seed):
    factors, slopes = normal(seed, 4000, 3), normal(seed + 10, 3, 5)
    codes = factors @ slopes + 0.5 * normal(seed + 20, 4000, 5)
    # Standard error 0.5 / √4000 = 0.008.
    assert attribute_vectors(codes, factors) == pytest.approx(slopes, abs=0.04)


def test_estimates_are_of_what_the_codes_hold():
    """The codes hold the first factor, which measuring adds noise to, and not the second one."""
    true, absent = normal(0, 4000, 1), normal(1, 4000, 1)
    codes = true @ normal(2, 1, 5) + 3
    measured = true + normal(3, 4000, 1)
    found = estimates(codes, np.hstack([measured, absent]))
    assert np.corrcoef(found[:, 0], true[:, 0])[0, 1] > 0.999
    assert found[:, 0].std() == pytest.approx(1, abs=0.05)
    assert found[:, 1].std() < 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_along_a_direction_the_estimate_of_its_factor_rises_by_one_and_no_other(seed):
    factors = normal(seed, 4000, 3) @ (np.eye(3) + 0.5)
    codes = factors @ normal(seed + 10, 3, 8) + normal(seed + 20, 4000, 8)
    known = estimates(codes, factors)
    vectors = attribute_vectors(codes, known)
    moved = np.concatenate([codes, codes[:1] + vectors])
    weights = np.linalg.lstsq(codes - codes.mean(axis=0), known - known.mean(axis=0), rcond=None)[0]
    changes = (moved[4000:] - codes[:1]) @ weights
    assert changes == pytest.approx(np.eye(3), abs=1e-3)


def test_a_single_picture_gives_its_own_factors():
    assert estimates(normal(0, 1, 4), np.array([[2.0, 3.0]])).tolist() == [[2, 3]]


def test_what_two_groups_differ_in_is_their_direction():
    way, others = normal(0, 1, 6), normal(1, 40, 6)
    having, lacking = others[:20] + way, others[:20]
    assert group_vector(having, lacking) == pytest.approx(way[0], abs=1e-5)
    apart = group_vector(others[20:] + way, lacking)  # other pictures: noise is averaged out
    assert np.corrcoef(apart, way[0])[0, 1] > 0.8


def test_a_companion_s_direction_is_not_borrowed():
    # The second factor does nothing, but comes with the first: its difference of means is not 0.
    first = normal(0, 500, 1)
    factors = np.hstack([first, first + 0.5 * normal(1, 500, 1)])
    slopes = np.array([[2.0, -1.0], [0.0, 0.0]])
    codes = factors @ slopes
    above = factors[:, 1] > 0
    assert np.abs(codes[above].mean(axis=0) - codes[~above].mean(axis=0)).min() > 0.5
    assert attribute_vectors(codes, factors) == pytest.approx(slopes, abs=1e-5)


@pytest.mark.parametrize("leader", [0, 1, 2])
def test_a_follower_need_not_stay_constant(leader):
    """Of three factors, the first free one is as if nobody had measured it."""
    factors = normal(0, 500, 3) @ (np.eye(3) + 0.5)
    codes = factors @ normal(1, 3, 6)
    free = (leader + 1) % 3
    vectors = attribute_vectors(codes, factors, {leader: [free]})
    held = [number for number in range(3) if number != free]
    without = attribute_vectors(codes, factors[:, held])
    assert vectors[leader] == pytest.approx(without[held.index(leader)], abs=1e-5)
    others = np.delete(vectors, leader, axis=0)
    assert others == pytest.approx(np.delete(attribute_vectors(codes, factors), leader, axis=0))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6])
def test_a_factor_that_never_changes_has_zeros(constant):
    factors = np.hstack([normal(0, 50, 1), np.full((50, 1), constant)])
    vectors = attribute_vectors(factors[:, :1] @ normal(1, 1, 4) + 1, factors)
    assert vectors[0] == pytest.approx(normal(1, 1, 4)[0], abs=1e-5)
    assert not vectors[1].any()
    assert not attribute_vectors(normal(2, 50, 4), factors[:, 1:]).any()


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_of_a_factor_does_not_decide_whether_it_counts(unit):
    factors, slopes = normal(0, 50, 2).astype(np.float64), normal(1, 2, 4)
    vectors = attribute_vectors(factors @ slopes, factors * [unit, 1 / unit])
    assert vectors * [[unit], [1 / unit]] == pytest.approx(slopes, abs=1e-5)


def test_a_factor_given_twice_shares_its_effect():
    factor, slope = normal(0, 50, 1), normal(1, 1, 4)
    vectors = attribute_vectors(factor @ slope, np.hstack([factor, factor]))
    assert vectors == pytest.approx(np.vstack([slope / 2, slope / 2]), abs=1e-5)


def test_a_single_picture_tells_nothing():
    assert not attribute_vectors(normal(0, 1, 4), normal(1, 1, 3)).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_class_vectors_are_differences_of_means(seed):
    rng = np.random.default_rng(seed)
    codes, labels = normal(seed, 90, 6), rng.choice([0, 1, 3], 90)
    vectors = class_vectors(codes, labels, 5)
    assert vectors.shape == (5, 6)
    assert vectors.dtype == np.float32
    for label in (0, 1, 3):
        wanted = codes[labels == label].mean(axis=0) - codes.mean(axis=0)
        assert vectors[label] == pytest.approx(wanted, abs=1e-6)
    assert not vectors[[2, 4]].any()
    weighted = np.bincount(labels, minlength=5) @ vectors
    assert weighted == pytest.approx(np.zeros(6), abs=1e-4)


def test_arithmetic_of_codes():
    a, b, c = np.float32([[3, 0], [1, 5], [1, 2]])
    assert combine(a, b, c).tolist() == [3, 3]
    assert combine(a, c, c).tolist() == a.tolist()
    assert combine(a, b, c).dtype == np.float32


# --- text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-4, 0.1, 1, 30, MAX_VALUE])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_code_survives_its_text(seed, scale):
    code = np.random.default_rng(seed).uniform(-scale, scale, 64).astype(np.float32)
    text = code_to_text(code)
    back = code_from_text(text, 64)
    assert back.dtype == np.float32
    assert (np.abs(back.astype(np.float64) - code) <= 0.0005001 * np.abs(code)).all()
    assert code_to_text(back) == text
    for word in text.split(","):
        assert not word.startswith("+")
        assert word != "-0"
        assert "e" not in word  # a plus sign in an address is a space
        assert "." not in word or not word.endswith(("0", "."))
        assert len(word.lstrip("-0.").replace(".", "").rstrip("0")) <= 4


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ([0.5, -1.25, 0], "0.5,-1.25,0"),
        ([100, -1000, 123456], "100,-1000,123500"),
        ([0.00045, -0.0, 0.0], "0.00045,0,0"),
        ([1 / 3, -2 / 3], "0.3333,-0.6667"),
        ([999.99999], "1000"),
    ],
)
def test_texts_are_short(code, text):
    assert code_to_text(np.float32(code)) == text


def test_spaces_and_exponents_are_read_too():
    assert code_from_text(" 1e2, -.5 ,+3", 3).tolist() == [100, -0.5, 3]


@pytest.mark.parametrize(
    ("text", "latent_dim", "count"),
    [("1,2,3", 20, 3), ("1", 2, 1), ("1,2", 1, 2), ("", 1, 0), (" ", 4, 0), ("," * 1200, 2, 1201)],
)
def test_a_text_of_another_length_is_refused(text, latent_dim, count):
    with refused("code_numbers", name="code", count=count, wanted=latent_dim):
        code_from_text(text, latent_dim)


@pytest.mark.parametrize(
    ("word", "echo"),
    [
        *((word, word) for word in ("nan", "inf", "-Infinity", "1e999", "1000001", "-1e7", "a")),
        *((word, word) for word in ("1;2", "0x10", "", "--1", "1 2")),
        (" two ", "two"),
        ("9" * 5000, "9" * 40),
        ("x" * 41, "x" * 40),
    ],
)
def test_what_is_no_number_in_range_is_refused(word, echo):
    with refused("code_number", name="code", place=4, low=-1_000_000, high=1_000_000):
        code_from_text(f"0,1,2,{word},4", 5)
