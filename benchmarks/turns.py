"""Starts many runs of `digits-dense` at once: ``python -m benchmarks.turns [students …]``.

Each student's run has its own seed. It prints the seconds until each one's first curve and its end,
first where one run trains after the other, then where they take turns.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

from ae_core.runs.snapshot import Snapshot
from ae_core.service.service import TrainingService
from ae_core.specs import TrainingSpec, change, preset
from ae_core.workers.cluster import RUNS_IN_TURNS
from benchmarks.own_service import own_service
from benchmarks.report import Report

STUDENTS = (30, 100, 200)
PATIENCE = 1200
FIRST, LAST = 20.0, 70.0  # seconds for thirty: everybody's first curve, everybody's end


def spec(seed: int) -> TrainingSpec:
    """Return a student's run."""
    return change(preset("digits-dense"), seed=seed)


def until(
    service: TrainingService, runs: Sequence[str], holds: Callable[[Snapshot], bool], since: float
) -> list[float]:
    """Return the seconds until each run's snapshot satisfies ``holds``."""
    seconds: dict[str, float] = {}
    while len(seconds) < len(runs):
        for run_id in runs:
            if run_id not in seconds and holds(service.snapshot(run_id)):
                seconds[run_id] = time.monotonic() - since
        if time.monotonic() - since > PATIENCE:
            raise TimeoutError(f"{len(runs) - len(seconds)} runs are late")
        time.sleep(0.1)
    return [*seconds.values()]


def press_train(service: TrainingService, students: int) -> tuple[list[float], list[float]]:
    """Start a run of each student; return the seconds until their first curves, and their ends."""
    started = time.monotonic()
    runs = [service.submit(spec(seed), f"student {seed}") for seed in range(students)]
    first = until(service, runs, lambda shot: shot.epoch > 0, started)
    return first, until(service, runs, lambda shot: not shot.live, started)


def warmed(service: TrainingService) -> None:
    """Train for a moment, as the class has done before."""
    until(
        service,
        [service.submit(change(spec(0), epochs=2), "teacher")],
        lambda shot: not shot.live,
        time.monotonic(),
    )


def run(report: Report, students: Sequence[int] = STUDENTS) -> None:
    """Measure both ways."""
    for count in students:
        for how, turns in (("one after the other", 1), ("in turns", RUNS_IN_TURNS)):
            with own_service(runs_in_turns=turns) as service:
                warmed(service)
                first, last = press_train(service, count)
            report.figure(f"**{count} students, {how}**", "seconds, median and last")
            for what, seconds, target in (("first curve", first, FIRST), ("end", last, LAST)):
                report.figure(f"{what}, median", f"{statistics.median(seconds):.0f}")
                if turns > 1 and count == STUDENTS[0]:
                    report.target(f"{what}, last", max(seconds), target, "{:.0f}")
                else:
                    report.figure(f"{what}, last", f"{max(seconds):.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("students", nargs="*", type=int, default=list(STUDENTS))
    run(Report(), parser.parse_args().students)
