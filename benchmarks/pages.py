"""Times a visitor's waits in a real Chromium: ``python -m benchmarks.pages``.

It measures the time from the app's start to its first page, from Home to its first image and, with
warm workers, from the click on Train to the first epoch's curve, and the memory of the server and
of its workers.
"""

import statistics
import time
from collections.abc import Callable

import psutil
from playwright.sync_api import Page

from benchmarks.app import IDLE, running_app
from benchmarks.report import Report

PICTURE = "canvas.face[width]"  # without this attribute, nothing is drawn on it yet
TRAIN = "/train?preset=digits-dense"


def run(report: Report) -> None:
    """Measure; the targets are a visitor's acceptable waiting times."""
    with running_app() as (page, pid, started):
        page.goto("/")
        page.wait_for_selector(PICTURE)
        report.target("app start to the first page with pictures, s", _since(started), 3.0)
        report.target("home, again, to its first picture, s", _median(lambda: _home(page)), 1.0)
        _first_curve(page)  # lets the workers import TensorFlow
        curve = _median(lambda: _first_curve(page))
        report.target("Train to the first curve, warm, s", curve, 3.0)
        page.goto("/denoise")
        page.locator(".wipe").wait_for()
        _memory(report, psutil.Process(pid))


def _median(measure: Callable[[], float]) -> float:
    return statistics.median([measure() for _ in range(5)])


def _since(started: float) -> float:
    return time.perf_counter() - started


def _home(page: Page) -> float:
    page.goto("about:blank")
    started = time.perf_counter()
    page.goto("/")
    page.wait_for_selector(PICTURE)
    return _since(started)


def _first_curve(page: Page) -> float:
    page.goto(TRAIN)
    page.wait_for_selector(IDLE)
    started = time.perf_counter()
    page.get_by_test_id("stBaseButton-primary").click()
    page.wait_for_selector(".js-plotly-plot .scatterlayer .trace")
    seconds = _since(started)
    page.get_by_text("Finished").wait_for()
    return seconds


def _memory(report: Report, server: psutil.Process) -> None:
    rows = [("server", server), *((_role(p), p) for p in server.children(recursive=True))]
    total = 0.0
    for role, process in rows:
        memory = process.memory_full_info()
        shared = getattr(memory, "pss", memory.uss)
        total += shared
        if process is server:
            report.target("memory of the server, MB resident", memory.rss / 1e6, 200, "{:.0f}")
        else:
            own = f"{memory.rss / 1e6:.0f}, {shared / 1e6:.0f} its own"
            report.figure(f"memory of {role}, MB resident", own)
    report.target("all processes, shared pages counted once, GB", total / 1e9, 2.0)


def _role(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    if "resource_tracker" in words:
        return "Python's resource tracker"
    return "the cluster" if "ae_core.workers.cluster" in words else "a worker"


if __name__ == "__main__":
    run(Report())
