"""Keras code of a spec's loss: `models.losses` and what `training.steps` sums up, as text."""

from ae_core.metrics import NEAR_ZERO
from ae_core.specs import TrainingSpec

_PIXELS = "axis=(1, 2, 3)"
_LOSSES = {
    "mse": ("the mean of (x̂ − x)² over the pixels", "ops.mean(ops.square(x_hat - {x}), {over})"),
    "l2": ("½·Σ(x̂ − x)² over the pixels", "0.5 * ops.sum(ops.square(x_hat - {x}), {over})"),
    "mae": ("the mean of |x̂ − x| over the pixels", "ops.mean(ops.abs(x_hat - {x}), {over})"),
    "bce": (
        "−x·log x̂ − (1−x)·log(1−x̂), the mean over the pixels",
        "ops.mean(ops.binary_crossentropy({x}, x_hat), {over})",
    ),
    "bernoulli-nll": (
        "−x·log x̂ − (1−x)·log(1−x̂), the sum over the pixels",
        "ops.sum(ops.binary_crossentropy({x}, x_hat), {over})",
    ),
    "gaussian-nll": (
        "−log N(x; x̂, σ²), the sum over the pixels",
        "ops.sum(0.5 * ops.square((x_hat - {x}) / SIGMA) + constant, {over})",
    ),
}

TOTAL_CORRELATION = '''\
def total_correlation(mean, log_var, z):
    """log q(z) − Σ log q(z_d): how much the numbers of a code depend on each other (N,)."""
    apart = ops.square(z[:, None] - mean[None]) * ops.exp(-log_var)[None]
    densities = -0.5 * (apart + log_var[None] + math.log(2 * math.pi))  # of each code in each
    count = ops.log(ops.cast(ops.shape(mean)[0], "float32"))
    together = ops.logsumexp(ops.sum(densities, axis=2), axis=1) - count
    return together - ops.sum(ops.logsumexp(densities, axis=1) - count, axis=1)'''


def corrupts(spec: TrainingSpec) -> bool:
    """Whether batches are corrupted before the encoder sees them."""
    return spec.corruption.active and spec.corruption.noise_stage == "batch"


def draws_noise(spec: TrainingSpec) -> bool:
    """Whether ``figures`` takes the number of the step, because it draws something at random."""
    return corrupts(spec) or spec.autoencoder.bottleneck == "variational"


def has_total_correlation(spec: TrainingSpec) -> bool:
    """Whether the loss has that term."""
    return spec.autoencoder.bottleneck == "variational" and spec.autoencoder.total_correlation > 0


def loss(spec: TrainingSpec) -> str:
    """Return the function ``figures(x, …)``: the loss of each picture and what else is printed."""
    own = spec.autoencoder
    seen = "corrupted(x, number)" if corrupts(spec) else "x"
    scaled = own.pixel_scale != 1
    lines = [
        f"def figures(x, {'number, ' if draws_noise(spec) else ''}training):",
        '    """The loss of each picture, and what else is printed: (N,) each."""',
    ]
    variational = own.bottleneck == "variational"
    if variational:
        lines += [
            f"    mean, log_var = encoder({seen}, training=training)",
            "    # The reparameterisation, z = μ + σ·ε: what is random is not what is learned.",
            "    noise = tf.random.stateless_normal(ops.shape(mean), [SEED, number])",
            "    z = mean + ops.exp(0.5 * log_var) * noise",
        ]
    else:
        lines.append(f"    z = encoder({seen}, training=training)")
    lines.append("    x_hat = decoder(z, training=training)")
    if scaled:
        lines.append(f"    target = x * {float(own.pixel_scale)}")
    lines += _terms(spec, "target" if scaled else "x")
    if variational:
        lines.append("    if not training:  # the picture that is shown is that of the mean")
        lines.append("        x_hat = decoder(mean, training=False)")
    return "\n".join([*lines, *_figures(spec)])


def _terms(spec: TrainingSpec, target: str) -> list[str]:
    """Return the lines that add the loss up."""
    own = spec.autoencoder
    about, formula = _LOSSES[spec.loss]
    name = "loss" if own.bottleneck == "plain" else "reconstruction"
    lines = [f"    # {spec.loss}: {about}."]
    if spec.loss == "gaussian-nll":
        lines.append("    constant = math.log(SIGMA) + 0.5 * math.log(2 * math.pi)")
    lines.append(f"    {name} = {formula.format(x=target, over=_PIXELS)}")
    if own.bottleneck == "sparse":
        lines += [
            "    # Sparse: every unit of the code that is on costs λ·|z|.",
            "    penalty = SPARSITY * ops.sum(ops.abs(z), axis=1)",
            "    loss = reconstruction + penalty",
        ]
    if own.bottleneck == "variational":
        lines += [
            "    # KL(N(μ, σ²) ‖ N(0, 1)) = ½·(μ² + σ² − log σ² − 1), the sum over the code.",
            "    kl = ops.sum(0.5 * (ops.square(mean) + ops.exp(log_var) - log_var - 1.0), axis=1)",
            "    loss = reconstruction + BETA * kl",
        ]
    if has_total_correlation(spec):
        lines += [
            "    penalty = TOTAL_CORRELATION * total_correlation(mean, log_var, z)",
            "    loss += penalty",
        ]
    return lines


def _figures(spec: TrainingSpec) -> list[str]:
    """Return the lines that collect what is printed."""
    own = spec.autoencoder
    visible = "x_hat" if own.pixel_scale == 1 else f"x_hat / {float(own.pixel_scale)}"
    if own.output_activation != "sigmoid":
        visible = f"ops.clip({visible}, 0.0, 1.0)"
    code = "mean" if own.bottleneck == "variational" else "z"
    parts = {"plain": [], "sparse": ["reconstruction", "penalty"]}.get(
        own.bottleneck, ["reconstruction", "kl"]
    )
    if has_total_correlation(spec):
        parts = [*parts, "penalty"]
    return [
        f"    error = ops.square({visible} - x)",
        "    return {",
        '        "loss": loss,',
        *(f'        "{part}": {part},' for part in parts),
        f'        "squared_error": ops.mean(error, {_PIXELS}),',
        f'        "code_mean": ops.mean({code}, axis=1),',
        f'        "near_zero_share": ops.mean(ops.cast(ops.abs({code}) < {NEAR_ZERO}, "float32"), '
        "axis=1),",
        "    }",
    ]
