"""Measures whether the training worker's memory grows with the number of runs.

``python -m benchmarks.memory``: one worker trains short runs of several presets and settings one
after the other. It prints the worker's resident memory after each tenth run and the ratio of the
last figure to the first. Image sets that are not on this machine are left out.
"""

import argparse
import itertools
import os

import psutil

from ae_core.data.catalog import IMAGE_SETS
from ae_core.service.service import TrainingService
from ae_core.specs import TrainingSpec, change, preset
from ae_core.workers.questions import TRAIN
from benchmarks.own_service import own_service
from benchmarks.report import Report

RUNS, EVERY = 60, 10
PATIENCE = 600
PRESETS = ("digits-dense", "toy-faces-vae", "mnist-dense", "mnist-conv", "olivetti-conv")
OTHERWISE: tuple[dict[str, str | float], ...] = (
    {},
    {"optimizer": "sgd", "learning_rate": 1e-6},
    {"noise_kind": "gaussian", "noise_amount": 0.2},
)


def specs() -> list[TrainingSpec]:
    """Return the runs: every preset whose images are here, with every change, one epoch each."""
    found = [preset(name) for name in PRESETS]
    here = [spec for spec in found if IMAGE_SETS[spec.image_set].available]
    return [
        change(spec, epochs=1, steps_per_epoch=5, **changes)
        for spec, changes in itertools.product(here, OTHERWISE)
    ]


def resident() -> int:
    """Return this process's resident memory in bytes."""
    return int(psutil.Process(os.getpid()).memory_info().rss)


def worker_megabytes(service: TrainingService) -> float:
    """Return the resident memory of the worker that trains, in MB."""
    client = service.connection.client()
    workers = client.scheduler_info(n_workers=-1)["workers"].items()
    (address,) = [address for address, worker in workers if TRAIN in worker["resources"]]
    return float(client.run(resident, workers=[address])[address]) / 1e6


def run(report: Report, runs: int = RUNS) -> None:
    """Measure."""
    measured: list[float] = []
    with own_service() as service:
        for number, spec in enumerate(itertools.islice(itertools.cycle(specs()), runs), 1):
            run_id = service.submit(spec, "student")
            done = service.wait_until(run_id, lambda snapshot: not snapshot.live, PATIENCE)
            if done.status != "finished":
                raise RuntimeError(done.reason)
            if number % EVERY == 0:
                measured.append(worker_megabytes(service))
                report.figure(f"worker after {number} runs, MB", f"{measured[-1]:.0f}")
    report.target("the last to the first", measured[-1] / measured[0], 1.1)
    report.target("the largest, MB", max(measured), 1500)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    run(Report(), parser.parse_args().runs)
