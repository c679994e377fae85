"""The Keras networks against the plan, which works out the same numbers without Keras."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ae_core.data.catalog import IMAGE_SETS
from ae_core.errors import UserError
from ae_core.models.networks import build
from ae_core.models.shapes import infer_shapes, parameters
from ae_core.models.weight_shapes import weight_shapes
from ae_core.specs import PRESETS, AutoencoderSpec, Corruption, Layer, parse_layers
from tests.helpers.refusals import refused

# What has weights or changes the shape, so that it has a row in the plan; Flatten and the like
# only lay the same numbers out differently.
ROWS = ("Dense", "Conv2D", "Conv2DTranspose", "MaxPooling2D", "UpSampling2D")
# As the sources count.
TOTALS = {"mnist-dense": 161_804, "mnist-conv": 4_385, "olivetti-conv": 8_579_841}


@pytest.fixture(autouse=True, scope="module")
def nothing_left_in_keras():
    yield
    keras.utils.clear_session()


def image_shape(spec):
    card = IMAGE_SETS[spec.image_set]
    side = spec.image_size or card.native_size
    return side, side, card.channels_for(spec.channels)


def network(encoder, decoder, **fields):
    return AutoencoderSpec(parse_layers(encoder), parse_layers(decoder), **fields)


def counts(model):
    """Weights of every layer that has some, counted by Keras."""
    return [
        (layer.name, sum(math.prod(v.shape) for v in layer.weights))
        for layer in model.layers
        if layer.weights
    ]


def assert_built_as_planned(spec, shape):
    """Shapes and parameters, layer by layer, then in all."""
    layers, networks = infer_shapes(spec, shape), build(spec, shape, seed=0)
    assert networks.encoder.input_shape == (None, *shape)
    assert networks.decoder.input_shape == (None, spec.latent_dim)
    assert networks.decoder.output_shape == (None, *shape)
    assert weight_shapes(spec, shape) == {each.path: each.shape for each in networks.variables}
    codes = networks.encoder.outputs
    assert len(codes) == (2 if spec.bottleneck == "variational" else 1)
    assert all(code.shape == (None, spec.latent_dim) for code in codes)

    for part, model, count in (
        ("encoder", networks.encoder, len(spec.encoder) + bool(spec.pca_components)),
        ("decoder", networks.decoder, len(spec.decoder) + bool(spec.pca_components)),
    ):
        rows = [p for p in layers if p.part == part]
        assert len(rows) == count
        for i, row in enumerate(rows):
            layer = model.get_layer(f"{part}_{i}")
            assert layer.output.shape == (None, *row.shape), row
            shortcut = row.is_linear and part == "decoder"
            linear = spec.pca_components * spec.latent_dim if shortcut else 0
            own = sum(math.prod(v.shape) for v in layer.weights)
            assert own + linear == row.parameters, row
        # Nothing with a size of its own that the plan does not know.
        made = [layer.name for layer in model.layers if type(layer).__name__ in ROWS]
        assert set(made) <= {f"{part}_{i}" for i in range(count)} | {
            *("code", "z_mean", "z_log_var", "output", "encoder_shortcut", "decoder_shortcut")
        }
    by_part = {
        p.part: p.parameters for p in layers if p.part in ("code", "output") and p.parameters
    }
    built = dict(counts(networks.encoder)) | dict(counts(networks.decoder))
    code = sum(built.get(name, 0) for name in ("code", "z_mean", "z_log_var", "encoder_shortcut"))
    assert code == by_part.get("code", 0)
    assert built["output"] == by_part["output"]
    total = sum(built.values())
    assert total == parameters(layers)
    assert total == sum(math.prod(v.shape) for v in networks.variables)
    return networks, total


@pytest.mark.samples(6)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_built_as_planned(name):
    spec = PRESETS[name]
    networks, total = assert_built_as_planned(spec.autoencoder, image_shape(spec))
    assert total == TOTALS.get(name, total)
    paths = [v.path for v in networks.variables]
    assert len(set(paths)) == len(paths)
    fixed = {path for path in paths if path not in {v.path for v in networks.trained}}
    ends = {f"{layer}/{part}" for layer in ("encoder_0", "output") for part in ("kernel", "bias")}
    assert fixed == (ends if spec.autoencoder.pca_components else set())


ODD = {  # name: encoder, decoder, shape
    "dense on an odd rectangle": ("dense7, dense5", "dense5", (33, 21, 1)),
    "no hidden layer": ("", "", (5, 3, 2)),
    "strides round up": ("conv3/2, conv4/2", "dense5", (33, 21, 1)),
    "pooling rounds up": ("conv3, pool2, pool3", "dense5", (33, 21, 1)),
    "no padding": ("conv3-valid, conv4/2-valid", "dense5", (33, 21, 3)),
    "no padding at the least size": ("conv3-valid", "dense5", (3, 3, 1)),
    "no padding, stride 4": ("conv3/4-valid", "dense5", (12, 11, 1)),
    "stride beyond the kernel": ("conv3/4", "reshape2x2x1, convT2/4", (8, 8, 1)),
    "pooling beyond the picture": ("pool4", "dense5", (3, 2, 1)),
    "transposed, stride 2": ("dense5", "reshape4x3x1, convT3/2, convT2/2", (16, 12, 1)),
    "transposed, no padding": ("dense5", "reshape4x3x1, convT3/2-valid", (9, 7, 1)),
    "transposed, no padding, stride 1": ("dense5", "reshape4x3x1, convT3-valid", (6, 5, 1)),
    "transposed, no padding, stride 4": ("dense5", "reshape4x3x1, convT3/4-valid", (16, 12, 1)),
    "enlarged, then cut": ("dense5", "reshape4x3x1, up3, conv2-valid", (10, 7, 2)),
    "transposed in the encoder": ("convT3/2, conv2", "dense5", (5, 3, 1)),
    "map to numbers to map": ("conv2", "dense12, reshape2x2x3, up2, dense9", (5, 3, 1)),
    "colour": ("conv4/2", "reshape4x3x1, convT3/2", (8, 6, 3)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_sizes_are_built_as_planned(name):
    encoder, decoder, shape = ODD[name]
    first = parse_layers(decoder)[:1]
    code = math.prod(first[0].shape) if first and first[0].kind == "reshape" else 4
    networks, _ = assert_built_as_planned(network(encoder, decoder, latent_dim=code), shape)
    pictures = np.random.default_rng(0).random((2, *shape), np.float32)
    output = networks.decoder(networks.encoder(pictures)).numpy()
    assert output.shape == pictures.shape
    assert np.isfinite(output).all()


LAYERS = st.one_of(
    st.builds(
        Layer,
        st.sampled_from(["conv", "convT"]),
        width=st.integers(1, 3),
        stride=st.integers(1, 4),
        padding=st.sampled_from(["same", "valid"]),
    ),
    st.builds(Layer, st.sampled_from(["pool", "up"]), stride=st.integers(1, 4)),
    st.builds(Layer, st.just("dense"), width=st.integers(1, 5)),
)


@settings(max_examples=25, deadline=None)
@given(
    layers=st.lists(LAYERS, max_size=4).map(tuple),
    height=st.integers(1, 13),
    width=st.integers(1, 13),
    bottleneck=st.sampled_from(["plain", "sparse", "variational"]),
)
def test_whatever_the_plan_accepts_is_built_as_planned(layers, height, width, bottleneck):
    spec = AutoencoderSpec(layers, (), latent_dim=2, bottleneck=bottleneck)
    try:
        infer_shapes(spec, (height, width, 1))
    except UserError:
        assume(False)
    assert_built_as_planned(spec, (height, width, 1))


def test_a_map_code_is_the_last_map_laid_flat():
    spec = network("conv3/2", "reshape4x3x3, up2", latent_dim=36, code_type="feature_map")
    networks, _ = assert_built_as_planned(spec, (8, 6, 1))
    pictures = np.random.default_rng(1).random((2, 8, 6, 1), np.float32)
    inner = keras.Model(networks.encoder.input, networks.encoder.get_layer("encoder_0").output)(
        pictures
    )
    np.testing.assert_array_equal(networks.encoder(pictures), np.reshape(inner, (2, 36)))


def test_build_refuses_what_the_plan_refuses():
    with refused("small_map", part="encoder", layer="conv3-valid"):
        build(network("conv3-valid", ""), (2, 9, 1), seed=0)
    with refused("whole", name="parameters", low=1):
        build(network("dense4096, dense4096", "dense4096"), (64, 64, 1), seed=0)


# --- activations -----------------------------------------------------------------------------


def test_activations_are_where_the_spec_says():
    spec = network(
        "conv2, dense4",
        "dense4, reshape2x2x1, convT2/2",
        activation="tanh",
        code_activation="relu",
        output_activation="linear",
    )
    networks = build(spec, (4, 4, 1), seed=0)
    used = {
        layer.name: layer.activation.__name__
        for layer in (*networks.encoder.layers, *networks.decoder.layers)
        if hasattr(layer, "activation")
    }
    assert used == {
        **dict.fromkeys(("encoder_0", "encoder_1", "decoder_0", "decoder_2"), "tanh"),
        "code": "relu",
        "output": "linear",
    }


def test_a_variational_code_is_linear_whatever_the_spec_says():
    spec = AutoencoderSpec(bottleneck="variational", code_activation="sigmoid")
    networks = build(spec, (8, 8, 1), seed=0)
    assert [tensor.shape for tensor in networks.encoder.outputs] == [(None, 16)] * 2
    for name in ("z_mean", "z_log_var"):
        assert networks.encoder.get_layer(name).activation is keras.activations.linear


def test_the_network_sees_pixels_on_its_own_scale():
    """A linear encoder maps 255 times the picture: the weights being equal, codes scale alike."""
    plain = AutoencoderSpec((), (), latent_dim=3, output_activation="linear")
    pictures = np.random.default_rng(2).random((4, 8, 8, 1), np.float32)
    one, other = (
        build(replace(plain, pixel_scale=scale), (8, 8, 1), seed=0).encoder(pictures).numpy()
        for scale in (1, 255)
    )
    np.testing.assert_allclose(other, 255 * one, rtol=1e-4, atol=1e-3)


# --- corruption as a layer -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "layer"), [("gaussian", keras.layers.GaussianNoise), ("masking", keras.layers.Dropout)]
)
@pytest.mark.parametrize("pixel_scale", [1, 255])
def test_corruption_in_a_layer_is_the_encoders_first(kind, layer, pixel_scale):
    spec = AutoencoderSpec(output_activation="linear", pixel_scale=pixel_scale)
    networks = build(spec, (8, 8, 1), seed=0, corruption=Corruption(kind, 0.3, "layer"))
    clean = build(spec, (8, 8, 1), seed=0)
    first = networks.encoder.layers[1]  # 0 is the input
    assert isinstance(first, layer)
    assert (first.stddev if kind == "gaussian" else first.rate) == 0.3
    assert [v.path for v in networks.variables] == [v.path for v in clean.variables]

    pictures = np.random.default_rng(3).random((4, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(
        networks.encoder(pictures, training=False), clean.encoder(pictures)
    )
    codes = [networks.encoder(pictures, training=True).numpy() for _ in range(2)]
    assert not np.allclose(codes[0], clean.encoder(pictures))
    assert not np.allclose(*codes)  # drawn afresh


@pytest.mark.parametrize(
    "corruption",
    [
        None,
        Corruption("gaussian", 0.3, "batch"),
        Corruption("masking", 0.3, "batch"),
        Corruption("gaussian", 0.0, "layer"),
        Corruption("none", 0.0, "layer"),
        Corruption("none", 0.3, "layer"),
    ],
    ids=str,
)
def test_no_corruption_in_a_layer_no_layer(corruption):
    networks = build(AutoencoderSpec(), (8, 8, 1), seed=0, corruption=corruption)
    kinds = (keras.layers.GaussianNoise, keras.layers.Dropout)
    assert not any(isinstance(layer, kinds) for layer in networks.encoder.layers)


# --- initial weights -------------------------------------------------------------------------

ALIKE = network("conv4, conv4, conv4, dense16, dense16", "dense16, dense16", latent_dim=16)


def kernels(seed, spec=ALIKE, **options):
    networks = build(spec, (6, 6, 1), seed=seed, **options)
    return {v.path: v.numpy() for v in networks.variables if v.path.endswith("kernel")}


def test_equal_seeds_give_equal_weights_and_other_seeds_others():
    first, again, other = kernels(5), kernels(5), kernels(6)
    for path, array in first.items():
        np.testing.assert_array_equal(array, again[path])
        assert not np.array_equal(array, other[path])


def test_noise_precision_and_what_was_built_before_leave_the_weights_as_they_are():
    first = kernels(5)
    build(AutoencoderSpec(), (8, 8, 1), seed=1)
    for options in (
        {"corruption": Corruption("gaussian", 0.2, "layer")},
        {"precision": "bfloat16"},
    ):
        for path, array in kernels(5, **options).items():
            np.testing.assert_array_equal(array, first[path])


def test_layers_of_one_shape_start_differently():
    arrays = kernels(0)
    alike = [a for a in arrays.values() if a.shape == (16, 16)]
    assert len(alike) == 4
    alike_maps = [a for a in arrays.values() if a.shape == (3, 3, 4, 4)]
    assert len(alike_maps) == 2
    for group in (alike, alike_maps):
        for i, a in enumerate(group):
            assert not any(np.array_equal(a, b) for b in group[:i])


def test_mean_and_log_variance_start_differently():
    arrays = kernels(0, AutoencoderSpec(bottleneck="variational"))
    assert not np.array_equal(arrays["z_mean/kernel"], arrays["z_log_var/kernel"])


@pytest.mark.parametrize(("name", "factor"), [("glorot_uniform", 3), ("he_uniform", 6)])
def test_initial_weights_spread_as_their_source_says(name, factor):
    """Uniform in ±√(6/(in+out)) (Glorot) or ±√(6/in) (He, arXiv 1502.01852)."""
    spec = AutoencoderSpec((Layer("dense", width=64),), (), initializer=name)
    kernel = build(spec, (8, 8, 1), seed=0).encoder.get_layer("encoder_0").kernel.numpy()
    bound = math.sqrt(factor / 64)  # 64 in, 64 out
    assert np.abs(kernel).max() <= bound
    assert kernel.std() == pytest.approx(bound / math.sqrt(3), rel=0.03)


# --- precision -------------------------------------------------------------------------------


@pytest.mark.parametrize("bottleneck", ["plain", "variational"])
def test_bfloat16_computes_in_half_but_keeps_weights_codes_and_pictures_in_float32(bottleneck):
    spec = network(
        "conv4/2, dense8", "dense16, reshape4x4x1, convT4/2", latent_dim=4, bottleneck=bottleneck
    )
    half = build(spec, (8, 8, 1), seed=0, precision="bfloat16")
    full = build(spec, (8, 8, 1), seed=0)
    assert {v.dtype for v in half.variables} == {"float32"}
    for part, model in (("encoder", half.encoder), ("decoder", half.decoder)):
        assert model.get_layer(f"{part}_0").compute_dtype == "bfloat16"
        assert {tensor.dtype for tensor in model.outputs} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"  # the process's own is left alone

    pictures = np.random.default_rng(4).random((4, 8, 8, 1), np.float32)
    codes = [n.encoder(pictures) for n in (half, full)]
    if bottleneck == "variational":
        codes = [pair[0] for pair in codes]
    near, exact = (np.asarray(n.decoder(codes[1])) for n in (half, full))
    np.testing.assert_allclose(codes[0], codes[1], atol=0.03)
    np.testing.assert_allclose(near, exact, atol=0.03)  # 8 bits of mantissa
    assert not np.array_equal(near, exact)
