"""A trained autoencoder: its weights travel bit for bit, its inputs and outputs are as stated."""

import io

import keras
import numpy as np
import pytest

from ae_core.errors import Message, UserError
from ae_core.models import weights
from ae_core.models.autoencoder import BATCH, Autoencoder
from ae_core.models.networks import build
from ae_core.specs import AutoencoderSpec, parse_layers
from tests.helpers.refusals import refused

SHAPE = (8, 6, 1)
DENSE = AutoencoderSpec(parse_layers("dense9"), parse_layers("dense9"), latent_dim=3)
SPECS = {
    "dense": DENSE,
    "255": AutoencoderSpec((), (), latent_dim=3, output_activation="relu", pixel_scale=255),
    "conv map": AutoencoderSpec(
        parse_layers("conv3/2"),
        parse_layers("reshape4x3x3, convT3/2"),
        latent_dim=36,
        code_type="feature_map",
    ),
    "variational": AutoencoderSpec(
        parse_layers("conv3, pool2"),
        parse_layers("dense12, reshape4x3x1, up2"),
        latent_dim=2,
        bottleneck="variational",
    ),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())


@pytest.fixture(autouse=True, scope="module")
def nothing_left_in_keras():
    yield
    keras.utils.clear_session()


def pictures(count=5, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), np.float32)


def made(spec, seed=7):
    """An autoencoder whose biases, zero in a new network, are not."""
    autoencoder = Autoencoder(spec, SHAPE, build(spec, SHAPE, seed=seed))
    rng = np.random.default_rng(seed)
    arrays = {
        name: array + rng.normal(0, 0.1, array.shape).astype(np.float32)
        for name, array in autoencoder.weights().items()
    }
    return Autoencoder.from_weights(spec, SHAPE, arrays)


# --- weights ---------------------------------------------------------------------------------


@every_spec
def test_weights_travel_as_bytes_and_come_back_bit_for_bit(spec):
    first = made(spec)
    arrays = weights.from_bytes(weights.to_bytes(first.weights()))
    again = Autoencoder.from_weights(spec, SHAPE, arrays)
    assert set(arrays) == set(first.weights()) == set(again.weights())
    for name, array in first.weights().items():
        assert array.dtype == np.float32
        assert again.weights()[name].tobytes() == array.tobytes()
    np.testing.assert_array_equal(again.encode(pictures()), first.encode(pictures()))
    np.testing.assert_array_equal(again.reconstruct(pictures()), first.reconstruct(pictures()))


def test_weights_are_named_after_their_layers():
    assert {name: a.shape for name, a in made(SPECS["variational"]).weights().items()} == {
        "encoder_0/kernel": (3, 3, 1, 3),
        "encoder_0/bias": (3,),
        "z_mean/kernel": (36, 2),
        "z_mean/bias": (2,),
        "z_log_var/kernel": (36, 2),
        "z_log_var/bias": (2,),
        "decoder_0/kernel": (2, 12),
        "decoder_0/bias": (12,),
        "output/kernel": (3, 3, 1, 1),
        "output/bias": (1,),
    }


def test_weights_are_copies():
    autoencoder = made(DENSE)
    before = autoencoder.reconstruct(pictures())
    for array in autoencoder.weights().values():
        array[...] = 0
    np.testing.assert_array_equal(autoencoder.reconstruct(pictures()), before)


def changed(**arrays):
    return made(DENSE).weights() | {name.replace("__", "/"): a for name, a in arrays.items()}


def test_missing_weights_are_named():
    arrays = changed()
    del arrays["code/bias"]
    with refused("weights", problem=Message.of("weights_names", names=("code/bias",))):
        Autoencoder.from_weights(DENSE, SHAPE, arrays)


def test_weights_of_another_network_are_named_a_few_of_them():
    other = made(SPECS["conv map"]).weights()
    with refused("weights") as error:
        Autoencoder.from_weights(SPECS["variational"], SHAPE, other)
    assert error.value.values["problem"].key == "weights_names"
    assert len(error.value.values["problem"].values["names"]) == 4  # however many there are


@pytest.mark.parametrize("shape", [(9, 4), (3, 9), (27,), (9, 3, 1)])
def test_weights_of_a_wrong_shape_are_named_with_both_shapes(shape):
    arrays = changed(code__kernel=np.zeros(shape, np.float32))
    values = {"name": "code/kernel", "shape": shape, "wanted": (9, 3)}
    with refused("weights", problem=Message("weights_shape", values)):
        Autoencoder.from_weights(DENSE, SHAPE, arrays)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(value):
    arrays = changed(output__bias=np.full(48, value, np.float32))
    with refused("weights", problem=Message.of("weights_finite", name="output/bias")):
        Autoencoder.from_weights(DENSE, SHAPE, arrays)


def test_weights_for_pictures_of_another_size_are_refused():
    with pytest.raises(UserError, match=r"^weights\(problem=weights_shape"):
        Autoencoder.from_weights(DENSE, (8, 8, 1), made(DENSE).weights())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY"])
def test_bytes_that_are_no_weights_are_refused(data):
    with refused("weights"):
        weights.from_bytes(data)


def test_a_pickle_among_the_weights_is_not_read():
    buffer = io.BytesIO()
    np.savez(buffer, code=np.array([{"a": 1}], dtype=object))
    with refused("weights"):
        weights.from_bytes(buffer.getvalue())


# --- pictures and codes ----------------------------------------------------------------------


@every_spec
@pytest.mark.parametrize("count", [0, 1, 5, BATCH, BATCH + 1])
def test_shapes_types_and_ranges(spec, count):
    autoencoder = made(spec)
    images = pictures(count)
    codes = autoencoder.encode(images)
    assert codes.shape == (count, spec.latent_dim)
    assert codes.dtype == np.float32
    # Codes far from any that a picture has: what comes out is a picture all the same.
    for decoded in (autoencoder.decode(codes * 1e3), autoencoder.reconstruct(images)):
        assert decoded.shape == (count, *SHAPE)
        assert decoded.dtype == np.float32
        assert ((decoded >= 0) & (decoded <= 1)).all()
    np.testing.assert_array_equal(autoencoder.reconstruct(images), autoencoder.decode(codes))


@every_spec
def test_a_picture_is_coded_alike_alone_and_among_many(spec):
    autoencoder = made(spec)
    images = pictures(BATCH + 3)
    together = autoencoder.encode(images)
    for i in (0, BATCH - 1, BATCH, BATCH + 2):
        alone = autoencoder.encode(images[i : i + 1])[0]
        np.testing.assert_allclose(alone, together[i], rtol=1e-4, atol=1e-4)


def test_dense_by_hand():
    """The whole of a dense autoencoder in NumPy."""
    autoencoder = made(DENSE)
    w = {name: array.astype(float) for name, array in autoencoder.weights().items()}

    def dense(x, name):
        return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

    images = pictures()
    codes = dense(np.maximum(dense(images.reshape(5, -1), "encoder_0"), 0), "code")
    logits = dense(np.maximum(dense(codes, "decoder_0"), 0), "output")
    output = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(autoencoder.encode(images), codes, atol=1e-5)
    np.testing.assert_allclose(
        autoencoder.reconstruct(images), output.reshape(images.shape), atol=1e-6
    )


def test_pixels_up_to_255_inside_are_up_to_1_outside():
    """x̂ = ReLU((255·x·W + b)·V + c) / 255, above 1 clipped."""
    spec = SPECS["255"]
    autoencoder = made(spec)
    w = {name: array.astype(float) for name, array in autoencoder.weights().items()}
    images = pictures()
    codes = 255 * images.reshape(5, -1) @ w["code/kernel"] + w["code/bias"]
    output = np.clip((codes @ w["output/kernel"] + w["output/bias"]) / 255, 0, 1)
    np.testing.assert_allclose(autoencoder.encode(images), codes, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        autoencoder.reconstruct(images), output.reshape(images.shape), atol=1e-5
    )
    assert 0.05 < output.mean() < 0.95  # a picture, neither black nor white
    # Half of full brightness on the network's scale is 0.5, not 127.5.
    arrays = autoencoder.weights()
    arrays["output/kernel"][:] = 0
    arrays["output/bias"][:] = 127.5
    gray = Autoencoder.from_weights(spec, SHAPE, arrays).reconstruct(images)
    np.testing.assert_array_equal(gray, np.full_like(images, 0.5))


def test_the_posterior_of_a_variational_one_and_its_mean_as_code():
    autoencoder = made(SPECS["variational"])
    mean, log_var = autoencoder.posterior(pictures(BATCH + 2))
    assert mean.shape == log_var.shape == (BATCH + 2, 2)
    assert not np.array_equal(mean, log_var)
    np.testing.assert_array_equal(autoencoder.encode(pictures(BATCH + 2)), mean)
    # Nothing is drawn: a picture always has the same reconstruction.
    np.testing.assert_array_equal(
        autoencoder.reconstruct(pictures()), autoencoder.reconstruct(pictures())
    )


def test_other_bottlenecks_have_no_variance():
    assert made(DENSE).posterior(pictures())[1] is None


@pytest.mark.parametrize("shape", [(5, 8, 6), (5, 6, 8, 1), (5, 8, 6, 3), (8, 6, 1), (5, 48)])
@pytest.mark.parametrize("method", ["encode", "posterior", "reconstruct"])
def test_pictures_of_a_wrong_shape_are_refused_in_a_sentence(shape, method):
    with pytest.raises(ValueError, match=r"^images=\(.*\) must be \(N, .*8, 6, 1\)") as error:
        getattr(made(DENSE), method)(np.zeros(shape, np.float32))
    assert f"images={shape} " in str(error.value)


@pytest.mark.parametrize("shape", [(3,), (5, 4), (5, 3, 1), (3, 5)])
def test_codes_of_a_wrong_shape_are_refused_in_a_sentence(shape):
    with pytest.raises(ValueError, match=r"^codes=\(.*\) must be \(N, 3\)$") as error:
        made(DENSE).decode(np.zeros(shape, np.float32))
    assert f"codes={shape} " in str(error.value)


def test_pictures_of_other_types_and_layouts_are_taken_by_value():
    autoencoder = made(DENSE)
    images = pictures(4)
    expected = autoencoder.encode(images)
    backwards = images[:, ::-1].copy()[:, ::-1]  # equal, with a negative stride
    np.testing.assert_array_equal(autoencoder.encode(np.asfortranarray(images)), expected)
    np.testing.assert_array_equal(autoencoder.encode(backwards), expected)
    np.testing.assert_array_equal(autoencoder.encode(images.astype(np.float64)), expected)
    images.setflags(write=False)
    np.testing.assert_array_equal(autoencoder.encode(images), expected)
