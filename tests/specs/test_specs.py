"""A spec is checked when it is made, and goes through JSON and links unchanged."""

import dataclasses
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.specs import (
    CHOICES,
    LIMITS,
    PRESETS,
    AutoencoderSpec,
    Corruption,
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
    if name in flatten(TrainingSpec()) and name not in ("components", "latent_dim")
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
    "kind": st.sampled_from(CHOICES["kind"]),
    "amount": st.floats(0, 1),
}


@st.composite
def changed_presets(draw):
    name = draw(st.sampled_from(sorted(PRESETS)))
    return name, change(preset(name).spec, **draw(st.fixed_dictionaries({}, optional=FREE)))


def sentence_of(make, *args, **kwargs):
    with pytest.raises(ValueError) as caught:
        make(*args, **kwargs)
    return str(caught.value)


# --- there and back ---------------------------------------------------------------------------


@given(LAYERS)
def test_layers_survive_their_notation(layers):
    assert parse_layers(format_layers(layers)) == layers


@given(changed_presets())
@settings(deadline=None)
def test_a_spec_survives_json(named):
    assert from_json(to_json(named[1])) == named[1]


@given(changed_presets())
@settings(deadline=None)
def test_a_spec_survives_a_link(named):
    name, spec = named
    query = to_query(spec, name)
    assert all(isinstance(value, str) for value in query.values())
    assert from_query(query) == spec


@given(changed_presets())
@settings(deadline=None)
def test_a_link_says_only_what_differs_from_its_preset(named):
    name, spec = named
    base, now = flatten(preset(name).spec), flatten(spec)
    assert set(to_query(spec, name)) == {"preset"} | {key for key in now if now[key] != base[key]}


def test_flat_names_are_the_fields_themselves():
    owners = [TrainingSpec, AutoencoderSpec, Corruption]
    names = [field.name for owner in owners for field in dataclasses.fields(owner)]
    assert len(names) == len(set(names))
    assert set(flatten(TrainingSpec())) == set(names) - {"autoencoder", "corruption"}


def test_a_link_without_settings_is_the_first_preset():
    assert from_query({}) == preset("digits-dense").spec
    assert from_query({"preset": "mnist-vae"}) == preset("mnist-vae").spec


def test_the_documented_link_sets_the_code_size():
    spec = from_query({"preset": "digits-dense", "latent_dim": "8"})
    assert spec.autoencoder.latent_dim == 8
    assert flatten(spec) == flatten(preset("digits-dense").spec) | {"latent_dim": 8}


def test_a_whole_number_for_a_fraction_becomes_one():
    assert to_json(change(TrainingSpec(), beta=1)) == to_json(change(TrainingSpec(), beta=1.0))
    assert isinstance(change(TrainingSpec(), amount=1).corruption.amount, float)


def test_json_is_flat():
    flat = json.loads(to_json(preset("mnist-conv").spec))
    assert flat["encoder"] == "conv16, pool2, conv8, pool2, conv8"
    assert flat["latent_dim"] == 392


# --- presets ----------------------------------------------------------------------------------


def test_presets_are_named_and_explained():
    for name, each in PRESETS.items():
        assert name == each.name
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert each.title
        assert each.about.endswith(".")


def test_every_preset_of_the_recipes_is_there():
    recipes = (
        "olivetti-conv olivetti-denoising mnist-conv mnist-conv-lecture mnist-dense mnist-shallow "
        "mnist-deep mnist-shallow-overcomplete mnist-deep-overcomplete mnist-sparse mnist-vae "
        "faces-vae"
    )
    assert set(recipes.split()) <= set(PRESETS)


RECIPES = {
    "olivetti-conv": {  # R1
        "image_set": "olivetti", "image_size": 32, "split": "everything", "loss": "l2",
        "optimizer": "adam", "learning_rate": 0.001, "batch_size": 50, "epochs": 600,
        "steps_per_epoch": 7, "latent_dim": 256, "code_activation": "sigmoid", "kind": "none",
    },
    "olivetti-denoising": {"kind": "gaussian", "amount": 0.2, "where": "batch"},  # R2
    "mnist-conv": {"loss": "mse", "optimizer": "adam", "latent_dim": 392, "code": "map"},  # R3
    "mnist-conv-lecture": {"latent_dim": 128, "code": "map"},  # R4
    "mnist-dense": {  # R5
        "latent_dim": 20, "code_activation": "relu", "output_activation": "relu", "loss": "mse",
        "optimizer": "adam", "batch_size": 64, "epochs": 50, "pixel_scale": 255,
    },
    "mnist-shallow": {"latent_dim": 32, "code_activation": "relu", "encoder": "", "decoder": ""},
    "mnist-deep": {"encoder": "dense128, dense64", "decoder": "dense64, dense128"},  # R6
    "mnist-sparse": {  # R7
        "bottleneck": "sparse", "sparsity": 1e-5, "latent_dim": 64, "code_activation": "sigmoid",
    },
    "mnist-vae": {"bottleneck": "variational"},  # R8
    "faces-vae": {"bottleneck": "variational"},
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_a_preset_has_the_settings_of_its_recipe(name):
    flat = flatten(preset(name).spec)
    assert {key: flat[key] for key in RECIPES[name]} == RECIPES[name]


def test_overcomplete_codes_are_larger_than_the_picture():
    for body in ("shallow", "deep"):
        assert preset(f"mnist-{body}").spec.autoencoder.latent_dim < 784
        assert preset(f"mnist-{body}-overcomplete").spec.autoencoder.latent_dim > 784


def test_body_is_conv_as_soon_as_there_is_a_convolution():
    assert AutoencoderSpec().body == "dense"
    assert preset("mnist-shallow").spec.autoencoder.body == "dense"
    assert preset("mnist-conv").spec.autoencoder.body == "conv"
    assert AutoencoderSpec(decoder=parse_layers("reshape4x4x1, convT3")).body == "conv"


# --- every bound is kept, and every refusal is a sentence -------------------------------------


@pytest.mark.parametrize("name", [n for n in LIMITS if n in flatten(TrainingSpec())])
def test_bounds_are_inside_and_what_is_beyond_is_refused(name):
    limit = LIMITS[name]
    kind = int if limit.whole else float
    start = TrainingSpec()
    if name == "components":  # which lead linearly from and to pixels
        start = change(start, output_activation="linear", latent_dim=1)
    for value in (limit.low, limit.high):
        assert flatten(change(start, **{name: kind(value)}))[name] == value
    step = 1 if limit.whole else 1e-9
    for value in (limit.low - step, limit.high + step):
        sentence = sentence_of(change, TrainingSpec(), **{name: kind(value)})
        whole = "a whole number " if limit.whole else ""
        bounds = f"between {limit.low:,} and {limit.high:,}"
        assert sentence == f"{name}={kind(value)} must be {whole}{bounds}"


@pytest.mark.parametrize("name", [n for n in LIMITS if n in flatten(TrainingSpec())])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, [], {}])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.* must be "):
        from_json(json.dumps({name: value}))


@pytest.mark.parametrize("name", [n for n in CHOICES if n in flatten(TrainingSpec())])
def test_an_unknown_choice_is_refused_and_all_are_named(name):
    sentence = f"{name}=foo must be one of {', '.join(CHOICES[name])}"
    assert sentence_of(from_query, {name: "foo"}) == sentence


def test_code_size_0():
    sentence = "latent_dim=0 must be a whole number between 1 and 4,096"
    assert sentence_of(AutoencoderSpec, latent_dim=0) == sentence
    assert sentence_of(change, TrainingSpec(), latent_dim=0) == sentence
    assert sentence_of(from_query, {"latent_dim": "0"}) == sentence


def test_a_billion_epochs():
    sentence = "epochs=1000000000 must be a whole number between 1 and 2,000"
    assert sentence_of(TrainingSpec, epochs=10**9) == sentence
    assert sentence_of(from_query, {"epochs": "1000000000"}) == sentence


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.0"), (math.nan, "nan"), (math.inf, "inf")])
def test_learning_rate_0_or_not_a_number(value, shown):
    sentence = f"learning_rate={shown} must be between 1e-06 and 1.0"
    assert sentence_of(TrainingSpec, learning_rate=value) == sentence
    assert sentence_of(from_query, {"learning_rate": shown}) == sentence


def test_an_unknown_preset_in_a_link():
    sentence = f"preset=foo must be one of {', '.join(PRESETS)}"
    assert sentence_of(from_query, {"preset": "foo"}) == sentence
    assert sentence_of(from_query, {"preset": "x" * 900}).startswith(f"preset={'x' * 40} must be")


BROKEN_LINKS = [
    ({"latent_dim": "abc"}, "latent_dim=abc must be a whole number between 1 and 4,096"),
    ({"latent_dim": "3.5"}, "latent_dim=3.5 must be a whole number between 1 and 4,096"),
    ({"latent_dim": ""}, "latent_dim= must be a whole number between 1 and 4,096"),
    ({"learning_rate": "fast"}, "learning_rate=fast must be between 1e-06 and 1.0"),
    ({"pixel_scale": "abc"}, "pixel_scale=abc must be a number"),
    ({"pixel_scale": "7"}, "pixel_scale=7 must be 1 or 255"),
    ({"encoder": "foo"}, f"encoder=foo must be layers such as {EXAMPLES}"),
    ({"decoder": "dense8 conv"}, f"decoder=conv must be layers such as {EXAMPLES}"),
    (
        {"encoder": "dense0"},
        f"width in dense0=0 must be a whole number between 1 and {LIMITS['width'].high:,}",
    ),
    ({"encoder": "conv8/9"}, "stride in conv8/9=9 must be a whole number between 1 and 4"),
    (
        {"encoder": "dense8," * 13},
        "number of layers in encoder=13 must be a whole number between 0 and 12",
    ),
    (
        {"colour": "red"},
        f"colour=red must be one of the settings {', '.join(flatten(TrainingSpec()))}",
    ),
]


@pytest.mark.parametrize(("query", "sentence"), BROKEN_LINKS)
def test_a_broken_link_says_what_is_wrong(query, sentence):
    assert sentence_of(from_query, query) == sentence


# A link may name these too: they are parameters and attributes of the code, not settings.
@pytest.mark.parametrize("name", ["spec", "changes", "self", "autoencoder", "corruption", ""])
def test_a_name_out_of_the_code_is_no_setting(name):
    sentence = sentence_of(from_query, {name: "1"})
    assert sentence.startswith(f"{name}=1 must be one of the settings ")


@pytest.mark.parametrize("name", ["epochs", "latent_dim", "beta", "learning_rate"])
@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_hundreds_of_digits_is_refused_like_any_other(name, digits):
    with pytest.raises(ValueError, match=rf"^{name}=\S+ must be .*between"):
        from_query({name: "1" * digits})


@given(st.dictionaries(st.sampled_from(sorted(flatten(TrainingSpec()))), st.text(), max_size=3))
@settings(deadline=None)
def test_no_link_does_more_harm_than_a_sentence(query):
    try:
        spec = from_query(query)
    except ValueError as error:
        assert " must be " in str(error)  # noqa: PT017
    else:
        assert from_json(to_json(spec)) == spec


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(flatten(TrainingSpec()))), ANY_JSON, max_size=2))
@settings(deadline=None)
def test_no_json_does_more_harm_than_a_sentence(flat):
    try:
        spec = from_json(json.dumps(flat))
    except ValueError as error:
        assert " must be " in str(error)  # noqa: PT017
    else:
        assert isinstance(spec, TrainingSpec)


def test_what_is_no_json_object_of_settings_is_refused():
    assert sentence_of(from_json, "{").startswith("spec='{' must be JSON: ")
    assert sentence_of(from_json, "[1]") == "spec='[1]' must be a JSON object of settings"


COMBINATIONS = [
    (
        {"pixel_scale": 255},
        "output_activation=sigmoid must be relu or linear with pixel_scale=255: "
        "a sigmoid cannot reach 255",
    ),
    (
        {"bottleneck": "variational", "code": "map"},
        "code=map must be dense with bottleneck=variational: "
        "the mean and the variance are two dense layers",
    ),
    (
        {"bottleneck": "variational", "loss": "mse"},
        "loss=mse must be gaussian-nll or bernoulli-nll with bottleneck=variational: "
        "the KL divergence is in nats per picture",
    ),
    (
        {"loss": "bce", "output_activation": "linear"},
        "loss=bce must be used with output_activation=sigmoid: it takes the output for a "
        "probability",
    ),
    (
        {"loss": "bernoulli-nll", "output_activation": "relu", "pixel_scale": 255},
        "loss=bernoulli-nll must be used with pixel_scale=1",
    ),
    (
        {"kind": "speckle", "where": "layer"},
        "kind=speckle must be gaussian (a noise layer) or masking (a dropout layer) "
        "with where=layer",
    ),
    (
        {"kind": "masking", "where": "layer", "amount": 1.0},
        "amount=1.0 must be below 1 for a dropout layer",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), COMBINATIONS)
def test_settings_that_contradict_each_other(changes, sentence):
    assert sentence_of(change, TrainingSpec(), **changes) == sentence


def test_a_spec_is_frozen_and_hashable():
    spec = TrainingSpec()
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.epochs = 3
    with pytest.raises(TypeError):
        PRESETS["mine"] = PRESETS["mnist-vae"]
    assert hash(spec) == hash(change(change(spec, epochs=3), epochs=spec.epochs))


def test_pixel_scale_is_a_whole_number_not_a_truth():
    assert sentence_of(from_json, '{"pixel_scale": true}') == "pixel_scale=True must be 1 or 255"


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
    assert sentence_of(parse_layers, word) == f"layers={word} must be layers such as {EXAMPLES}"


def test_a_very_long_word_is_refused_and_cut():
    sentence = sentence_of(parse_layers, "dense" + "1" * 5000)
    assert sentence == f"layers=dense{'1' * 35} must be layers such as {EXAMPLES}"
