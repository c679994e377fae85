"""The planned network against counts made by hand and against counting positions one by one."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.models.compatibility import image_shape
from ae_core.models.shapes import infer_shapes, parameters, side_after
from ae_core.specs import LIMITS, PRESETS, AutoencoderSpec, Layer, parse_layers, preset
from tests.helpers.refusals import refused


def planned(name):
    spec = preset(name)
    return infer_shapes(spec.autoencoder, image_shape(spec))


def network(encoder="", decoder="", **fields):
    return AutoencoderSpec(parse_layers(encoder), parse_layers(decoder), **fields)


def counts(layers, *parts):
    return [layer.parameters for layer in layers if layer.part in parts]


# Of every layer that learns: encoder with the code, decoder with the output. A 3×3 convolution
# from c to f channels has 9·c·f + f numbers, a dense layer from n to u units n·u + u.
BY_HAND = {
    "olivetti-conv": (  # R1
        [160, 4_640, 18_496, 73_856, 16 * 16 * 128 * 256 + 256],
        [1_280, 73_792, 18_464, 289],
        8_579_841,
    ),
    "olivetti-conv-fast": (  # the same network
        [160, 4_640, 18_496, 73_856, 16 * 16 * 128 * 256 + 256],
        [1_280, 73_792, 18_464, 289],
        8_579_841,
    ),
    "olivetti-denoising": (  # R2: the same network
        [160, 4_640, 18_496, 73_856, 16 * 16 * 128 * 256 + 256],
        [1_280, 73_792, 18_464, 289],
        8_579_841,
    ),
    "mnist-conv": ([160, 1_160, 584], [584, 584, 1_168, 145], 4_385),  # R3
    "mnist-conv-as-written": ([160, 1_160, 584], [584, 584, 1_168, 145], 4_385),
    "mnist-conv-lecture": ([160, 1_160, 584], [584, 584, 1_168, 145], 4_385),  # R4
    "mnist-dense": ([78_500, 2_020], [2_100, 79_184], 161_804),  # R5
    "mnist-dense-best": (
        [401_920, 131_328, 5_140],
        [5_376, 131_584, 402_192],
        1_077_540,
    ),
    "mnist-shallow": ([25_120], [25_872], 50_992),  # R6
    "mnist-deep": ([100_480, 8_256, 2_080], [2_112, 8_320, 101_136], 222_384),
    "mnist-shallow-overcomplete": ([803_840], [803_600], 1_607_440),
    "mnist-deep-overcomplete": ([703_360, 918_528], [918_400, 703_248], 3_243_536),
    "mnist-sparse": ([50_240], [50_960], 101_200),  # R7
    # R8: keras.io generative/vae prints 69,076 and 65,089; the code's layer is there twice.
    "mnist-vae-2d": ([320, 18_496, 50_192, 2 * 34], [9_408, 36_928, 18_464, 289], 69_076 + 65_089),
    "mnist-ae-2d": ([320, 18_496, 50_192, 34], [9_408, 36_928, 18_464, 289], 134_131),
    "mnist-vae": ([320, 18_496, 50_192, 2 * 340], [65_856, 36_928, 18_464, 289], 191_225),
    "digits-dense": ([262_400, 4_112], [4_352, 263_168], 534_032),
    "toy-faces-vae": (
        [448, 4_640, 9_248, 262_272, 3_096],  # in colour
        [1_664, 264_192, 9_248, 4_624, 2_320, 435],
        562_187,
    ),
    "faces-ae": (
        [1_048_832, 263_168, 1_049_600, 65_600 + 16_384],
        [66_560, 1_049_600, 262_400 + 16_384, 1_052_672],
        4_891_200,
    ),
    "faces-vae": (
        [1_048_832, 263_168, 1_049_600, 2 * 65_600 + 16_384],
        [66_560, 1_049_600, 262_400 + 16_384, 1_052_672],
        4_956_800,
    ),
    "faces-plain": (  # 64×64×3 pixels, 128 numbers
        [3_145_984, 263_168, 1_049_600, 131_200 + 32_768],
        [132_096, 1_049_600, 262_400 + 32_768, 3_158_016],
        9_257_600,
    ),
    "faces": (
        [3_145_984, 263_168, 1_049_600, 2 * 131_200 + 32_768],
        [132_096, 1_049_600, 262_400 + 32_768, 3_158_016],
        9_388_800,
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_parameters_of_a_recipe_layer_by_layer(name):
    encoder, decoder, total = BY_HAND[name]
    layers = planned(name)
    assert [n for n in counts(layers, "encoder", "code") if n] == encoder
    assert [n for n in counts(layers, "decoder", "output") if n] == decoder
    assert parameters(layers) == total


def test_halves_that_the_sources_print():
    dense, vae = planned("mnist-dense"), planned("mnist-vae-2d")
    assert sum(counts(dense, "encoder", "code")) == 80_520
    assert sum(counts(dense, "decoder", "output")) == 81_284
    assert sum(counts(vae, "encoder", "code")) == 69_076
    assert sum(counts(vae, "decoder", "output")) == 65_089


def test_every_preset_is_counted_by_hand():
    assert set(BY_HAND) == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_goes_from_the_picture_through_the_code_to_the_picture(name):
    spec = preset(name)
    layers = planned(name)
    assert layers[0].part == "input"
    assert layers[0].shape == layers[-1].shape == image_shape(spec)
    assert [layer.shape for layer in layers if layer.part == "code"] == [
        (spec.autoencoder.latent_dim,)
    ]
    order = ["input", "encoder", "code", "decoder", "output"]
    parts = [layer.part for layer in layers]
    assert parts == sorted(parts, key=order.index)


def test_shapes_of_the_lecture_s_network():
    sides = [layer.shape for layer in planned("mnist-conv-lecture")]
    assert sides == [
        (28, 28, 1),
        *[(28, 28, 16), (14, 14, 16), (14, 14, 8), (7, 7, 8), (7, 7, 8), (4, 4, 8)],
        (128,),
        (4, 4, 8),
        *[(4, 4, 8), (8, 8, 8), (8, 8, 8), (16, 16, 8), (14, 14, 16), (28, 28, 16)],
        (28, 28, 1),
    ]


# --- shapes, counted position by position -----------------------------------------------------

SIDES = st.integers(1, 70)
STRIDES = st.integers(1, 4)


@given(SIDES, STRIDES)
def test_same_convolutions_and_pools_keep_every_stride_th_position(side, stride):
    starts = len(range(0, side, stride))
    assert side_after(Layer("conv", 1, stride), side) == starts
    assert side_after(Layer("pool", stride=stride), side) == starts


@given(SIDES, STRIDES)
def test_a_valid_convolution_s_kernel_stays_inside(side, stride):
    starts = [at for at in range(0, side, stride) if at + 3 <= side]
    assert max(side_after(Layer("conv", 1, stride, "valid"), side), 0) == len(starts)


@given(SIDES, st.integers(1, 3))
def test_a_valid_transposed_convolution_reaches_as_far_as_its_last_kernel(side, stride):
    covered = max(at * stride + 3 for at in range(side))
    assert side_after(Layer("convT", 1, stride, "valid"), side) == covered


@given(SIDES, STRIDES)
def test_enlarging_undoes_a_stride_that_divides(side, stride):
    for kind in ("convT", "up"):
        assert side_after(Layer(kind, 1, stride), side) == side * stride
        assert side_after(Layer("conv", 1, stride), side * stride) == side


@pytest.mark.parametrize(
    ("layer", "after"), [("conv8/2", 4), ("pool2", 4), ("conv8/3", 3), ("conv8-valid", 5)]
)
def test_odd_sides_round_up(layer, after):
    layers = infer_shapes(network(layer, latent_dim=3), (7, 7, 1))
    assert layers[1].shape[:2] == (after, after)


def test_height_and_width_are_not_confused():
    layers = infer_shapes(network("conv4/2", "reshape10x20x1, conv4", latent_dim=200), (10, 20, 3))
    assert layers[1].shape == (5, 10, 4)
    assert layers[-1].shape == (10, 20, 3)


# --- multiply-accumulates ---------------------------------------------------------------------


def without_shortcuts(layers, numbers):
    """The shortcuts are counted on two layers: the code's and the decoder's last."""
    code = next(i for i, layer in enumerate(layers) if layer.part == "code")
    last = len(layers) - 2
    return tuple(
        replace(layer, parameters=layer.parameters - numbers) if i in (code, last) else layer
        for i, layer in enumerate(layers)
    )


def macs_by_hand(layers):
    """Kernel numbers (without biases) times the positions the kernel is put at."""
    total = 0
    for before, layer in pairwise(layers):
        kind = layer.layer.kind if layer.layer else ""
        if kind == "dense":
            total += layer.parameters - layer.parameters // (math.prod(before.shape) + 1)
        elif kind in ("conv", "convT"):
            # A transposed convolution puts its kernel at every position of its input.
            at = layer.shape[:2] if kind == "conv" else before.shape[:2]
            total += (layer.parameters - layer.shape[2]) * math.prod(at)
    return total


@pytest.mark.parametrize("name", PRESETS)
def test_macs(name):
    spec = PRESETS[name]
    network, shape = spec.autoencoder, image_shape(spec)
    shortcut = network.pca_components * network.latent_dim
    layers = infer_shapes(network, shape)
    by_hand = macs_by_hand(without_shortcuts(layers, shortcut) if shortcut else layers)
    assert sum(layer.macs for layer in layers) == by_hand + 2 * shortcut


def test_macs_of_one_convolution_and_its_transpose():
    layers = infer_shapes(
        network("conv5/2", "reshape4x4x5, convT2/2", latent_dim=80, code_type="feature_map"),
        (8, 8, 1),
    )
    assert [layer.macs for layer in layers if layer.layer and layer.layer.stride == 2] == [
        16 * 9 * 5,
        16 * 9 * 5 * 2,
    ]


# --- labels and the output layer --------------------------------------------------------------


def test_a_label_says_the_layer_s_numbers():
    layers = infer_shapes(
        network("conv16/2, pool2", "reshape4x4x1, up4, convT8-valid, conv8-valid", latent_dim=16),
        (16, 16, 1),
    )
    labels = [layer.label for layer in layers]
    assert labels[:3] == ["Picture", "Conv 16, stride 2", "Max pooling 2"]
    assert [label.endswith("8, no padding") for label in labels] == [False] * 6 + [True] * 2 + [
        False
    ]
    assert all(label and label.isprintable() for label in labels)


def test_the_variational_code_is_two_dense_layers():
    plain = infer_shapes(network(latent_dim=5), (4, 4, 1))[1]
    both = infer_shapes(network(latent_dim=5, bottleneck="variational"), (4, 4, 1))[1]
    assert both.label == "Code μ, σ"
    assert both.parameters == 2 * plain.parameters == 2 * (16 * 5 + 5)
    assert both.macs == 2 * plain.macs


@pytest.mark.parametrize(
    ("decoder", "kind"),
    [
        ("dense9", "dense"),
        ("reshape4x4x1", "conv"),
        ("reshape4x4x1, conv3, up1", "conv"),
        ("reshape2x2x4, conv3, convT3/2", "convT"),
    ],
)
def test_the_output_layer_follows_the_last_decoder_layer(decoder, kind):
    output = infer_shapes(network("", decoder, latent_dim=16), (4, 4, 3))[-1]
    assert output.layer.kind == kind
    assert output.layer.width == (48 if kind == "dense" else 3)
    assert output.shape == (4, 4, 3)


# --- what does not fit ------------------------------------------------------------------------

MISFITS = [
    (
        network("conv8/2", "dense49, reshape7x7x1, convT8/3"),
        "decoder_pixels",
        {"value": "21×21", "height": 28, "width": 28},
    ),
    (
        network("dense8", "reshape7x7x8", latent_dim=16),
        "reshape",
        {"part": "decoder", "layer": "reshape7x7x8", "numbers": 16},
    ),
    (network("dense8, conv8"), "needs_map", {"part": "encoder", "layer": "conv8"}),
    (network("", "up2"), "needs_map", {"part": "decoder", "layer": "up2"}),
    (network("dense8", code_type="feature_map", latent_dim=8), "map_after", {}),
    (
        network("conv8/2", code_type="feature_map", latent_dim=99),
        "map_size",
        {"value": 99, "wanted": 1568, "shape": "14×14×8"},
    ),
    (
        network("pool4, pool4, conv8-valid"),
        "small_map",
        {"part": "encoder", "layer": "conv8-valid", "shape": "2×2"},
    ),
    (
        network("dense4096, dense4096, dense4096, dense4096", latent_dim=1),
        "whole",
        {
            "name": "parameters",
            "value": 785 * 4096 + 3 * 4097 * 4096 + 4097 + 2 * 784,
            "high": LIMITS["parameters"].high,
        },
    ),
    (
        network("conv512, conv512, pool4, pool4", latent_dim=1),
        "whole",
        {
            "name": "macs",
            "value": 784 * 9 * (512 + 512 * 512) + 2 * 2 * 512 + 784,
            "high": LIMITS["macs"].high,
        },
    ),
]


@pytest.mark.parametrize(("spec", "key", "values"), MISFITS)
def test_layers_that_do_not_fit_are_named(spec, key, values):
    with refused(key, **values):
        infer_shapes(spec, (28, 28, 1))
