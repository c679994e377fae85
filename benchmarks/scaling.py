"""Measures the speed-up of four queued runs with 2 and 4 workers over one worker.

``python -m benchmarks.scaling``: embedded clusters with 1, 2 and 4 single-threaded workers get four
equal runs of four visitors at once, several times, after every worker has trained once. It prints
the medians and the speed-ups. The processor limits the number of runs that really train at a time:
with fewer cores than workers, the ideal speed-up is the number of cores.
"""

import argparse
import os
import statistics
import time

from ae_core.service.service import TrainingService
from ae_core.specs import TrainingSpec, change, preset
from benchmarks.own_service import own_service
from benchmarks.report import Report

WORKERS = (1, 2, 4)
RUNS = 4
EPOCHS, STEPS = 2, 100
PATIENCE = 3600
# A worker's libraries may use several cores for one step; here every worker has one thread.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


def wall_seconds(service: TrainingService, spec: TrainingSpec) -> float:
    """Return the seconds from the submission of the runs to the end of the last one."""
    started = time.perf_counter()
    runs = [service.submit(spec, f"student {number}") for number in range(RUNS)]
    for run in runs:
        done = service.wait_until(run, lambda snapshot: not snapshot.live, PATIENCE)
        if done.status != "finished":
            raise RuntimeError(done.reason)
    return time.perf_counter() - started


def run(report: Report, rounds: int = 2) -> None:
    """Measure; `ONE_THREAD` stays set for processes that start later."""
    os.environ |= ONE_THREAD
    cores = len(os.sched_getaffinity(0))
    spec = change(preset("toy-faces-vae"), channels=1, epochs=EPOCHS, steps_per_epoch=STEPS)
    report.figure("load of the machine before", f"{os.getloadavg()[0]:.1f} on {cores} cores")
    alone = 0.0
    for workers in WORKERS:
        with own_service(workers) as service:
            wall_seconds(service, change(spec, epochs=1))  # imports TensorFlow
            seconds = statistics.median(wall_seconds(service, spec) for _ in range(rounds))
        alone = alone or seconds
        ideal = min(workers, cores, RUNS)
        words = f"{seconds:.1f} s, {alone / seconds:.2f} times as fast as one"
        report.figure(f"{RUNS} runs with {workers} workers", f"{words}; at best {ideal} here")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    run(Report(), parser.parse_args().rounds)
