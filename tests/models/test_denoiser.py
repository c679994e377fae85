"""The denoiser: any size in and out, the layers that its spec says, what training makes of it."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.data.corruption import corrupt
from ae_core.data.loading import load_images
from ae_core.errors import Message, UserError
from ae_core.metrics import psnr
from ae_core.models import denoiser as module
from ae_core.models.denoiser import Denoiser, build, reach
from ae_core.models.weights import from_bytes, to_bytes
from ae_core.specs import CHOICES, Corruption, DenoiserSpec
from ae_core.specs.limits import PRECISIONS
from ae_core.training.denoiser import MIXTURE, SECOND_MIXTURE, Training, _rate
from tests.helpers.refusals import refused

TINY = DenoiserSpec(
    image_set="toy-faces",
    widths=(8, 16),
    blocks=(1, 1),
    steps=120,
    batch_size=8,
    learning_rate=3e-3,
    precision="float32",
)
LAST = "layer_10"  # of TINY
SIZES = [(1, 1), (2, 3), (17, 50), (64, 64), (5, 70)]
SPECS = st.lists(st.tuples(st.integers(1, 512), st.integers(0, 4)), min_size=1, max_size=5).flatmap(
    lambda levels: st.builds(
        DenoiserSpec,
        widths=st.just(tuple(width for width, _ in levels)),
        blocks=st.just(tuple(blocks for _, blocks in levels)),
        steps=st.integers(1, 100_000),
        batch_size=st.integers(1, 1024),
        learning_rate=st.floats(1e-6, 1),
        ema_decay=st.floats(0, 1),
        seed=st.integers(0, 2**31 - 1),
        precision=st.sampled_from(PRECISIONS),
    )
)


def untrained(spec, seed=0):
    return {v.path: v.numpy() for v in build(spec, seed=seed).trainable_variables}


def changing(factor=3.0):
    """A tiny denoiser whose output is far from its input."""
    weights = untrained(TINY)
    weights[f"{LAST}/kernel"] = factor * weights[f"{LAST}/kernel"]
    return Denoiser(TINY, weights)


def pictures(height, width, count=2):
    return np.random.default_rng(0).random((count, height, width, 1), np.float32)


@pytest.fixture(scope="module")
def toys():
    return load_images("toy-faces", 64)


@pytest.fixture(scope="module")
def trained(toys):
    training, levels = Training(TINY, toys.train[:500]), []
    training.run(levels.append)
    return training.weights(), levels


# --- the network ------------------------------------------------------------------------------


@pytest.mark.samples(2)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("widths", [(8, 16), DenoiserSpec().widths])
def test_an_untrained_network_leaves_pictures_nearly_alone(toys, widths, seed):
    spec = DenoiserSpec(widths=widths, blocks=(1,) * len(widths), precision="float32")
    output = Denoiser(spec, untrained(spec, seed)).denoise(toys.test[:8])
    assert psnr(output, toys.test[:8]) > 20


@pytest.mark.samples(1)
@pytest.mark.parametrize("size", SIZES)
def test_without_a_change_every_picture_comes_back_as_it_is(size):
    weights = untrained(TINY)
    for name in (f"{LAST}/kernel", f"{LAST}/bias"):
        weights[name] = np.zeros_like(weights[name])
    assert np.array_equal(Denoiser(TINY, weights).denoise(pictures(*size)), pictures(*size))


@pytest.mark.samples(2)
@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_any_size_stay_pictures_of_that_size(size):
    denoiser = changing()
    output = denoiser.denoise(pictures(*size))
    assert output.shape == (2, *size, 1)
    assert output.dtype == np.float32
    assert output.min() >= 0
    assert output.max() <= 1
    assert not np.array_equal(output, pictures(*size))
    assert np.array_equal(denoiser.denoise(pictures(*size)), output)


def test_pictures_do_not_see_each_other():
    denoiser, images = changing(), pictures(20, 24, 5)
    alone = np.concatenate([denoiser.denoise(image[np.newaxis]) for image in images])
    assert denoiser.denoise(images) == pytest.approx(alone, abs=1e-5)


def test_a_size_that_is_no_multiple_of_the_stride_goes_on_mirrored():
    denoiser, image = changing(), pictures(17, 49)
    mirrored = np.concatenate([image, image[:, -1:]], axis=1)
    mirrored = np.concatenate([mirrored, mirrored[:, :, -1:]], axis=2)
    assert mirrored.shape[1:3] == (18, 50)
    assert denoiser.denoise(image) == pytest.approx(
        denoiser.denoise(mirrored)[:, :17, :49], abs=1e-6
    )


@pytest.mark.samples(1)
@pytest.mark.parametrize(("down", "right"), [(4, 0), (0, 4), (8, 12)])
def test_a_moved_picture_is_a_moved_output_but_for_the_border(down, right):
    denoiser, image = changing(), pictures(128, 128, 1)
    moved = denoiser.denoise(np.roll(image, (down, right), (1, 2)))
    wanted = np.roll(denoiser.denoise(image), (down, right), (1, 2))
    inner = slice(48, -48)
    assert moved[:, inner, inner] == pytest.approx(wanted[:, inner, inner], abs=1e-5)
    assert moved != pytest.approx(wanted, abs=1e-3)


def conv(kernel, before, after):
    return kernel * kernel * before * after + after


def test_the_parameters_of_the_default_network_counted_by_hand():
    down = (
        conv(3, 1, 24)
        + 2 * conv(3, 24, 24)
        + conv(2, 24, 48)
        + 2 * conv(3, 48, 48)
        + conv(2, 48, 96)
        + 4 * conv(3, 96, 96)
        + conv(2, 96, 160)
        + 4 * conv(3, 160, 160)
    )
    up = (
        conv(2, 160, 96)
        + 4 * conv(3, 96, 96)
        + conv(2, 96, 48)
        + 2 * conv(3, 48, 48)
        + conv(2, 48, 24)
        + 2 * conv(3, 24, 24)
        + conv(3, 24, 1)
    )
    assert build(DenoiserSpec(), seed=0).count_params() == down + up == 1_860_417


def test_the_same_seed_the_same_start():
    first, again, other = (untrained(TINY, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[n], other[n]) for n in first if n.endswith("kernel"))
    assert len({first[n].tobytes() for n in first if n.endswith("kernel")}) == 10


def test_the_precision_of_training_does_not_change_the_weights_names_and_shapes():
    halves = untrained(DenoiserSpec(widths=(8, 16), blocks=(1, 1), precision="bfloat16"))
    full = untrained(TINY)
    assert {n: (a.shape, a.dtype) for n, a in halves.items()} == {
        n: (a.shape, a.dtype) for n, a in full.items()
    }


# --- weights that do not fit ------------------------------------------------------------------


def without_one(weights):
    del weights[f"{LAST}/bias"]


def with_one_more(weights):
    weights["layer_11/bias"] = np.zeros(1, np.float32)


def with_another_shape(weights):
    weights["layer_1/kernel"] = weights["layer_1/kernel"][:2]


def under_another_name(weights):
    weights["layer_0/bias"] = weights.pop("layer_1/bias")


@pytest.mark.parametrize(
    "spoil", [without_one, with_one_more, with_another_shape, under_another_name]
)
def test_weights_of_another_network_are_refused(spoil):
    weights = untrained(TINY)
    spoil(weights)
    with pytest.raises(UserError, match=r"^weights\(problem=weights_(names|shape)"):
        Denoiser(TINY, weights)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(value):
    weights = untrained(TINY)
    weights["layer_4/kernel"][1, 0, 3, 5] = value
    with refused("weights", problem=Message.of("weights_finite", name="layer_4/kernel")):
        Denoiser(TINY, weights)


# --- the spec ---------------------------------------------------------------------------------


@given(SPECS)
def test_a_spec_goes_through_json(spec):
    assert DenoiserSpec.from_json(spec.to_json()) == spec


@given(SPECS)
def test_the_stride_halves_at_every_level_but_the_first(spec):
    assert math.log2(spec.stride) == len(spec.widths) - 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"widths": (8, 16), "blocks": (1,)},
            "blocks=(1,) must be one number for each of widths",
        ),
        ({"widths": (8,), "blocks": (1, 2)}, "blocks=(1, 2) must be one number for each of widths"),
        ({"widths": (), "blocks": ()}, "blocks=() must be one number for each of widths"),
    ],
)
def test_a_spec_that_is_no_network_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        DenoiserSpec(**changes)


@pytest.mark.parametrize(
    ("changes", "key", "values"),
    [
        ({"widths": (8, 0, 8, 8)}, "whole", {"value": 0, "low": 1, "high": 16_384}),
        ({"learning_rate": 2.0}, "between", {"value": 2.0, "low": 1e-6, "high": 1.0}),
        ({"batch_size": 0}, "whole", {"value": 0, "low": 1, "high": 1024}),
        ({"seed": -1}, "whole", {"value": -1, "low": 0, "high": 2**31 - 1}),
        ({"precision": "float16"}, "one_of", {"choices": ("float32", "bfloat16")}),
    ],
)
def test_a_spec_out_of_bounds_is_refused(changes, key, values):
    with refused(key, name=next(iter(changes)), **values):
        DenoiserSpec(**changes)


# --- training ---------------------------------------------------------------------------------


@pytest.mark.thorough
def test_training_takes_noise_from_faces_that_it_has_not_seen(trained, toys):
    clean = toys.test[:100]
    noisy = corrupt(Corruption("gaussian", 0.2), clean, np.random.default_rng(0))
    denoised = Denoiser(TINY, trained[0]).denoise(noisy)
    assert psnr(denoised, clean) > psnr(noisy, clean) + 1  # measured: 15.4 → 17.2 dB


@pytest.mark.thorough
def test_training_tells_of_every_step(trained):
    weights, levels = trained
    assert len(levels) == TINY.steps
    assert np.isfinite(levels).all()
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


class Interrupted(Exception):
    pass


def few_steps(toys, interrupted_after=0, **changes):
    spec = DenoiserSpec(**{**vars(TINY), "steps": 8, **changes})
    training = Training(spec, toys.train[:20])

    def interrupt(_):
        if training.done == interrupted_after:
            raise Interrupted

    try:
        training.run(interrupt)
    except Interrupted:
        kept = training.state()
        training = Training(spec, toys.train[:20])
        training.restore(from_bytes(to_bytes(kept)))
        training.run(lambda _: None)
    assert training.done == spec.steps + spec.second_steps
    return training.weights()


@pytest.fixture(scope="module")
def first(toys):
    return few_steps(toys, seed=3)


@pytest.mark.thorough
def test_an_interrupted_training_goes_on_as_if_nothing_had_been(toys, first):
    parts = few_steps(toys, interrupted_after=5, seed=3)
    assert all(np.array_equal(first[name], parts[name]) for name in first)


@pytest.mark.thorough
@pytest.mark.parametrize("interrupted_after", [8, 10])
def test_a_second_round_is_interrupted_likewise(toys, first, interrupted_after):
    whole, parts = (
        few_steps(toys, after, second_steps=4, seed=3) for after in (0, interrupted_after)
    )
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    assert not any(np.array_equal(first[name], whole[name]) for name in whole)


def test_a_second_round_begins_with_the_averages_of_the_first_one(toys, monkeypatch):
    monkeypatch.setattr(
        "ae_core.training.denoiser._rate",
        lambda spec, number: (
            _rate(spec, number) if number <= spec.steps else 0.0  # so that it changes nothing
        ),
    )
    training = Training(replace(TINY, steps=8, second_steps=2), toys.train[:20])
    after = []
    training.run(lambda _: after.append(training.weights()))
    begun = {each.path: each.numpy() for each in training._variables}
    assert all(np.array_equal(begun[name], after[7][name]) for name in begun)


@pytest.mark.thorough
def test_the_same_spec_the_same_weights(toys, first):
    again, other = (few_steps(toys, seed=seed) for seed in (3, 4))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first)


@given(st.integers(100, 100_000), st.floats(1e-6, 1))
def test_the_learning_rate_rises_for_2_percent_and_falls_to_0(steps, highest):
    spec = DenoiserSpec(steps=steps, learning_rate=highest)
    top = math.ceil(0.02 * steps)
    numbers = sorted({1, top // 2 or 1, top, steps // 4, steps // 2, steps - 1, steps})
    rates = [_rate(spec, number) for number in numbers]
    assert max(rates) == _rate(spec, top) <= highest
    assert rates[-1] == 0
    peak = rates.index(max(rates))
    assert rates == sorted(rates[:peak]) + sorted(rates[peak:], reverse=True)


def test_the_learning_rate_at_known_places():
    spec = DenoiserSpec(steps=36_000, learning_rate=1e-3)
    rates = {number: _rate(spec, number) for number in (1, 360, 720, 18_360, 36_000)}
    assert rates == pytest.approx({1: 1e-3 / 720, 360: 5e-4, 720: 1e-3, 18_360: 5e-4, 36_000: 0})


@given(st.integers(1, 400))
def test_the_second_round_has_the_rates_of_a_first_one(number):
    spec = DenoiserSpec(steps=1000, second_steps=400, learning_rate=1e-3)
    alone = replace(spec, steps=400, second_steps=0)
    assert _rate(spec, 1000 + number) == pytest.approx(_rate(alone, number))


@pytest.mark.parametrize("mixture", [MIXTURE, SECOND_MIXTURE])
def test_a_mixture_is_of_all_kinds_and_whole(mixture):
    kinds, shares, lows, highs = zip(*mixture, strict=True)
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert set(kinds) == set(CHOICES["noise_kind"]) - {"none"}
    assert all(0 <= low < high <= 1 for low, high in zip(lows, highs, strict=True))


# --- tiles ------------------------------------------------------------------------------------


@pytest.mark.samples(2)
@pytest.mark.parametrize("size", [(64, 64), (65, 150), (17, 200), (130, 129)])
def test_tiles_give_what_the_whole_image_gives(size, monkeypatch):
    network, images = changing(), pictures(*size)
    whole = network.denoise(images)
    monkeypatch.setattr(module, "TILE", 32)
    np.testing.assert_allclose(network.denoise(images), whole, rtol=0, atol=1e-5)


@pytest.mark.samples(1)
@pytest.mark.parametrize("blocks", [(1, 1), (2, 0, 1), (1, 1, 2)])
def test_a_pixel_changes_nothing_beyond_the_reach(blocks):
    spec = DenoiserSpec(**{**vars(TINY), "widths": (4,) * len(blocks), "blocks": blocks})
    network, far = Denoiser(spec, untrained(spec)), reach(spec)
    before = pictures(8, 6 * far, count=1)
    after = before.copy()
    after[:, :, 3 * far] = 1 - after[:, :, 3 * far]
    changed = np.nonzero((network.denoise(before) != network.denoise(after)).any(axis=(0, 1, 3)))[0]
    assert 3 * far - far <= changed.min() < 3 * far < changed.max() <= 3 * far + far
