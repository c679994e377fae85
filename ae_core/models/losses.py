"""The losses, one value a picture, on Keras tensors.

Shapes: target and output (N, H, W, C), codes (N, D); every function returns (N,) unless it says
otherwise. Likelihoods and the KL divergence are in nats per picture.
"""

import math
from typing import Any

from keras import ops

Tensor = Any


def reconstruction(loss: str, target: Tensor, output: Tensor, sigma: float) -> Tensor:
    """Return the reconstruction loss of each picture.

    ``mse`` and ``mae``: mean over the pixels. ``l2``: ½·Σ(x̂−x)² over the pixels. ``bce``: the
    cross-entropy −x·log x̂ − (1−x)·log(1−x̂), mean over the pixels. ``bernoulli-nll``: the same,
    summed; not formally a likelihood for pixels between 0 and 1, as a Bernoulli variable is
    binary. ``gaussian-nll``: −log N(x; x̂, σ²), summed (arXiv 1312.6114, appendix C.2).

    Args:
        loss: one of ``CHOICES["loss"]``.
        target: the clean pictures, on the network's pixel scale.
        output: what the decoder made of them.
        sigma: the fixed standard deviation of ``gaussian-nll``.
    """
    pixels = (1, 2, 3)
    if loss == "mse":
        return ops.mean(ops.square(output - target), axis=pixels)
    if loss == "l2":
        return 0.5 * ops.sum(ops.square(output - target), axis=pixels)
    if loss == "mae":
        return ops.mean(ops.abs(output - target), axis=pixels)
    if loss == "gaussian-nll":
        constant = math.log(sigma) + 0.5 * math.log(2 * math.pi)
        return ops.sum(0.5 * ops.square((output - target) / sigma) + constant, axis=pixels)
    entropy = ops.binary_crossentropy(target, output)
    return (ops.mean if loss == "bce" else ops.sum)(entropy, axis=pixels)


def kl_per_dimension(mean: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) of each code number, (N, D).

    ½·(μ² + σ² − log σ² − 1), arXiv 1312.6114 appendix B.
    """
    return 0.5 * (ops.square(mean) + ops.exp(log_var) - log_var - 1.0)


def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(q(z|x) ‖ N(0, I)): the sum over the code's numbers."""
    return ops.sum(kl_per_dimension(mean, log_var), axis=1)


def total_correlation(mean: Tensor, log_var: Tensor, codes: Tensor) -> Tensor:
    """Return log q(z) − Σ log q(z_d) at each code: how much the numbers depend on each other.

    q(z) is estimated by the batch, as the mixture of its N posteriors; the mean of the result is
    the total correlation, in nats (arXiv 1802.04942, equation 2, whose minibatch-weighted estimate
    differs from this one by a constant). It grows with N: compare only batches of one size.
    """
    # log q(z_n,d | x_m,d), (N, N, D)
    apart = ops.square(codes[:, None] - mean[None]) * ops.exp(-log_var)[None]
    densities = -0.5 * (apart + log_var[None] + math.log(2 * math.pi))
    count = ops.log(ops.cast(ops.shape(mean)[0], "float32"))
    together = ops.logsumexp(ops.sum(densities, axis=2), axis=1) - count
    return together - ops.sum(ops.logsumexp(densities, axis=1) - count, axis=1)


def sparsity_penalty(codes: Tensor) -> Tensor:
    """Return Σ|z|, the L1 norm of each code, as Keras' L1 activity regulariser takes it."""
    return ops.sum(ops.abs(codes), axis=1)
