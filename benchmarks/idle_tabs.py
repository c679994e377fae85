"""Measures a thousand open tabs in which nobody does anything: ``python -m benchmarks.idle_tabs``.

The server is started with few file descriptors, as many systems allow at first, and raises their
number itself. The last figure is a click of one more visitor, while all tabs are open.
"""

import asyncio
import resource
import tempfile
from pathlib import Path

import psutil

from benchmarks.report import Report
from benchmarks.student import Student
from tests.helpers.lab_server import Server, serving

TABS = 1000
ADDRESSES = 10
AT_A_TIME = 8
LIMITS = (256, 1024)  # file descriptors of the server at its start


async def sit(report: Report, server: Server) -> None:
    """Open the tabs, and report what they cost and what one more visitor waits for."""
    port, process = int(server.url.rsplit(":", 1)[1]), psutil.Process(server.pid)
    await (first := Student(port)).open("", "")
    memory, descriptors = process.memory_info().rss, process.num_fds()
    # One address may have fewer pages open.
    tabs = [Student(port, f"198.51.100.{number % ADDRESSES}") for number in range(TABS)]
    problems: list[str] = []
    gate = asyncio.Semaphore(AT_A_TIME)

    async def arrive(tab: Student) -> None:
        async with gate:
            try:
                await tab.open("", "")
            except Exception as error:  # counted, printed, and a missed target: nothing is hidden
                problems.append(f"{type(error).__name__}: {error}")

    await asyncio.gather(*map(arrive, tabs))
    for problem in sorted(set(problems)):
        report.figure("error", f"{problems.count(problem)} times: {problem}")
    report.target("tabs that did not open", len(problems), 0, "{:.0f}")
    more = process.num_fds() - descriptors, (process.memory_info().rss - memory) / 1e6
    report.figure("a tab", f"{more[0] / TABS:.1f} file descriptors, {more[1] / TABS:.2f} MB")
    report.target("one more visitor opens a page, s", await first.open("train", ""), 1.0)
    for tab in (first, *tabs):
        await tab.close()


def run(report: Report) -> None:
    """Measure with each number of file descriptors."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # of the tabs in this process
    for limit in LIMITS:
        report.figure(f"**{TABS} tabs, `ulimit -Sn {limit}`**", "")
        with (
            tempfile.TemporaryDirectory() as runs,
            serving(Path(runs), descriptors=limit) as server,
        ):
            asyncio.run(sit(report, server))


if __name__ == "__main__":
    run(Report())
