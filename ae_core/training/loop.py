"""The training loop for all families of autoencoders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from ae_core.data import corruption
from ae_core.data.catalog import ImageSet
from ae_core.errors import Message
from ae_core.models import autoencoder as ae
from ae_core.models.networks import build
from ae_core.models.pca_init import init_from_pca
from ae_core.models.precision import resolve_precision
from ae_core.models.weights import assign
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.record import RunOutcome
from ae_core.specs import TrainingSpec
from ae_core.specs.losses import LOSSES
from ae_core.training.batches import Metrics, MetricSums, epoch_metrics, images_per_epoch
from ae_core.training.control import NoControl, RunControl, TrainingClock, TrainingStopped
from ae_core.training.graphs import Graphs, building
from ae_core.training.health import health_metrics, subsample
from ae_core.training.steps import TrainStep

PREVIEW_IMAGES = 8  # reconstructed for display after every epoch
MAP_POINTS = 600  # codes of test images on the map of a two-dimensional code


@dataclass(frozen=True)
class Epoch:
    """The result of one epoch.

    Attributes:
        number: its number, from 1.
        metrics: ``loss``, ``psnr`` (dB), ``code_mean``, ``near_zero_share``, ``seconds`` and,
            if they apply, ``reconstruction``, ``kl``, ``penalty``; the same with ``val_`` for
            the validation images; and those of `ae_core.training.health`.
        preview: the preview images' reconstructions (N, H, W, C) in [0, 1].
        codes: (N, 2), codes of test images if they have two dimensions, otherwise None.
        weights: the network's weights after the epoch, by name.
        state: returns every variable of the training; only right until the next epoch.
    """

    number: int
    metrics: Metrics
    preview: np.ndarray
    codes: np.ndarray | None
    weights: dict[str, np.ndarray]
    state: Callable[[], dict[str, np.ndarray]]


def preview_images(spec: TrainingSpec, images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Return the preview images, clean and as encoder input, (N, H, W, C) in [0, 1]."""
    clean = images.test[:PREVIEW_IMAGES]
    return clean, corruption.corrupt(spec.corruption, clean, np.random.default_rng(spec.seed))


def fit(
    spec: TrainingSpec,
    images: ImageSet,
    *,
    on_epoch: Callable[[Epoch], None],
    control: RunControl | None = None,
    checkpoint: Checkpoint | None = None,
    start: Mapping[str, np.ndarray] | None = None,
    graphs: Graphs | None = None,
) -> RunOutcome:
    """Train an autoencoder.

    Args:
        spec: the spec to train; the same spec gives the same run on one machine.
        images: its image set.
        on_epoch: called after every epoch.
        control: asked several times a second whether to pause or stop.
        checkpoint: where an earlier training of the spec got to; the run goes on as that one would
            have, and its seconds count.
        start: the weights to begin with, by name; None for the initial ones of the seed.
        graphs: those of earlier trainings in this process, which equal ones share; what a training
            computes does not depend on them.

    Raises:
        UserError: the network does not fit the images, or (``weights``) the checkpoint or the start
            it.
    """
    with building:
        keras.utils.clear_session()
        networks = build(
            spec.autoencoder,
            images.image_shape,
            seed=spec.seed,
            corruption=spec.corruption,
            precision=resolve_precision(spec),
        )
        step = TrainStep(spec, networks, images, graphs)
    if start is not None:
        assign(networks.variables, start)
    if spec.autoencoder.pca_components and checkpoint is None:
        init_from_pca(spec.autoencoder, networks, images.train, LOSSES[spec.loss])
    rng = np.random.default_rng(spec.seed)
    history: list[Mapping[str, float]] = []
    if checkpoint is not None:
        step.restore(checkpoint.state)
        history += checkpoint.history
        for _ in history:
            rng.permutation(images.train_count)  # as each of these epochs did
    seconds = checkpoint.seconds if checkpoint else 0.0
    clock = TrainingClock(control or NoControl(), spec.max_seconds, seconds)
    _, shown = preview_images(spec, images)
    total = images_per_epoch(spec, images.train_count)
    sample = subsample(images.test, total)
    reconstructed = np.concatenate([sample, shown])  # in one call after every epoch
    weights = ae.weights_of(networks)
    try:
        for number in range(len(history) + 1, spec.epochs + 1):
            before = clock.trained
            order = rng.permutation(images.train_count)
            sums = _train_epoch(step, order, clock, number, total)
            metrics = epoch_metrics(sums, spec, images.train_count)
            if spec.split == "held-out":
                validation = epoch_metrics(step.evaluate(), spec, len(images.test))
                _check_finite(number, validation["loss"])
                metrics |= {f"val_{name}": value for name, value in validation.items()}
            candidate = ae.weights_of(networks)
            codes, output = step.reconstruct(reconstructed)
            _check_finite(number, *candidate.values(), codes, output)
            count = len(sample)
            metrics |= health_metrics(spec.autoencoder, sample, codes[:count], output[:count])
            weights, preview = candidate, output[count:]
            is_map = spec.autoencoder.latent_dim == 2
            on_map = step.codes(images.test[:MAP_POINTS]) if is_map else None
            metrics["seconds"] = clock.trained - before
            history.append(metrics)
            on_epoch(Epoch(number, metrics, preview, on_map, weights, step.state))
    except TrainingStopped as end:
        return RunOutcome(end.status, end.reason, tuple(history), weights)
    return RunOutcome("finished", None, tuple(history), weights)


def _train_epoch(
    step: TrainStep, order: np.ndarray, clock: TrainingClock, number: int, total: int
) -> MetricSums:
    """Train one epoch of ``total`` images and return its sums."""
    clock.check(number)
    sums = MetricSums()
    for part in step.epoch(order, number):
        sums += part
        _check_finite(number, sums.loss)
        clock.check(number)
        clock.control.progress(sums.images / total)
    return sums


def _check_finite(number: int, *values: float | np.ndarray) -> None:
    """Fail the run if its loss, weights or outputs are not finite in an epoch."""
    if not all(np.isfinite(value).all() for value in values):
        # Before the first complete epoch there are no weights to keep.
        key = "diverged" if number > 1 else "diverged_at_once"
        raise TrainingStopped("failed", Message.of(key, epoch=number))
