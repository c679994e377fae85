"""Whatever one changes, the network still ends at the picture; or a sentence says why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.data.catalog import IMAGE_SETS
from ae_core.errors import UserError
from ae_core.models.compatibility import (
    apply_body,
    apply_setting,
    image_shape,
    match_decoder,
    network_shapes,
    with_fitting_decoder,
)
from ae_core.models.shapes import infer_shapes
from ae_core.specs import (
    CHOICES,
    PRESETS,
    AutoencoderSpec,
    TrainingSpec,
    change,
    from_json,
    from_query,
    parse_layers,
    preset,
    to_json,
    to_query,
)
from ae_core.specs.losses import LOSSES
from tests.helpers.refusals import check, refused

SIZES = [(name, size) for name, card in IMAGE_SETS.items() for size in card.sizes]
COLOURS = [(name, each) for name, card in IMAGE_SETS.items() for each in card.channels]
# The decoder's steps from its reshape to the picture, as a function of the reshape's side.
ENDS = {
    "toy-faces-vae": lambda side: 8 * side,
    "mnist-conv": lambda side: 4 * side,
    "mnist-conv-as-written": lambda side: 4 * side,
    "mnist-conv-lecture": lambda side: 2 * (4 * side - 2),
    "mnist-vae-2d": lambda side: 4 * side,
    "mnist-ae-2d": lambda side: 4 * side,
    "mnist-vae": lambda side: 4 * side,
    "olivetti-conv": lambda side: 2 * side,
    "olivetti-denoising": lambda side: 2 * side,
}


def strides_fit(name, size):
    return name not in ENDS or size in {ENDS[name](side) for side in range(1, 65)}


def of_size(spec, image_set, size):
    """Change set and size at once, as a link does, and refit."""
    changed = change(spec, image_set=image_set, image_size=size)
    fitted = match_decoder(changed.autoencoder, image_shape(changed))
    return TrainingSpec(**{**vars(changed), "autoencoder": fitted})


FITTING = [(n, s, size) for n in PRESETS for s, size in SIZES if strides_fit(n, size)]
MISFITTING = [(n, s, size) for n in PRESETS for s, size in SIZES if not strides_fit(n, size)]


@pytest.mark.parametrize(("name", "image_set", "size"), FITTING)
def test_every_preset_can_be_built_at_every_size_where_its_strides_fit(name, image_set, size):
    spec = of_size(preset(name), image_set, size)
    channels = IMAGE_SETS[image_set].channels_for(spec.channels)
    assert infer_shapes(spec.autoencoder, image_shape(spec))[-1].shape == (size, size, channels)
    assert from_json(to_json(spec)) == spec  # what a worker and the run store get
    assert from_query(to_query(spec, name)) == spec


@pytest.mark.parametrize(("image_set", "channels"), COLOURS)
@pytest.mark.parametrize("before", ["digits-dense", "toy-faces-vae", "faces"])
def test_whoever_chooses_a_set_or_its_colours_gets_them(before, image_set, channels):
    spec = apply_setting(preset(before), "image_set", image_set)
    assert spec.channels in IMAGE_SETS[image_set].channels
    chosen = apply_setting(spec, "channels", channels)
    assert image_shape(chosen)[2] == chosen.channels == channels


def test_a_link_to_a_set_without_a_choice_of_colours_gets_its_own():
    for query, channels in (
        ({"preset": "faces"}, 3),
        ({"preset": "digits-dense", "image_set": "lfw-faces", "image_size": "32"}, 3),
        ({"preset": "toy-faces-vae", "channels": "3", "image_set": "digits"}, 1),
    ):
        assert with_fitting_decoder(from_query(query)).channels == channels


@pytest.mark.parametrize(("name", "image_set", "size"), MISFITTING)
def test_strides_that_do_not_fit_a_size_are_named(name, image_set, size):
    decoder = preset(name).autoencoder.decoder
    at = next(i for i, layer in enumerate(decoder) if layer.kind == "reshape")
    rest = ", ".join(map(str, decoder[at + 1 :]))
    with refused("decoder_end", value=rest, height=size, side=size):
        of_size(preset(name), image_set, size)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_already_fits(name):
    spec = preset(name)
    assert match_decoder(spec.autoencoder, image_shape(spec)) == spec.autoencoder


@given(
    st.sampled_from(["conv8/2", "conv4", "pool2", "conv8/2, pool2"]),
    st.sampled_from(["convT4/2", "up2, conv3", "convT5/2, convT3/2", "conv2", "up4"]),
    st.sampled_from(["", "dense40"]),
    st.sampled_from(["dense", "feature_map"]),
    st.integers(1, 8).map(lambda n: 4 * n),
    st.sampled_from([1, 3]),
)
def test_fitting_ends_at_the_picture_and_again_changes_nothing(
    encoder, after, before, code, side, channels
):
    decoder = ", ".join(filter(None, [before, "reshape5x5x2", after]))
    spec = AutoencoderSpec(parse_layers(encoder), parse_layers(decoder), 7, code_type=code)
    fitted = match_decoder(spec, (side, side, channels))
    assert infer_shapes(fitted, (side, side, channels))[-1].shape == (side, side, channels)
    assert match_decoder(fitted, (side, side, channels)) == fitted
    assert fitted.encoder == spec.encoder
    if code == "dense":
        assert fitted.latent_dim == 7


# --- one setting after the other --------------------------------------------------------------


@st.composite
def clicks(draw):
    """A preset, and settings that a visitor then chooses from lists, one after the other."""
    names = ["bottleneck", "loss", "output_activation", "noise_kind", "activation", "optimizer"]
    chosen = draw(st.lists(st.sampled_from(names), max_size=5))
    return preset(draw(st.sampled_from(sorted(PRESETS)))), [
        (name, draw(st.sampled_from(CHOICES[name]))) for name in chosen
    ]


@given(clicks())
def test_a_click_gives_a_network_that_can_be_built_or_is_refused_by_name(case):
    spec, chosen = case
    for name, value in chosen:
        try:
            spec = apply_setting(spec, name, value)
        except UserError as error:
            check(error, error.key)
        infer_shapes(spec.autoencoder, image_shape(spec))
        assert from_json(to_json(spec)) == spec


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_made_variational_sparse_and_plain_again(name):
    spec = preset(name)
    variational = apply_setting(spec, "bottleneck", "variational")
    assert variational.autoencoder.bottleneck == "variational"
    assert variational.autoencoder.code_type == "dense"
    assert LOSSES[variational.loss].is_likelihood
    sparse = apply_setting(variational, "bottleneck", "sparse")
    assert sparse.autoencoder.sparsity > 0
    assert apply_setting(sparse, "bottleneck", "plain").autoencoder.bottleneck == "plain"


@pytest.mark.parametrize("name", PRESETS)
def test_every_loss_can_be_chosen_for_every_plain_preset(name):
    spec = apply_setting(preset(name), "bottleneck", "plain")
    for loss in CHOICES["loss"]:
        assert apply_setting(spec, "loss", loss).loss == loss


@pytest.mark.parametrize("kind", CHOICES["noise_kind"])
def test_every_corruption_can_be_chosen_and_has_an_effect(kind):
    layered = change(TrainingSpec(), noise_kind="gaussian", noise_amount=0.3, noise_stage="layer")
    corruption = apply_setting(layered, "noise_kind", kind).corruption
    assert corruption.noise_kind == kind
    assert corruption.noise_amount == (0.0 if kind == "none" else 0.3)
    assert apply_setting(TrainingSpec(), "noise_kind", kind).corruption.noise_amount == (
        0.0 if kind == "none" else 0.2
    )


def test_pixels_up_to_255_bring_an_output_that_reaches_them():
    spec = apply_setting(preset("mnist-shallow"), "pixel_scale", 255)
    assert (spec.autoencoder.pixel_scale, spec.autoencoder.output_activation) == (255, "relu")
    assert spec.loss == "mse"


def test_another_set_brings_its_own_size():
    spec = apply_setting(preset("digits-dense"), "image_set", "mnist")
    assert (spec.image_set, image_shape(spec)) == ("mnist", (28, 28, 1))


@pytest.mark.parametrize("name", ["digits-dense", "toy-faces-vae", "mnist-conv"])
def test_every_set_can_be_chosen_from_the_first_presets(name):
    for image_set, card in IMAGE_SETS.items():
        if any(strides_fit(name, size) for size in card.sizes):
            assert apply_setting(preset(name), "image_set", image_set).image_set == image_set


def test_a_setting_that_needs_nothing_else_changes_nothing_else():
    spec = preset("mnist-dense")
    assert apply_setting(spec, "epochs", 3) == change(spec, epochs=3)


def test_a_map_code_keeps_the_size_of_its_map():
    spec = apply_setting(preset("mnist-conv"), "encoder", "conv16, pool2, pool2, conv8")
    assert spec.autoencoder.latent_dim == 7 * 7 * 8
    spec = apply_setting(spec, "encoder", "conv16, pool2, conv8")
    assert spec.autoencoder.latent_dim == 14 * 14 * 8


def test_a_stride_that_does_not_fit_the_size():
    with refused("decoder_end", value="conv8, up3", height=28, side=28):
        apply_setting(preset("mnist-conv"), "decoder", "reshape7x7x8, conv8, up3")


@pytest.mark.parametrize(("image_set", "size"), SIZES)
@pytest.mark.parametrize("body", ["dense", "conv"])
def test_every_body_can_be_had_at_every_size(image_set, size, body):
    spec = apply_body(TrainingSpec(image_set=image_set, image_size=size), body)
    assert spec.autoencoder.body == body
    assert infer_shapes(spec.autoencoder, (size, size, 1))[-1].shape == (size, size, 1)
    assert from_json(to_json(spec)) == spec


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("body", ["dense", "conv"])
def test_every_body_can_be_had_from_every_preset(name, body):
    spec = apply_body(preset(name), body)
    assert spec.autoencoder.body == body
    assert spec.autoencoder.bottleneck == preset(name).autoencoder.bottleneck


def test_image_shape_of_unknown_sets_and_sizes():
    assert image_shape(TrainingSpec(image_set="digits")) == (8, 8, 1)
    assert image_shape(TrainingSpec(image_set="digits", image_size=16)) == (16, 16, 1)
    with refused("one_of", name="image_set", value="foo", choices=tuple(IMAGE_SETS)):
        image_shape(TrainingSpec(image_set="foo"))
    with refused("one_of_for", name="image_size", value=9, choices=(8, 16, 32)):
        image_shape(TrainingSpec(image_set="digits", image_size=9))


@pytest.mark.parametrize("name", PRESETS)
def test_plan_of_is_the_plan_on_the_spec_s_own_pictures(name):
    spec = preset(name)
    assert network_shapes(spec) == infer_shapes(spec.autoencoder, image_shape(spec))


LINKS = [
    ({"preset": "mnist-conv", "decoder": "reshape7x7x8, conv8, up3"}, "decoder_pixels"),
    ({"preset": "mnist-conv", "latent_dim": "10"}, "map_size"),
    ({"image_set": "foo"}, "one_of"),
    ({"image_size": "9"}, "one_of_for"),
]


@pytest.mark.parametrize(("query", "key"), LINKS)
def test_a_link_whose_network_does_not_fit_is_refused_by_its_plan(query, key):
    with refused(key):
        network_shapes(from_query(query))
