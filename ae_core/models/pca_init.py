"""Starts a network between principal components as the principal component analysis itself."""

from collections.abc import Mapping

import numpy as np

from ae_core.errors import UserError
from ae_core.models.baselines import fit_pca
from ae_core.models.networks import Networks
from ae_core.specs import AutoencoderSpec

MIN_DEVIATION = 1e-6  # standard deviation: below it a component is noise of the arithmetic


def encoder_projection(outward: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel (P, K) and bias (K,) of the layer that takes pictures apart.

    Args:
        outward: (K, P), orthogonal rows: the kernel of the layer that puts them together.
        mean: (P,), its bias.
    """
    inward = (outward / np.square(outward).sum(axis=1, keepdims=True)).T
    return inward.astype(np.float32), (-mean @ inward).astype(np.float32)


def without_encoder_projection(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Leave out what `with_encoder_projection` can work out."""
    return {name: array for name, array in weights.items() if not name.startswith("encoder_0/")}


def with_encoder_projection(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a network between components, whole again."""
    kernel, bias = encoder_projection(weights["output/kernel"], weights["output/bias"])
    return {"encoder_0/kernel": kernel, "encoder_0/bias": bias, **weights}


def init_from_pca(spec: AutoencoderSpec, networks: Networks, pictures: np.ndarray) -> None:
    """Give the linear layers the principal components, and let the others start by adding nothing.

    Codes are whitened: each of their numbers starts with variance 1 over the training pictures,
    so that the decoder's layers see numbers of one size and a variational code starts near its
    prior. Coordinates are whitened half-way: the layers see large components larger.

    Args:
        spec: the network, with ``components`` > 0.
        networks: as `ae_core.models.networks.build` makes them; changed.
        pictures: (N, H, W, C) in [0, 1] for training.

    Raises:
        UserError: there are more components than pictures or pixels.
    """
    flat = pictures.reshape(len(pictures), -1)
    if spec.pca_components > min(flat.shape):
        raise UserError(
            "components_pictures",
            value=spec.pca_components,
            most=min(flat.shape),
            images=len(flat),
            pixels=flat.shape[1],
        )
    found = fit_pca(pictures, spec.pca_components)
    deviations = np.maximum(np.std((flat - found.mean) @ found.components.T, axis=0), MIN_DEVIATION)
    scales = np.sqrt(deviations * deviations[0])  # of the coordinates
    outward = found.components * scales[:, np.newaxis] * spec.pixel_scale
    kernel, bias = encoder_projection(outward, found.mean * spec.pixel_scale)
    whitening = np.eye(spec.pca_components, spec.latent_dim) * (scales / deviations)[:, np.newaxis]

    encoder, decoder = networks.encoder, networks.decoder
    first, last = encoder.get_layer("encoder_0"), decoder.get_layer(f"decoder_{len(spec.decoder)}")
    first.kernel.assign(kernel)
    first.bias.assign(bias)
    encoder.get_layer("encoder_shortcut").kernel.assign(whitening)
    code = encoder.get_layer("z_mean" if spec.bottleneck == "variational" else "code")
    for layer in (code, last):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    coloured = np.eye(spec.latent_dim, spec.pca_components) * (deviations / scales)
    decoder.get_layer("decoder_shortcut").kernel.assign(coloured)
    output = decoder.get_layer("output")
    output.kernel.assign(outward)
    output.bias.assign(found.mean * spec.pixel_scale)
