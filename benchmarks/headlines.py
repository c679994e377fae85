"""Checks the quality and the training time of two presets: ``python -m benchmarks.headlines``.

``olivetti-conv-fast`` has the network of R1. Its target is the average loss per sample that R1's
source reports after 600 epochs, in a fifth of the time that the original R1 needs for them; the
service trains both to their end, one after the other. ``mnist-dense-best`` has the latent dimension
of R5. Its target is a mean squared error of 0.0100 on held-out digits within a minute.
"""

import time
from dataclasses import dataclass

from ae_core.runs.snapshot import Snapshot
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from benchmarks.own_service import own_service
from benchmarks.report import Report

SOURCE = 0.4636  # R1's average loss per sample at epoch 600
SHARE = 0.2  # share of the original R1's seconds
DIGITS, MINUTE = 0.0100, 60.0
PATIENCE = 3600


@dataclass(frozen=True)
class Course:
    """Seconds from the start to the first epoch that reaches a bound, and to the end."""

    reached: float
    ended: float
    epoch: int
    last: float

    @classmethod
    def of(cls, service: TrainingService, name: str, figure: str, bound: float) -> "Course":
        """Train a preset to its end; an epoch counts if its metric reaches the bound."""
        reached, epoch = float("inf"), 0
        started = time.perf_counter()

        def watch(snapshot: Snapshot) -> bool:
            nonlocal reached, epoch
            good = [n for n, one in enumerate(snapshot.history, 1) if one[figure] <= bound]
            if good and not epoch:
                reached, epoch = time.perf_counter() - started, good[0]
            return not snapshot.live

        run_id = service.submit(preset(name), "benchmark", name)
        done = service.wait_until(run_id, watch, PATIENCE)
        if done.status != "finished":
            raise RuntimeError(done.reason)
        return cls(reached, time.perf_counter() - started, epoch, done.history[-1][figure])


def run(report: Report) -> None:
    """Train the presets and report their times."""
    with own_service() as service:
        warm = service.submit(change(preset("olivetti-conv"), epochs=1), "benchmark")
        service.wait_until(warm, lambda snapshot: not snapshot.live, PATIENCE)
        best = Course.of(service, "mnist-dense-best", "val_loss", DIGITS)
        report.target("mnist-dense-best: validation MSE", best.last, DIGITS, "{:.4f}")
        report.target("mnist-dense-best: seconds to its end", best.ended, MINUTE, "{:.0f}")
        fast = Course.of(service, "olivetti-conv-fast", "loss", SOURCE)
        written = Course.of(service, "olivetti-conv", "loss", SOURCE)
        for name, course in (("olivetti-conv-fast", fast), ("olivetti-conv", written)):
            words = f"at epoch {course.epoch}" if course.epoch else "at no epoch"
            words += f"; ended in {course.ended:.0f} s at {course.last:.3f}"
            report.figure(f"{name}: average loss per sample ≤ {SOURCE}", words)
        share = fast.reached / written.ended
        report.target("olivetti-conv-fast: seconds to it, of R1's for 600 epochs", share, SHARE)


if __name__ == "__main__":
    run(Report())
