"""What a visitor waits for, in a real Chromium: ``python -m benchmarks.pages``.

Start of the app to its first page; Home to its first picture; from the click on Train to the first
epoch's curve with warm workers; the memory of the server and of its workers.
"""

import statistics
import time

import psutil
from playwright.sync_api import Page

from benchmarks.app import IDLE, running_app

PICTURE = "[data-testid=stMain] [data-testid=stImage] img"
TRAIN = "/train?preset=digits-dense"


def main() -> None:
    """Print the figures."""
    with running_app() as (page, pid, started):
        page.goto("/")
        page.wait_for_selector(PICTURE)
        print(f"app start to the first page with pictures: {_since(started):.2f} s")
        print(f"home, again, to its first picture: {_median(lambda: _home(page)):.2f} s")
        _first_curve(page)  # once for the workers to import TensorFlow
        print(f"Train to the first curve, warm: {_median(lambda: _first_curve(page)):.2f} s")
        page.goto("/denoise")
        page.get_by_text("Draw the line across").wait_for()
        _memory(psutil.Process(pid))


def _median(measure) -> float:
    return statistics.median(measure() for _ in range(5))


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


def _memory(server: psutil.Process) -> None:
    rows = [("server", server), *((_role(p), p) for p in server.children(recursive=True))]
    total = 0.0
    for role, process in rows:
        memory = process.memory_full_info()
        shared = getattr(memory, "pss", memory.uss)
        total += shared
        print(
            f"memory of {role}: {memory.rss / 1e6:.0f} MB resident, {shared / 1e6:.0f} MB its own"
        )
    print(f"all processes together, shared pages counted once: {total / 1e6:.0f} MB")


def _role(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    if "resource_tracker" in words:
        return "Python's resource tracker"
    return "the cluster" if "ae_core.cluster" in words else "a worker"


if __name__ == "__main__":
    main()
