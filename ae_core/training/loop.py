"""The training loop: one for every family of autoencoder.

It knows a spec, an image set and who may hold or end it; it does not know who watches, where
results go or that it runs in a worker.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from ae_core.data import corruption
from ae_core.data.loading import ImageSet
from ae_core.metrics import psnr_of_mse
from ae_core.models import autoencoder as ae
from ae_core.models.networks import build
from ae_core.models.pca_init import init_from_pca
from ae_core.models.precision import resolve_precision
from ae_core.specs import TrainingSpec
from ae_core.training.batches import Sums
from ae_core.training.control import Clock, Control, Ended, Unattended
from ae_core.training.health import chosen, vital_signs
from ae_core.training.steps import Steps

PROBES = 8  # pictures whose reconstruction is shown after every epoch
MAP_POINTS = 600  # codes of test pictures on the map of a two-number code

Metrics = dict[str, float]


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Attributes:
        number: from 1.
        metrics: ``loss``, ``psnr`` (dB), ``code_mean``, ``near_zero_share``, ``seconds`` and,
            where they apply, ``reconstruction``, ``kl``, ``penalty``; the same with ``val_`` on
            the held-out pictures; and those of `ae_core.training.health`.
        preview: the probes' reconstructions (N, H, W, C) in [0, 1].
        codes: (N, 2) of test pictures for a two-number code, else None.
        weights: of the network after the epoch, by name.
    """

    number: int
    metrics: Metrics
    preview: np.ndarray
    codes: np.ndarray | None
    weights: dict[str, np.ndarray]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: ``finished``, ``stopped`` or ``failed``.
        reason: a sentence for people, empty when finished.
        weights: those of the last complete epoch whose loss was finite, by name.
        history: the `Metrics` of every complete epoch.
    """

    status: str
    reason: str
    weights: dict[str, np.ndarray]
    history: tuple[Metrics, ...]


def probes(spec: TrainingSpec, images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Return the probe pictures, clean and as the encoder gets them: (N, H, W, C) in [0, 1]."""
    clean = images.test[:PROBES]
    return clean, corruption.corrupt(spec.corruption, clean, np.random.default_rng(spec.seed))


def fit(
    spec: TrainingSpec,
    images: ImageSet,
    *,
    on_epoch: Callable[[Epoch], None],
    control: Control | None = None,
) -> Outcome:
    """Train an autoencoder.

    Args:
        spec: what to train; the same spec gives the same run on one machine.
        images: its image set.
        on_epoch: called after every epoch.
        control: asked several times a second whether to pause or to stop.

    Raises:
        ValueError: the network does not fit the pictures.
    """
    keras.utils.clear_session()
    networks = build(
        spec.autoencoder,
        images.image_shape,
        seed=spec.seed,
        corruption=spec.corruption,
        precision=resolve_precision(spec),
    )
    if spec.autoencoder.pca_components:
        init_from_pca(spec.autoencoder, networks, images.train)
    steps = Steps(spec, networks, images)
    clock = Clock(control or Unattended(), spec.max_seconds)
    rng = np.random.default_rng(spec.seed)
    _, shown = probes(spec, images)
    examined = chosen(images.test, steps.pictures_an_epoch())
    looked_at = np.concatenate([examined, shown])  # after every epoch, in one go
    history: list[Metrics] = []
    weights = ae.weights_of(networks)
    try:
        for number in range(1, spec.epochs + 1):
            before = clock.trained
            order = rng.permutation(len(images.train))
            sums = _train_epoch(steps, order, clock, number)
            metrics = _metrics(sums, spec, len(images.train))
            if spec.split == "held-out":
                held_out = _metrics(steps.evaluate(), spec, len(images.test))
                if not math.isfinite(held_out["loss"]):
                    raise _not_finite(number)
                metrics |= {f"val_{name}": value for name, value in held_out.items()}
            candidate = ae.weights_of(networks)
            if not all(np.isfinite(array).all() for array in candidate.values()):
                raise _not_finite(number)
            codes, output = steps.reconstruct(looked_at)
            if not (np.isfinite(codes).all() and np.isfinite(output).all()):
                raise _not_finite(number)
            count = len(examined)
            metrics |= vital_signs(spec.autoencoder, examined, codes[:count], output[:count])
            weights, preview = candidate, output[count:]
            is_map = spec.autoencoder.latent_dim == 2
            on_map = steps.codes(images.test[:MAP_POINTS]) if is_map else None
            metrics["seconds"] = clock.trained - before
            history.append(metrics)
            on_epoch(Epoch(number, metrics, preview, on_map, weights))
    except Ended as end:
        return Outcome(end.status, end.reason, weights, tuple(history))
    return Outcome("finished", "", weights, tuple(history))


def _train_epoch(steps: Steps, order: np.ndarray, clock: Clock, number: int) -> Sums:
    clock.check(number)
    sums = Sums()
    total = steps.pictures_an_epoch()
    for part in steps.epoch(order):
        sums += part
        if not math.isfinite(sums.loss):
            raise _not_finite(number)
        clock.check(number)
        clock.control.progress(sums.pictures / total)
    return sums


def _not_finite(number: int) -> Ended:
    return Ended(
        "failed",
        f"The loss became NaN (not a number) in epoch {number}. "
        "The weights of the last good epoch are kept; try a smaller learning rate.",
    )


def _metrics(sums: Sums, spec: TrainingSpec, set_size: int) -> Metrics:
    """Turn sums into the figures of one epoch."""
    # The recipe of `l2` divides by the size of the set even where its batches leave some
    # pictures out: "average loss per sample".
    pictures = set_size if spec.loss == "l2" else sums.pictures
    metrics = {
        "loss": sums.loss / pictures,
        "psnr": psnr_of_mse(sums.squared_error / sums.pictures),
        "code_mean": sums.code / sums.pictures,
        "near_zero_share": sums.near_zero / sums.pictures,
    }
    if spec.autoencoder.bottleneck == "variational":
        metrics["reconstruction"] = sums.reconstruction / pictures
        metrics["kl"] = sums.kl / pictures
    if spec.autoencoder.bottleneck == "sparse":
        metrics["reconstruction"] = sums.reconstruction / pictures
        metrics["penalty"] = spec.autoencoder.sparsity * sums.penalty / pictures
    if spec.autoencoder.bottleneck == "variational" and spec.autoencoder.total_correlation > 0:
        metrics["penalty"] = spec.autoencoder.total_correlation * sums.penalty / pictures
    return metrics
