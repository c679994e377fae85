"""A spec is checked when it is made, and goes through JSON and links unchanged."""

import dataclasses
import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import UserError
from ae_core.specs import (
    CHOICES,
    LIMITS,
    PRESETS,
    AutoencoderSpec,
    Corruption,
    DenoiserSpec,
    Layer,
    TrainingSpec,
    change,
    flatten,
    format_layers,
    from_json,
    from_query,
    parse_layers,
    preset,
    to_json,
    to_query,
)
from ae_core.specs.layers import EXAMPLES
from ae_core.specs.limits import CHANNELS
from ae_core.specs.serialization import OLD_NAMES, OLD_VALUES
from ae_core.text.sentences import MAX_QUOTED, say, sentence
from tests.helpers.refusals import check, refused

WIDTHS = st.integers(1, 4096)
STRIDES = st.integers(1, 4)
LAYERS = st.lists(
    st.one_of(
        st.builds(Layer, st.just("dense"), WIDTHS),
        st.builds(
            Layer,
            st.sampled_from(["conv", "convT"]),
            WIDTHS,
            STRIDES,
            st.sampled_from(["same", "valid"]),
        ),
        st.builds(Layer, st.sampled_from(["pool", "up"]), stride=STRIDES),
        st.builds(Layer, st.just("reshape"), shape=st.tuples(WIDTHS, WIDTHS, WIDTHS)),
    ),
    max_size=12,
).map(tuple)


def numbers(name):
    limit = LIMITS[name]
    if limit.whole:
        return st.integers(int(limit.low), int(limit.high))
    return st.floats(limit.low, limit.high)


# Every setting that can take any of its values whatever the other settings are.
FREE = {
    name: numbers(name)
    for name in LIMITS
    if name in flatten(TrainingSpec()) and name not in ("pca_components", "latent_dim")
} | {
    name: st.sampled_from(CHOICES[name])
    for name in (
        "activation",
        "initializer",
        "optimizer",
        "precision",
        "schedule",
        "split",
        "augment",
    )
}
FREE |= {
    "encoder": LAYERS.map(format_layers),
    "decoder": LAYERS.map(format_layers),
    "noise_kind": st.sampled_from(CHOICES["noise_kind"]),
    "noise_amount": st.floats(0, 1),
    "channels": st.sampled_from(CHANNELS),
}


@st.composite
def changed_presets(draw):
    name = draw(st.sampled_from(sorted(PRESETS)))
    return name, change(preset(name), **draw(st.fixed_dictionaries({}, optional=FREE)))


# --- there and back ---------------------------------------------------------------------------


@given(LAYERS)
def test_layers_survive_their_notation(layers):
    assert parse_layers(format_layers(layers)) == layers


@given(changed_presets())
def test_a_spec_survives_json(named):
    assert from_json(to_json(named[1])) == named[1]


@given(changed_presets())
def test_a_spec_survives_a_link(named):
    name, spec = named
    query = to_query(spec, name)
    assert all(isinstance(value, str) for value in query.values())
    assert from_query(query) == spec


def test_what_does_not_say_its_colours_is_gray_except_of_the_set_that_never_was():
    assert preset("toy-faces-vae").channels == preset("faces").channels == 3
    for image_set, channels in (("toy-faces", 1), ("digits", 1), ("lfw-faces", 3)):
        stored = json.loads(to_json(change(preset("digits-dense"), image_set=image_set)))
        del stored["channels"]
        assert from_json(json.dumps(stored)).channels == channels
        assert from_query({"image_set": image_set}).channels == channels
    old = {"preset": "toy-faces-vae", "epochs": "5"}
    assert from_query(old).channels == 1
    assert to_query(from_query(old), "toy-faces-vae") == old
    assert from_query({"preset": "faces"}).channels == 3


@pytest.mark.parametrize("value", [0, 2, 4, True, "3.0", "gray"])
def test_other_numbers_of_channels_are_refused(value):
    with pytest.raises(UserError) as found:
        change(TrainingSpec(), channels=value)
    assert found.value.message.values["name"] == "channels"


@given(changed_presets())
def test_a_link_says_colour_and_what_differs_from_its_preset(named):
    name, spec = named
    base, now = flatten(preset(name)), flatten(spec)
    base["channels"] = 3 if spec.image_set == "lfw-faces" else 1  # whatever the preset says
    assert set(to_query(spec, name)) == {"preset"} | {key for key in now if now[key] != base[key]}


def test_flat_names_are_the_fields_themselves():
    owners = [TrainingSpec, AutoencoderSpec, Corruption]
    names = [field.name for owner in owners for field in dataclasses.fields(owner)]
    assert len(names) == len(set(names))
    assert set(flatten(TrainingSpec())) == set(names) - {"autoencoder", "corruption"}


def test_a_link_without_settings_is_the_first_preset():
    assert from_query({}) == preset("digits-dense")
    assert from_query({"preset": "mnist-vae"}) == preset("mnist-vae")


def test_the_documented_link_sets_the_code_size():
    spec = from_query({"preset": "digits-dense", "latent_dim": "8"})
    assert spec.autoencoder.latent_dim == 8
    assert flatten(spec) == flatten(preset("digits-dense")) | {"latent_dim": 8}


def test_a_whole_number_for_a_fraction_becomes_one():
    assert to_json(change(TrainingSpec(), beta=1)) == to_json(change(TrainingSpec(), beta=1.0))
    assert isinstance(change(TrainingSpec(), noise_amount=1).corruption.noise_amount, float)


def test_json_is_flat():
    flat = json.loads(to_json(preset("mnist-conv")))
    assert flat["encoder"] == "conv16, pool2, conv8, pool2, conv8"
    assert flat["latent_dim"] == 392


# --- presets ----------------------------------------------------------------------------------


def test_presets_are_named_and_explained():
    for name in PRESETS:
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert say(f"preset.{name}.title")
        assert say(f"preset.{name}.about").endswith(".")


def test_every_preset_of_the_recipes_is_there():
    recipes = (
        "olivetti-conv olivetti-denoising mnist-conv mnist-conv-lecture mnist-dense mnist-shallow "
        "mnist-deep mnist-shallow-overcomplete mnist-deep-overcomplete mnist-sparse mnist-vae "
        "faces-vae"
    )
    assert set(recipes.split()) <= set(PRESETS)


RECIPES = {
    "olivetti-conv": {  # R1
        "image_set": "olivetti", "image_size": 32, "split": "none", "loss": "l2",
        "optimizer": "adam", "learning_rate": 0.001, "batch_size": 50, "epochs": 600,
        "steps_per_epoch": 7, "latent_dim": 256, "code_activation": "sigmoid", "noise_kind": "none",
    },
    "olivetti-denoising": {  # R2
        "noise_kind": "gaussian", "noise_amount": 0.2, "noise_stage": "batch",
    },
    "mnist-conv": {  # R3
        "loss": "mse", "optimizer": "adam", "latent_dim": 392, "code_type": "feature_map",
    },
    "mnist-conv-lecture": {"latent_dim": 128, "code_type": "feature_map"},  # R4
    "mnist-dense": {  # R5
        "latent_dim": 20, "code_activation": "relu", "output_activation": "relu", "loss": "mse",
        "optimizer": "adam", "batch_size": 64, "epochs": 50, "pixel_scale": 255,
    },
    "mnist-shallow": {"latent_dim": 32, "code_activation": "relu", "encoder": "", "decoder": ""},
    "mnist-deep": {"encoder": "dense128, dense64", "decoder": "dense64, dense128"},  # R6
    "mnist-sparse": {  # R7
        "bottleneck": "sparse", "sparsity": 1e-5, "latent_dim": 64, "code_activation": "sigmoid",
        "output_activation": "linear", "loss": "mse",
    },
    "mnist-vae": {"bottleneck": "variational"},  # R8
    "faces-vae": {"bottleneck": "variational"},
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_a_preset_has_the_settings_of_its_recipe(name):
    flat = flatten(preset(name))
    assert {key: flat[key] for key in RECIPES[name]} == RECIPES[name]


def test_overcomplete_codes_are_larger_than_the_picture():
    for body in ("shallow", "deep"):
        assert preset(f"mnist-{body}").autoencoder.latent_dim < 784
        network = preset(f"mnist-{body}-overcomplete").autoencoder
        widths = [layer.width for layer in (*network.encoder, *network.decoder)]
        assert min(network.latent_dim, *widths, 785) > 784  # no layer is a bottleneck
        assert bool(widths) == (body == "deep")


def test_body_is_conv_as_soon_as_there_is_a_convolution():
    assert AutoencoderSpec().body == "dense"
    assert preset("mnist-shallow").autoencoder.body == "dense"
    assert preset("mnist-conv").autoencoder.body == "conv"
    assert AutoencoderSpec(decoder=parse_layers("reshape4x4x1, convT3")).body == "conv"


# --- every bound is kept, and every refusal is a sentence -------------------------------------


@pytest.mark.parametrize("name", [n for n in LIMITS if n in flatten(TrainingSpec())])
def test_bounds_are_inside_and_what_is_beyond_is_refused(name):
    limit = LIMITS[name]
    kind = int if limit.whole else float
    start = TrainingSpec()
    if name == "pca_components":  # which lead linearly from and to pixels
        start = change(start, output_activation="linear", latent_dim=1)
    for value in (limit.low, limit.high):
        assert flatten(change(start, **{name: kind(value)}))[name] == value
    step = 1 if limit.whole else 1e-9
    key = "whole" if limit.whole else "between"
    for value in (kind(limit.low - step), kind(limit.high + step)):
        with refused(key, name=name, value=value, low=limit.low, high=limit.high):
            change(TrainingSpec(), **{name: value})


@pytest.mark.parametrize("name", [n for n in LIMITS if n in flatten(TrainingSpec())])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, [], {}])
def test_what_is_no_number_is_refused(name, value):
    with refused("whole" if LIMITS[name].whole else "between", name=name):
        from_json(json.dumps({name: value}))


@pytest.mark.parametrize("name", [n for n in CHOICES if n in flatten(TrainingSpec())])
def test_an_unknown_choice_is_refused_and_all_are_named(name):
    with refused("one_of", name=name, value="foo", choices=CHOICES[name]):
        from_query({name: "foo"})


@pytest.mark.parametrize(
    "make",
    [
        lambda: AutoencoderSpec(latent_dim=0),
        lambda: change(TrainingSpec(), latent_dim=0),
        lambda: from_query({"latent_dim": "0"}),
    ],
)
def test_code_size_0(make):
    with refused("whole", name="latent_dim", value=0, low=1, high=4096):
        make()


@pytest.mark.parametrize(
    "make", [lambda: TrainingSpec(epochs=10**9), lambda: from_query({"epochs": "1000000000"})]
)
def test_a_billion_epochs(make):
    with refused("whole", name="epochs", value=10**9, low=1, high=2000):
        make()


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
def test_learning_rate_0_or_not_a_number(value):
    with refused("between", name="learning_rate", low=1e-6, high=1.0):
        TrainingSpec(learning_rate=value)
    with refused("between", name="learning_rate", low=1e-6, high=1.0):
        from_query({"learning_rate": str(value)})


@pytest.mark.parametrize("name", ["foo", "x" * 900, "{name}", "%s"])
def test_an_unknown_preset_in_a_link(name):
    with refused("one_of", name="preset", value=name, choices=tuple(PRESETS)):
        from_query({"preset": name})


BROKEN_LINKS = [
    ({"latent_dim": "abc"}, "whole", {"name": "latent_dim", "value": "abc"}),
    ({"latent_dim": "3.5"}, "whole", {"name": "latent_dim", "value": "3.5"}),
    ({"latent_dim": ""}, "whole", {"name": "latent_dim", "value": ""}),
    ({"learning_rate": "fast"}, "between", {"name": "learning_rate", "value": "fast"}),
    ({"pixel_scale": "abc"}, "number", {"name": "pixel_scale", "value": "abc"}),
    ({"pixel_scale": "7"}, "one_of", {"name": "pixel_scale", "value": 7, "choices": (1, 255)}),
    ({"encoder": "foo"}, "layers", {"name": "encoder", "value": "foo", "examples": EXAMPLES}),
    ({"decoder": "dense8 conv"}, "layers", {"name": "decoder", "value": "conv"}),
    ({"encoder": "dense0"}, "layer_number", {"layer": "dense0", "value": 0, "low": 1}),
    ({"encoder": "conv8/9"}, "layer_number", {"layer": "conv8/9", "value": 9, "high": 4}),
    ({"encoder": "dense8," * 13}, "too_many_layers", {"name": "encoder", "count": 13, "high": 12}),
    (
        {"colour": "red"},
        "setting",
        {"name": "colour", "value": "red", "settings": tuple(flatten(TrainingSpec()))},
    ),
]


@pytest.mark.parametrize(("query", "key", "values"), BROKEN_LINKS)
def test_a_broken_link_says_what_is_wrong(query, key, values):
    with refused(key, **values):
        from_query(query)


# A link may name these too: they are parameters and attributes of the code, not settings.
@pytest.mark.parametrize("name", ["spec", "changes", "self", "autoencoder", "corruption", ""])
def test_a_name_out_of_the_code_is_no_setting(name):
    with refused("setting", name=name, value="1"):
        from_query({name: "1"})


@pytest.mark.parametrize("name", ["epochs", "latent_dim", "beta", "learning_rate"])
@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_hundreds_of_digits_is_refused_like_any_other(name, digits):
    with refused("whole" if LIMITS[name].whole else "between", name=name):
        from_query({name: "1" * digits})


@given(st.dictionaries(st.sampled_from(sorted(flatten(TrainingSpec()))), st.text(), max_size=3))
def test_no_link_does_more_harm_than_a_sentence(query):
    try:
        spec = from_query(query)
    except UserError as error:
        check(error, error.key)
    else:
        assert from_json(to_json(spec)) == spec


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(flatten(TrainingSpec()))), ANY_JSON, max_size=2))
def test_no_json_does_more_harm_than_a_sentence(flat):
    try:
        spec = from_json(json.dumps(flat))
    except UserError as error:
        check(error, error.key)
    else:
        assert isinstance(spec, TrainingSpec)


def test_what_is_no_json_object_of_settings_is_refused():
    for text in ("{", "[1]"):
        with pytest.raises(ValueError, match=r"must be (JSON|a JSON object)"):
            from_json(text)


COMBINATIONS = [
    ({"pixel_scale": 255}, "sigmoid_of_255", {}),
    (
        {"bottleneck": "variational", "code_type": "feature_map"},
        "variational_code",
        {"value": "feature_map"},
    ),
    (
        {"bottleneck": "variational", "loss": "mse"},
        "variational_loss",
        {"value": "mse"},
    ),
    ({"loss": "bce", "output_activation": "linear"}, "loss_sigmoid", {"value": "bce"}),
    (
        {"loss": "bernoulli-nll", "output_activation": "relu", "pixel_scale": 255},
        "loss_scale",
        {"value": "bernoulli-nll"},
    ),
    ({"noise_kind": "speckle", "noise_stage": "layer"}, "noise_layer", {"value": "speckle"}),
    (
        {"noise_kind": "masking", "noise_stage": "layer", "noise_amount": 1.0},
        "dropout_layer",
        {"value": 1.0},
    ),
]


@pytest.mark.parametrize(("changes", "key", "values"), COMBINATIONS)
def test_settings_that_contradict_each_other(changes, key, values):
    with refused(key, **values):
        change(TrainingSpec(), **changes)


def test_a_spec_is_frozen_and_hashable():
    spec = TrainingSpec()
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.epochs = 3
    with pytest.raises(TypeError):
        PRESETS["mine"] = PRESETS["mnist-vae"]
    assert hash(spec) == hash(change(change(spec, epochs=3), epochs=spec.epochs))


def test_pixel_scale_is_a_whole_number_not_a_truth():
    with refused("one_of", name="pixel_scale", value=True):
        from_json('{"pixel_scale": true}')


NOTATION = [
    ("dense100", Layer("dense", width=100)),
    ("conv16", Layer("conv", width=16)),
    ("conv16/2", Layer("conv", width=16, stride=2)),
    ("conv16-valid", Layer("conv", width=16, padding="valid")),
    ("convT32/2", Layer("convT", width=32, stride=2)),
    ("convT32/2-valid", Layer("convT", width=32, stride=2, padding="valid")),
    ("pool2", Layer("pool", stride=2)),
    ("up2", Layer("up", stride=2)),
    ("reshape7x7x8", Layer("reshape", shape=(7, 7, 8))),
]


@pytest.mark.parametrize(("text", "layer"), NOTATION)
def test_notation(text, layer):
    assert parse_layers(text) == (layer,)
    assert str(layer) == text


def test_layers_may_be_written_with_commas_spaces_or_lines():
    layers = parse_layers("conv16/2, dense8")
    for text in ("conv16/2 dense8", " conv16/2,dense8 ", "conv16/2\ndense8,", "conv16/2,,dense8"):
        assert parse_layers(text) == layers
    assert parse_layers("Conv 16/2, DENSE 8") == layers
    assert parse_layers("convt8") == parse_layers("convT8")
    assert parse_layers("") == parse_layers(" , ") == ()


@pytest.mark.parametrize(
    "word",
    ["dense", "dense-8", "dense8/2", "pool", "conv8/", "reshape7x7", "8", "banana"],
)
def test_what_is_not_a_layer_is_refused(word):
    with refused("layers", name="layers", value=word, examples=EXAMPLES):
        parse_layers(word)


def test_a_very_long_word_is_refused_and_cut():
    word = "dense" + "1" * 5000
    with pytest.raises(UserError) as refusal:
        parse_layers(word)
    assert f"{word[: MAX_QUOTED - 1]}…" in sentence(refusal.value)


# --- names of before --------------------------------------------------------------------------

# As version 30b02cd wrote it, with every setting that has another name or value today.
OLD_JSON = """{
 "encoder": "conv4, pool2", "decoder": "reshape4x4x4, up2", "latent_dim": 64, "code": "map",
 "components": 0, "kind": "masking", "amount": 0.3, "where": "layer", "image_set": "digits",
 "image_size": 8, "split": "everything", "loss": "mse"
}"""
TODAY = {
    "encoder": "conv4, pool2",
    "decoder": "reshape4x4x4, up2",
    "latent_dim": 64,
    "code_type": "feature_map",
    "noise_kind": "masking",
    "noise_amount": 0.3,
    "noise_stage": "layer",
    "image_size": 8,
    "split": "none",
}


def test_json_with_old_names_is_read():
    spec = from_json(OLD_JSON)
    assert spec == change(TrainingSpec(), **TODAY)
    assert not set(OLD_NAMES) & set(flatten(spec))


def test_a_link_with_old_names_is_read():
    old = {name: str(value) for name, value in json.loads(OLD_JSON).items()}
    assert from_query(old) == change(preset("digits-dense"), **TODAY, loss="mse")
    linear = {"components": "32", "output_activation": "linear", "loss": "mse"}
    assert from_query(linear).autoencoder.pca_components == 32


def test_the_new_name_of_a_setting_counts_where_a_link_has_both():
    assert from_query({"noise_kind": "blur", "kind": "jpeg"}).corruption.noise_kind == "blur"


def test_every_old_name_stands_for_a_setting():
    known = set(flatten(TrainingSpec())) | {"ema_decay"}
    assert set(OLD_NAMES.values()) <= known
    assert not set(OLD_NAMES) & known
    for (name, old), value in OLD_VALUES.items():
        assert value in CHOICES[name]
        assert old not in CHOICES[name]


def test_a_denoiser_s_json_with_an_old_name_is_read():
    spec = DenoiserSpec(ema_decay=0.5)
    assert DenoiserSpec.from_json(spec.to_json().replace("ema_decay", "average")) == spec
