"""Compares seconds per epoch of R1, R3, R5 and the faces' VAE in the training service with Keras.

``python -m benchmarks.training``: the service trains each recipe as in the app (including
snapshots, previews and held-out metrics), and then another process runs ``model.fit`` with default
settings and float32 on the same network, images and batches. The two alternate, each round with
another seed, and the ratio is that of the medians. The first epoch, which builds the graph, is left
out. Each ratio has a target. The last losses are compared, too, as means over the seeds.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, TypeVar

from ae_core.models.precision import resolve_precision
from ae_core.runs.snapshot import Snapshot
from ae_core.service.service import TrainingService
from ae_core.specs import TrainingSpec, change, preset, to_json
from benchmarks.own_service import own_service
from benchmarks.plain_keras import plain_fit
from benchmarks.report import Report

Result = TypeVar("Result")


@dataclass(frozen=True)
class Aim:
    """The epochs per round, and the target of the ratio."""

    epochs: int
    ratio: float


@dataclass
class Measured:
    """The seconds of all epochs, and the last loss of every round."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def take(self, seconds: Sequence[float], loss: float) -> None:
        """Add a round."""
        self.seconds += seconds
        self.losses.append(loss)

    @property
    def epoch(self) -> float:
        """The median epoch, in seconds."""
        return statistics.median(self.seconds)

    @property
    def loss(self) -> float:
        """The mean of the last losses."""
        return statistics.mean(self.losses)


RECIPES = {
    "olivetti-conv": Aim(8, 0.40),  # R1
    "mnist-conv": Aim(3, 0.75),  # R3
    "mnist-dense": Aim(8, 0.45),  # R5
    "faces-vae": Aim(4, 0.60),
}


def through_service(
    service: TrainingService, name: str, spec: TrainingSpec
) -> tuple[list[float], float]:
    """Train a spec like the app; return the seconds between its epochs and the last loss.

    It is the loss per image, on held-out images if there are any.
    """
    arrivals: list[float] = []

    def arrived(snapshot: Snapshot) -> bool:
        if snapshot.epoch > len(arrivals):
            arrivals.extend([time.perf_counter()] * (snapshot.epoch - len(arrivals)))
        return not snapshot.live

    run_id = service.submit(spec, "benchmark", name)
    done = service.wait_until(run_id, arrived, 3600)
    if done.status != "finished":
        raise RuntimeError(done.reason)
    last = done.history[-1]
    return [b - a for a, b in itertools.pairwise(arrivals)], last.get("val_loss", last["loss"])


def apart(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run a function in a separate process.

    It keeps the threads of PyTorch and TensorFlow apart. Besides, XLA takes more than twice as
    long in a process that has run ``model.fit``, which the app's workers never do.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def run(report: Report, names: Sequence[str] = tuple(RECIPES), rounds: int = 3) -> None:
    """Measure every recipe in ``rounds`` alternating rounds, each with another seed."""
    with own_service() as service:
        for name in names:
            ours, plain = Measured(), Measured()
            for seed in range(1, rounds + 1):
                spec = change(preset(name), epochs=RECIPES[name].epochs, seed=seed)
                ours.take(*through_service(service, name, spec))
                seconds, loss = apart(plain_fit, to_json(spec))
                plain.take(seconds[1:], loss)
            words = f"{ours.epoch:.3f} in {resolve_precision(spec)}, model.fit {plain.epoch:.3f}"
            report.figure(f"{name}: seconds an epoch", words)
            report.target(f"{name}: ratio", ours.epoch / plain.epoch, RECIPES[name].ratio)
            losses = f"{name}: loss after {spec.epochs} epochs to model.fit's, {rounds} seeds"
            report.target(losses, ours.loss / plain.loss, 1.03)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", default=list(RECIPES))
    options = parser.parse_args()
    run(Report(), options.names, options.rounds)
