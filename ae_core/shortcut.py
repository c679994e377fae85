"""Starts an autoencoder's linear shortcut as the principal component analysis of its pictures."""

import numpy as np

from ae_core.architectures import Networks
from ae_core.baselines import fit_pca
from ae_core.specs import AutoencoderSpec

LEAST_VARIANCE = 1e-12  # below it a component is noise of the arithmetic


def start_as_pca(spec: AutoencoderSpec, networks: Networks, pictures: np.ndarray) -> None:
    """Give the shortcut the principal components, and let the layers start by adding nothing.

    Codes are whitened: each of their numbers starts with variance 1 over the training pictures,
    so that the layers see numbers of one size and a variational code starts near its prior.

    Args:
        spec: the network, with ``shortcut="pca"``.
        networks: as `ae_core.architectures.build` makes them; changed.
        pictures: (N, H, W, C) in [0, 1] for training.

    Raises:
        ValueError: the code has more numbers than there are pictures or pixels.
    """
    flat = pictures.reshape(len(pictures), -1)
    if spec.latent_dim > min(flat.shape):
        raise ValueError(
            f"latent_dim={spec.latent_dim} must be at most {min(flat.shape)} with shortcut=pca: "
            f"there are {len(flat)} training pictures of {flat.shape[1]} numbers"
        )
    found = fit_pca(pictures, spec.latent_dim)
    variances = np.var((flat - found.mean) @ found.components.T, axis=0)
    deviations = np.sqrt(np.maximum(variances, LEAST_VARIANCE))
    inward = found.components.T / deviations  # (pixels, D)
    encoder, decoder = networks.encoder, networks.decoder
    code = encoder.get_layer("z_mean" if spec.bottleneck == "variational" else "code")
    encoder.get_layer("encoder_shortcut").kernel.assign(inward / spec.pixel_scale)
    code.kernel.assign(np.zeros(code.kernel.shape))
    code.bias.assign(-found.mean @ inward)
    back = decoder.get_layer("decoder_shortcut")
    back.kernel.assign(found.components * deviations[:, np.newaxis] * spec.pixel_scale)
    back.bias.assign(found.mean * spec.pixel_scale)
    output = decoder.get_layer("output")
    output.kernel.assign(np.zeros(output.kernel.shape))
