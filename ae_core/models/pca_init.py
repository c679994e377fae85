"""Initializes a network with a PCA: its linear bypass starts as the principal components."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ae_core.errors import UserError
from ae_core.models.baselines import fit_pca
from ae_core.specs import AutoencoderSpec
from ae_core.specs.losses import Loss

if TYPE_CHECKING:  # the server copies this source into scripts without loading Keras
    from ae_core.models.networks import Networks


def encoder_projection(outward: np.ndarray, mean: np.ndarray) -> list[np.ndarray]:
    """Return kernel (P, K) and bias (K,) of the layer that projects images on the components.

    Args:
        outward: (K, P), orthogonal rows: the kernel of the layer that reconstructs images.
        mean: (P,), the bias of that layer.
    """
    inward = (outward / np.square(outward).sum(axis=1, keepdims=True)).T
    return [inward.astype("float32"), (-mean @ inward).astype("float32")]


def without_encoder_projection(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights without those that `with_encoder_projection` can compute."""
    return {name: array for name, array in weights.items() if not name.startswith("encoder_0/")}


def with_encoder_projection(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights and the encoder's projection, computed from the decoder's last layer."""
    kernel, bias = encoder_projection(weights["output/kernel"], weights["output/bias"])
    return {"encoder_0/kernel": kernel, "encoder_0/bias": bias, **weights}


def pca_weights(
    flat: np.ndarray, mean: np.ndarray, axes: np.ndarray, latent_dim: int, pixel_scale: int
) -> list[list[np.ndarray]]:
    """Return weights that make four linear layers a principal component analysis.

    Codes are whitened: each latent dimension starts with variance 1 over the training images, so
    that a variational code starts near its prior. Coordinates are only partly whitened: large
    ones stay a little larger.

    Args:
        flat: (N, P) the training images.
        mean: (P,) their mean.
        axes: (K, P) their principal components.
        latent_dim: D, at most K.
        pixel_scale: the network sees pixels in [0, pixel_scale].

    Returns:
        The weights of the layers from pixels to K coordinates, from coordinates to D latent
        dimensions, from these to coordinates, and from coordinates to pixels.
    """
    # A smaller deviation is rounding noise.
    deviations = np.maximum(np.std((flat - mean) @ axes.T, axis=0), 1e-6)
    scales = np.sqrt(deviations * deviations[0])
    outward, mean = axes * scales[:, np.newaxis] * pixel_scale, mean * pixel_scale
    whitening = np.eye(len(axes), latent_dim) * (scales / deviations)[:, np.newaxis]
    coloring = np.eye(latent_dim, len(axes)) * (deviations / scales)
    return [encoder_projection(outward, mean), [whitening], [coloring], [outward, mean]]


def weighted_codes(
    coordinates: np.ndarray, outward: np.ndarray, importance: np.ndarray, latent_dim: int
) -> list[list[np.ndarray]]:
    """Return other weights between coordinates and codes, if some pixels count more than others.

    Of all D directions of the coordinates, the codes are those from which images return with the
    smallest weighted squared error: a principal component analysis of the weighted images.

    Args:
        coordinates: (N, K), uncorrelated.
        outward: (K, P), from coordinates to pixels.
        importance: (P,) above 0, the weights of the pixels' squared errors.
        latent_dim: D, at most K.
    """
    # With y = rootᵀ·coordinates, |y|² is the weighted squared length of an image.
    root = np.linalg.cholesky((outward * importance).astype("float64") @ outward.T)
    variances, turn = np.linalg.eigh((root.T * np.var(coordinates, axis=0)) @ root)
    kept = np.argsort(-variances)[:latent_dim]
    spread, turn = np.sqrt(np.maximum(variances[kept], 1e-12)), turn[:, kept]
    return [[root @ turn / spread], [spread[:, np.newaxis] * np.linalg.solve(root.T, turn).T]]


def importance(loss: Loss, height: int, width: int, channels: int) -> np.ndarray:
    """Return how much the squared error of each pixel counts in a loss: (H·W·C,), 1/σ_p²."""
    assert loss.log_sigmas is not None
    weights = np.exp(-2 * loss.log_sigmas(height, width, 1.0, np))
    return np.broadcast_to(weights, (height, width, channels)).reshape(-1)


def init_from_pca(
    spec: AutoencoderSpec, networks: "Networks", images: np.ndarray, loss: Loss
) -> None:
    """Set the linear layers to the principal components, and the other layers to add nothing.

    Args:
        spec: the network, with ``pca_components`` > 0.
        networks: networks from `ae_core.models.networks.build`, changed in place.
        images: (N, H, W, C) in [0, 1], the training images.
        loss: the loss of the training: the pixels that count more in it count more here, too.

    Raises:
        UserError: there are more components than images or pixels.
    """
    flat = images.reshape(len(images), -1)
    if spec.pca_components > min(flat.shape):
        raise UserError(
            "components_pictures",
            value=spec.pca_components,
            most=min(flat.shape),
            images=len(flat),
            pixels=flat.shape[1],
        )
    pca = fit_pca(images, spec.pca_components)
    weights = pca_weights(flat, pca.mean, pca.components, spec.latent_dim, spec.pixel_scale)
    if loss.log_sigmas is not None:
        (inward, bias), (outward, _) = weights[0], weights[3]
        coordinates = (flat * spec.pixel_scale) @ inward + bias
        counts = importance(loss, *images.shape[1:])
        weights[1:3] = weighted_codes(coordinates, outward, counts, spec.latent_dim)
    encoder, decoder = networks.encoder, networks.decoder
    linear = (
        encoder.get_layer("encoder_0"),
        encoder.get_layer("encoder_shortcut"),
        decoder.get_layer("decoder_shortcut"),
        decoder.get_layer("output"),
    )
    for layer, values in zip(linear, weights, strict=True):
        layer.set_weights(values)
    code = encoder.get_layer("z_mean" if spec.is_variational else "code")
    for layer in (code, decoder.get_layer(f"decoder_{len(spec.decoder)}")):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
