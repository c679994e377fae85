"""Changes one setting of a spec, and adapts the others so that its network can still be built.

For example, a decoder has to end at the image's size, and a variational bottleneck needs a
likelihood: a visitor who changes one setting sees no error about another one.
"""

from collections.abc import Mapping
from dataclasses import replace

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.models.shapes import LayerShape, Shape, infer_shapes, side_after
from ae_core.specs import AutoencoderSpec, Layer, TrainingSpec, change, parse_layers
from ae_core.specs.losses import LOSSES, loss_for
from ae_core.specs.noise import NOISES
from ae_core.specs.serialization import Value

DEFAULT_AMOUNT = 0.2
DEFAULT_SPARSITY = 1e-4
REQUIRED_WITH_PCA: Mapping[str, Value] = {
    "code_type": "dense",
    "code_activation": "linear",
    "output_activation": "linear",
}


def image_shape(spec: TrainingSpec) -> tuple[int, int, int]:
    """Return (H, W, C) of a spec's training images.

    Raises:
        UserError: the image set or the size is unknown.
    """
    known = card(spec.image_set)
    side = known.side(spec.image_size)
    return side, side, known.channels_for(spec.channels)


def network_shapes(spec: TrainingSpec) -> tuple[LayerShape, ...]:
    """Return the layers of a spec's network for the images of its set.

    Raises:
        UserError: the image set or size is unknown, or the layers do not fit.
    """
    return infer_shapes(spec.autoencoder, image_shape(spec))


def apply_setting(spec: TrainingSpec, name: str, value: Value) -> TrainingSpec:
    """Change one setting, and the others that depend on it.

    Raises:
        UserError: the value is not allowed, or these decoder layers cannot be made to fit.
    """
    together: dict[str, Value] = {name: value}
    network, loss = spec.autoencoder, LOSSES[spec.loss]
    without_sigmoid = loss_for(is_likelihood=loss.is_likelihood, needs_sigmoid=False)
    if name == "image_set":
        together["channels"] = card(str(value)).channels_for(spec.channels)
        together["image_size"] = _fitting_size(spec, str(value))
    if name == "bottleneck" and value == "variational":
        together["code_type"] = "dense"
        if not loss.is_likelihood:
            sigmoid = network.output_activation == "sigmoid"
            together["loss"] = loss_for(is_likelihood=True, needs_sigmoid=sigmoid)
    if name == "bottleneck" and value == "sparse" and network.sparsity == 0:
        together["sparsity"] = DEFAULT_SPARSITY
    if name == "loss" and value in LOSSES and LOSSES[str(value)].needs_sigmoid:
        together |= {"output_activation": "sigmoid", "pixel_scale": 1}
    if name == "output_activation" and value != "sigmoid" and loss.needs_sigmoid:
        together["loss"] = without_sigmoid
    if name == "pixel_scale" and int(value) == 255:
        together["output_activation"] = "relu"
        together["loss"] = loss_for(is_likelihood=network.is_variational, needs_sigmoid=False)
    if name == "pca_components" and value:
        together |= REQUIRED_WITH_PCA
        if loss.needs_sigmoid:
            together["loss"] = without_sigmoid
    elif any(together.get(other, wanted) != wanted for other, wanted in REQUIRED_WITH_PCA.items()):
        together["pca_components"] = 0
    if name == "noise_kind":
        together["noise_amount"] = (
            0.0 if value == "none" else spec.corruption.noise_amount or DEFAULT_AMOUNT
        )
        if value in NOISES and not NOISES[str(value)].layer:
            together["noise_stage"] = "batch"
    changed = change(spec, **together)
    fitted = match_decoder(changed.autoencoder, image_shape(changed))
    return replace(changed, autoencoder=fitted)


def with_fitting_decoder(spec: TrainingSpec) -> TrainingSpec:
    """Return a spec whose decoder ends at its images' size, and with colours that the set offers.

    A link or a lesson may change the set or the size alone: whoever writes it does not know what
    else depends on it.

    Raises:
        UserError: see `match_decoder`.
    """
    spec = replace(spec, channels=image_shape(spec)[2])
    try:
        network_shapes(spec)
    except UserError:
        return replace(spec, autoencoder=match_decoder(spec.autoencoder, image_shape(spec)))
    return spec


def _fitting_size(spec: TrainingSpec, image_set: str) -> int:
    """Return the image size of a set that fits the network, the native one if possible."""
    for size in (0, *card(image_set).sizes):
        changed = change(spec, image_set=image_set, image_size=size)
        try:
            match_decoder(changed.autoencoder, image_shape(changed))
        except UserError:
            continue
        return size
    return 0  # no size fits: the native one gives an error that says why


def apply_body(spec: TrainingSpec, body: str) -> TrainingSpec:
    """Give a spec the default layers of a body, ``dense`` or ``conv``."""
    side = image_shape(spec)[0]
    if body == "dense":
        encoder, decoder = "dense256", "dense256"
    else:
        small = -(-side // 4)
        encoder = "conv32/2, conv64/2"
        decoder = f"dense{small * small * 64}, reshape{small}x{small}x64, convT64/2, convT32/2"
    network = replace(
        spec.autoencoder,
        encoder=parse_layers(encoder),
        decoder=parse_layers(decoder),
        code_type="dense",
        pca_components=spec.autoencoder.pca_components if body == "dense" else 0,
    )
    return replace(spec, autoencoder=match_decoder(network, image_shape(spec)))


def match_decoder(spec: AutoencoderSpec, shape: Shape) -> AutoencoderSpec:
    """Adapt the decoder's reshape, and the size of a feature-map code, to images (H, W, C).

    Raises:
        UserError: no reshape makes this decoder end at H×W.
    """
    fitted = _with_map_size(spec, shape)
    at = next((i for i, layer in enumerate(fitted.decoder) if layer.kind == "reshape"), None)
    if at is not None:
        reshape = _fitting_reshape(fitted.decoder, at, shape)
        before = fitted.decoder[:at]
        needed = reshape.shape[0] * reshape.shape[1] * reshape.shape[2]
        if before:
            before = (*before[:-1], replace(before[-1], width=needed))
        elif fitted.latent_dim != needed:  # only the code has another size
            before = (Layer("dense", width=needed),)
        fitted = replace(fitted, decoder=(*before, reshape, *fitted.decoder[at + 1 :]))
    infer_shapes(fitted, shape)
    return fitted


def _with_map_size(spec: AutoencoderSpec, shape: Shape) -> AutoencoderSpec:
    if spec.code_type != "feature_map" or any(layer.kind == "dense" for layer in spec.encoder):
        return spec  # `infer_shapes` refuses a dense layer before a feature-map code
    height, width, channels = shape
    for layer in spec.encoder:
        height, width = side_after(layer, height), side_after(layer, width)
        channels = layer.width or channels
    return replace(spec, latent_dim=height * width * channels)


def _fitting_reshape(decoder: tuple[Layer, ...], at: int, shape: Shape) -> Layer:
    """Return the reshape from which the decoder's other layers reach the image's size."""
    for side in range(1, shape[0] + 1):
        end = side
        for layer in decoder[at + 1 :]:
            end = side_after(layer, end)
        if end == shape[0]:
            return Layer("reshape", shape=(side, side, decoder[at].shape[2]))
    rest = ", ".join(map(str, decoder[at + 1 :]))
    raise UserError("decoder_end", value=rest, height=shape[0], width=shape[1], side=shape[0])
