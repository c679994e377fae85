"""The registry of losses and of bottlenecks' terms: equations on arrays, one row each.

To add a loss, write its function and its row in `LOSSES`, and name it in
``assets/text/<language>/settings.toml``. Pages, formulas, training and the exported script read the
row; the script copies the function's source, so annotate its arguments and its result, use nothing
but its arguments and `math`, and call another function of this module with ``ops`` last. A row says
which outputs its loss needs (``needs_sigmoid``); `loss_for` prefers the first row of a kind.

Shapes: images ``x`` and reconstructions ``x_hat`` (N, H, W, C) on the network's pixel scale, codes
``z``, their ``mean`` and ``log_var`` (N, D); a function returns one value per image, (N,), unless
stated otherwise. Likelihoods and divergences are in nats per image. ``ops`` is `keras.ops`, an
argument so that the server can read the rows without Keras; functions that need only common
operations also accept NumPy.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Array = Any  # a Keras tensor


def mse(x: Array, x_hat: Array, ops: Any) -> Array:
    """Return the mean of (x̂ − x)² over the pixels."""
    return ops.mean(ops.square(x_hat - x), axis=(1, 2, 3))


def l2(x: Array, x_hat: Array, ops: Any) -> Array:
    """Return ½·Σ(x̂ − x)² over the pixels."""
    return 0.5 * ops.sum(ops.square(x_hat - x), axis=(1, 2, 3))


def mae(x: Array, x_hat: Array, ops: Any) -> Array:
    """Return the mean of |x̂ − x| over the pixels."""
    return ops.mean(ops.abs(x_hat - x), axis=(1, 2, 3))


def bce(x: Array, x_hat: Array, ops: Any) -> Array:
    """Return the mean cross-entropy −x·log x̂ − (1−x)·log(1−x̂) over the pixels."""
    return ops.mean(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))


def gaussian_nll(x: Array, x_hat: Array, ops: Any, sigma: float) -> Array:
    """Return the sum of −log N(x; x̂, σ²) over the pixels (arXiv 1312.6114, appendix C.2)."""
    constant = math.log(sigma) + 0.5 * math.log(2 * math.pi)
    return ops.sum(0.5 * ops.square((x_hat - x) / sigma) + constant, axis=(1, 2, 3))


def face_log_sigmas(height: int, width: int, sigma: float, ops: Any) -> Array:
    """Return log σ_p (H, W, 1): about σ/2 at the eyes and σ/3 at the mouth, 1.5σ far from both."""
    down, right = ((ops.arange(n, dtype="float32") + 0.5) / n - 0.5 for n in (height, width))
    eyes = ops.exp(-50.0 * ops.square(down + 0.05)[:, None] - 12.5 * ops.square(right))
    mouth = ops.exp(-62.0 * ops.square(down - 0.22)[:, None] - 25.0 * ops.square(right))
    return (math.log(1.5 * sigma) - math.log(3) * eyes - math.log(4) * mouth)[..., None]


def centre_nll(x: Array, x_hat: Array, ops: Any, sigma: float) -> Array:
    """Return the sum of −log N(x; x̂, σ_p²), with a small σ_p at the eyes and the mouth."""
    logs = face_log_sigmas(x_hat.shape[1], x_hat.shape[2], sigma, ops)
    losses = 0.5 * ops.square((x_hat - x) / ops.exp(logs)) + logs + 0.5 * math.log(2 * math.pi)
    return ops.sum(losses, axis=(1, 2, 3))


def bernoulli_nll(x: Array, x_hat: Array, ops: Any) -> Array:
    """Return the sum of the cross-entropy −x·log x̂ − (1−x)·log(1−x̂) over the pixels."""
    # Formally not a likelihood for pixels between 0 and 1: a Bernoulli variable is binary.
    return ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))


@dataclass(frozen=True)
class Loss:
    """A reconstruction loss.

    Attributes:
        name: its value in ``TrainingSpec.loss``.
        function: (x, x_hat, ops) → (N,), with an additional ``sigma`` if `has_sigma`.
        latex: its equation, with P pixels p.
        is_likelihood: whether it is in nats per image, so that a KL divergence can be added.
        needs_sigmoid: whether it treats the output as a probability, between 0 and 1.
        has_sigma: whether ``TrainingSpec.sigma`` is its standard deviation.
        sums_batch: whether batches are summed, not averaged; an epoch is divided by all images.
        log_sigmas: log σ_p (H, W, 1) for (H, W, sigma, ops), if some pixels count more than others.
    """

    name: str
    function: Callable[..., Array]
    latex: str
    is_likelihood: bool = False
    needs_sigmoid: bool = False
    has_sigma: bool = False
    sums_batch: bool = False
    log_sigmas: Callable[..., Array] | None = None

    @property
    def functions(self) -> tuple[Callable[..., Array], ...]:
        """All functions that the loss needs, in the order of their definitions."""
        return (self.function,) if self.log_sigmas is None else (self.log_sigmas, self.function)

    def of(self, x: Array, x_hat: Array, sigma: float, ops: Any) -> Array:
        """Return the loss of each image."""
        return self.function(x, x_hat, ops, *((sigma,) if self.has_sigma else ()))


_ENTROPY = r"\sum_p\,\bigl[x_p \log \hat{x}_p + (1-x_p) \log (1-\hat{x}_p)\bigr]"

# In the order of the pages; `loss_for` prefers the first.
LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        loss.name: loss
        for loss in (
            Loss("mse", mse, r"\frac{1}{P}\sum_p\,(\hat{x}_p - x_p)^2"),
            Loss("l2", l2, r"\frac{1}{2}\sum_p\,(\hat{x}_p - x_p)^2", sums_batch=True),
            Loss("mae", mae, r"\frac{1}{P}\sum_p\,|\hat{x}_p - x_p|"),
            Loss("bce", bce, rf"-\frac{{1}}{{P}}{_ENTROPY}", needs_sigmoid=True),
            Loss(
                "gaussian-nll",
                gaussian_nll,
                r"-\sum_p\,\log \mathcal{N}(x_p;\, \hat{x}_p,\, \sigma^2)",
                is_likelihood=True,
                has_sigma=True,
            ),
            Loss(
                "centre-nll",
                centre_nll,
                r"-\sum_p\,\log \mathcal{N}(x_p;\, \hat{x}_p,\, \sigma_p^2)",
                is_likelihood=True,
                has_sigma=True,
                log_sigmas=face_log_sigmas,
            ),
            Loss(
                "bernoulli-nll",
                bernoulli_nll,
                f"-{_ENTROPY}",
                is_likelihood=True,
                needs_sigmoid=True,
            ),
        )
    }
)


def loss_for(*, is_likelihood: bool, needs_sigmoid: bool) -> str:
    """Return the name of the usual loss of that kind."""
    wanted = (is_likelihood, needs_sigmoid)
    return next(
        loss.name for loss in LOSSES.values() if (loss.is_likelihood, loss.needs_sigmoid) == wanted
    )


# --- the terms of bottlenecks -----------------------------------------------------------------


def sparsity(z: Array, ops: Any) -> Array:
    """Return Σ|z|, the L1 norm of each code, like Keras' L1 activity regularizer."""
    return ops.sum(ops.abs(z), axis=1)


def kl_per_dimension(mean: Array, log_var: Array, ops: Any) -> Array:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) = ½·(μ² + σ² − log σ² − 1) of each latent dimension (N, D)."""
    return 0.5 * (ops.square(mean) + ops.exp(log_var) - log_var - 1.0)


def kl(mean: Array, log_var: Array, ops: Any) -> Array:
    """Return KL(N(μ, σ²) ‖ N(0, I)) of each code (arXiv 1312.6114, appendix B)."""
    return ops.sum(kl_per_dimension(mean, log_var, ops), axis=1)


def total_correlation(mean: Array, log_var: Array, z: Array, ops: Any) -> Array:
    """Return log q(z) − Σ log q(z_d) (N,), a measure of the latent dimensions' dependence."""
    # q is the batch's mixture of N posteriors (arXiv 1802.04942, equation 2; its minibatch-weighted
    # estimate differs by a constant): its mean grows with N.
    apart = ops.square(z[:, None] - mean[None]) * ops.exp(-log_var)[None]  # (N, N, D)
    densities = -0.5 * (apart + log_var[None] + math.log(2 * math.pi))  # log q(z_n,d | x_m,d)
    count = ops.log(ops.cast(ops.shape(mean)[0], "float32"))
    together = ops.logsumexp(ops.sum(densities, axis=2), axis=1) - count
    return together - ops.sum(ops.logsumexp(densities, axis=1) - count, axis=1)


@dataclass(frozen=True)
class Term:
    """A bottleneck's term in the loss; a weight multiplies it.

    Attributes:
        name: its name in formulas.
        function: its ``inputs`` and ops → (N,).
        inputs: some of ``mean``, ``log_var`` and ``z``, in the function's order.
        latex: its equation, with latent dimensions d.
        weight: the setting in `AutoencoderSpec` with its weight.
        letter: the symbol of the weight in LaTeX.
        metric: its name among an epoch's metrics: ``kl`` without the weight, ``penalty`` with it.
        helpers: the functions that `function` calls.
    """

    name: str
    function: Callable[..., Array]
    inputs: tuple[str, ...]
    latex: str
    weight: str
    letter: str
    metric: str = "penalty"
    helpers: tuple[Callable[..., Array], ...] = ()

    @property
    def functions(self) -> tuple[Callable[..., Array], ...]:
        """All functions that the term needs, in the order of their definitions."""
        return (*self.helpers, self.function)

    def of(self, values: Mapping[str, Array], ops: Any) -> Array:
        """Return the term for each image, without the weight."""
        return self.function(*(values[name] for name in self.inputs), ops)


BOTTLENECKS: Mapping[str, tuple[Term, ...]] = MappingProxyType(
    {
        "plain": (),
        "sparse": (Term("sparsity", sparsity, ("z",), r"\sum_d |z_d|", "sparsity", r"\lambda"),),
        "variational": (
            Term(
                "kl",
                kl,
                ("mean", "log_var"),
                r"\tfrac{1}{2}\sum_d\,\bigl(\mu_d^2 + \sigma_d^2 - \log \sigma_d^2 - 1\bigr)",
                "beta",
                r"\beta",
                metric="kl",
                helpers=(kl_per_dimension,),
            ),
            Term(
                "total_correlation",
                total_correlation,
                ("mean", "log_var", "z"),
                r"\Bigl[\log q(z) - \sum_d \log q(z_d)\Bigr]",
                "total_correlation",
                r"\gamma",
            ),
        ),
    }
)
