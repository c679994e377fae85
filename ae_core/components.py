"""Starts a network between principal components as the principal component analysis itself."""

import numpy as np

from ae_core.architectures import Networks
from ae_core.baselines import fit_pca
from ae_core.specs import AutoencoderSpec

LEAST = 1e-6  # standard deviation: below it a component is noise of the arithmetic


def start_as_pca(spec: AutoencoderSpec, networks: Networks, pictures: np.ndarray) -> None:
    """Give the linear layers the principal components, and let the others start by adding nothing.

    Codes are whitened: each of their numbers starts with variance 1 over the training pictures,
    so that the decoder's layers see numbers of one size and a variational code starts near its
    prior. Coordinates are whitened half-way: the layers see large components larger.

    Args:
        spec: the network, with ``components`` > 0.
        networks: as `ae_core.architectures.build` makes them; changed.
        pictures: (N, H, W, C) in [0, 1] for training.

    Raises:
        ValueError: there are more components than pictures or pixels.
    """
    flat = pictures.reshape(len(pictures), -1)
    if spec.components > min(flat.shape):
        raise ValueError(
            f"components={spec.components} must be at most {min(flat.shape)}: there are "
            f"{len(flat)} training pictures of {flat.shape[1]} numbers"
        )
    found = fit_pca(pictures, spec.components)
    deviations = np.maximum(np.std((flat - found.mean) @ found.components.T, axis=0), LEAST)
    scales = np.sqrt(deviations * deviations[0])  # of the coordinates
    inward = found.components.T / scales  # (pixels, K)
    whitening = np.eye(spec.components, spec.latent_dim) * (scales / deviations)[:, np.newaxis]

    encoder, decoder = networks.encoder, networks.decoder
    first, last = encoder.get_layer("encoder_0"), decoder.get_layer(f"decoder_{len(spec.decoder)}")
    first.kernel.assign(inward / spec.pixel_scale)
    first.bias.assign(-found.mean @ inward)
    encoder.get_layer("encoder_shortcut").kernel.assign(whitening)
    code = encoder.get_layer("z_mean" if spec.bottleneck == "variational" else "code")
    for layer in (code, last):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    coloured = np.eye(spec.latent_dim, spec.components) * (deviations / scales)
    decoder.get_layer("decoder_shortcut").kernel.assign(coloured)
    output = decoder.get_layer("output")
    output.kernel.assign(found.components * scales[:, np.newaxis] * spec.pixel_scale)
    output.bias.assign(found.mean * spec.pixel_scale)
