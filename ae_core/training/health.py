"""Health metrics of a network in training, from the codes and outputs of a few images.

`ae_core.diagnosis.doctor` reads them epoch by epoch. Letters: N images, H height, W width,
C channels, D latent dimensions.
"""

import numpy as np

from ae_core.latent import statistics
from ae_core.specs import AutoencoderSpec

NAMES = ("output_mean", "output_spread", "explained", "used_dimensions", "saturated_share")
MIN_SAMPLE, MAX_SAMPLE = 16, 100  # images per epoch: enough for a variance
IMAGES_PER_SAMPLE = 20  # training images per sampled one: the metrics cost at most 2 % of an epoch
# A sigmoid or tanh with at most this share of its steepest slope hardly learns.
FLAT_SLOPE = 0.04  # a sigmoid below 0.01 or above 0.99, a tanh beyond ±0.98


def subsample(images: np.ndarray, trained: int) -> np.ndarray:
    """Return a few evenly spaced images from (N, H, W, C), because sets may be sorted.

    Args:
        images: all images.
        trained: the number of training images per epoch.
    """
    count = min(max(trained // IMAGES_PER_SAMPLE, MIN_SAMPLE), MAX_SAMPLE)
    return images[:: -(-len(images) // count)]


def health_metrics(
    spec: AutoencoderSpec, images: np.ndarray, codes: np.ndarray, output: np.ndarray
) -> dict[str, float]:
    """Return the health metrics of a network by name.

    Args:
        spec: the network's spec.
        images: (N, H, W, C) in [0, 1], the encoder's input.
        codes: (N, D), for a variational bottleneck the means.
        output: (N, H, W, C) in [0, 1].

    Returns:
        ``output_mean``: the mean over all pixels, in [0, 1]. ``output_spread``: the spread of the
        outputs relative to that of the images, 0 for constant outputs. ``explained``: the share of
        the images' variance that the outputs reproduce, at most 1; 0 or less is no better than the
        mean image. These two require different images. ``used_dimensions``: the number of latent
        dimensions in use, for a variational bottleneck. ``saturated_share``: the share of code
        values, in [0, 1], whose sigmoid or tanh is almost flat.
    """
    metrics = {"output_mean": float(output.mean(dtype=np.float64))}
    variance = images.var(axis=0, dtype=np.float64).mean()
    if variance > 0:
        spread = output.var(axis=0, dtype=np.float64).mean()
        error = np.square(output - images, dtype=np.float64).mean()
        metrics["output_spread"] = float(np.sqrt(spread / variance))
        metrics["explained"] = float(1 - error / variance)
    if spec.is_variational:
        metrics["used_dimensions"] = float(statistics.active_units(codes).sum())
    slope = _slope(spec, codes)
    if slope is not None:
        metrics["saturated_share"] = float((slope < FLAT_SLOPE).mean())
    return metrics


def _slope(spec: AutoencoderSpec, codes: np.ndarray) -> np.ndarray | None:
    """Return the relative slope of the code's activation in (0, 1], (N, D); None if never flat."""
    if spec.is_variational:
        return None
    activation = spec.activation if spec.code_type == "feature_map" else spec.code_activation
    if activation == "sigmoid":
        return np.asarray(4 * codes * (1 - codes))
    return np.asarray(1 - np.square(codes)) if activation == "tanh" else None
