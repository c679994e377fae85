"""What a look at some pictures' codes and outputs tells of a network: a few plain numbers.

`ae_core.diagnosis.doctor` reads them epoch by epoch. It knows arrays only, not the network that
made them.

Letters: N pictures, H height, W width, C channels, D latent dimensions.
"""

import numpy as np

from ae_core.latent import statistics
from ae_core.specs import AutoencoderSpec

NAMES = ("output_mean", "output_spread", "explained", "used_dimensions", "saturated_share")
EXAMINED = (16, 100)  # pictures after every epoch, at least and at most: enough for a variance
TRAINED = 20  # pictures for each of them: looking then costs an epoch two per cent, or less
# A sigmoid or a tanh passes this share of its steepest slope back, or less: it hardly learns.
FLAT_SLOPE = 0.04  # a sigmoid below 0.01 or above 0.99, a tanh beyond ±0.98


def chosen(pictures: np.ndarray, trained: int) -> np.ndarray:
    """Return a few of pictures (N, H, W, C), spread over all: sets may be sorted.

    Args:
        pictures: to choose from.
        trained: how many pictures an epoch trains on.
    """
    least, most = EXAMINED
    count = min(max(trained // TRAINED, least), most)
    return pictures[:: -(-len(pictures) // count)]


def vital_signs(
    spec: AutoencoderSpec, images: np.ndarray, codes: np.ndarray, output: np.ndarray
) -> dict[str, float]:
    """Return the vital signs of a network.

    Args:
        spec: of the network.
        images: (N, H, W, C) in [0, 1], as the encoder got them.
        codes: (N, D), the means for a variational bottleneck.
        output: (N, H, W, C) in [0, 1].

    Returns:
        ``output_mean``, over all pixels, in [0, 1]; ``output_spread``, how much the outputs differ
        from each other, 1 for as much as the pictures do and 0 for not at all; ``explained``, the
        share of the pictures' variance that the outputs have right, 1 for all of it, 0 or less
        for nothing beyond the mean picture; these two only where the pictures differ;
        ``used_dimensions`` of a variational bottleneck; ``saturated_share`` of code numbers
        whose sigmoid or tanh is almost flat, in [0, 1].
    """
    signs = {"output_mean": float(output.mean(dtype=np.float64))}
    variance = images.var(axis=0, dtype=np.float64).mean()
    if variance > 0:
        spread = output.var(axis=0, dtype=np.float64).mean()
        error = np.square(output - images, dtype=np.float64).mean()
        signs["output_spread"] = float(np.sqrt(spread / variance))
        signs["explained"] = float(1 - error / variance)
    if spec.bottleneck == "variational":
        signs["used_dimensions"] = float(statistics.active_units(codes).sum())
    slope = _slope(spec, codes)
    if slope is not None:
        signs["saturated_share"] = float((slope < FLAT_SLOPE).mean())
    return signs


def _slope(spec: AutoencoderSpec, codes: np.ndarray) -> np.ndarray | None:
    """Return the slope of the code's activation in (0, 1], (N, D); None if it never flattens."""
    if spec.bottleneck == "variational":
        return None
    activation = spec.activation if spec.code_type == "feature_map" else spec.code_activation
    if activation == "sigmoid":
        return np.asarray(4 * codes * (1 - codes))
    return np.asarray(1 - np.square(codes)) if activation == "tanh" else None
