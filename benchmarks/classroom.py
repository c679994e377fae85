"""Simulates a class at work, without browsers: ``python -m benchmarks.classroom``.

The students arrive within ten seconds, with empty caches; then each one acts once a second for a
minute: changes settings of a training, the noise on an image or a code, or follows a run. One run
trains all the time. Everything, including the simulated students, shares the cores of this machine;
the students' own cost is printed. Delays count from the second at which an action was due, so a
server that falls behind gets no fewer requests. If there are two web servers, they share the
cluster and the run store, and each student stays with one of them, as behind a proxy with a sticky
cookie.
"""

import argparse
import asyncio
import gc
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import psutil

from benchmarks.app import running_servers
from benchmarks.report import Report
from benchmarks.student import Failure, Student

ARRIVING = "first load, empty cache"
ARRIVE = 10.0  # seconds in which the class arrives
ALONE = 15.0  # seconds for the training's pace before and after
RUN = "preset=toy-faces-vae&epochs=2000&steps_per_epoch=20"
CLASSES = ((30, 1), (60, 1), (100, 1), (100, 2))  # students and web servers
P95 = {30: 100.0, 100: 500.0}  # ms, targets by the number of students
SLOWER = 1.25  # allowed slow-down of the training
MEMORY = 200.0, 1.0  # MB for the server, and per student


@dataclass
class Class:
    """The measurements of a class.

    Attributes:
        seconds: seconds from the due time of each interaction to its outcome, by activity.
        errors: error messages.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def activities(run: str) -> dict[str, tuple[str, str, Callable[[Student], Awaitable[float]]]]:
    """Return page, query and interaction of every activity of a student, by name."""

    async def settings(student: Student) -> float:
        return await student.change("train.latent_dim", double_value=random.randint(2, 48))

    async def noise(student: Student) -> float:
        amount = round(random.uniform(0.05, 0.5), 2)
        return await student.change("denoise.noise_amount", double_array_value={"data": [amount]})

    async def code(student: Student) -> float:
        numbers = ",".join(f"{random.uniform(-3, 3):.2f}" for _ in range(16))
        sent = f'{{"code": "{numbers}"}}'
        return await student.change("numbers-digits-dense", json_value=sent)

    async def follow(student: Student) -> float:
        return await student.repeat(next(iter(student.repeats)))

    return {
        "settings": ("train", "show=latent_dim", settings),
        "noise": ("denoise", "model=face-denoiser", noise),
        "code": ("latent_space", "model=digits-dense", code),
        "follow a run": ("train", f"run={run}", follow),
    }


async def attend(student: Student, number: int, run: str, seconds: float, seen: Class) -> None:
    """Do all activities in turn, for a quarter of the time each, starting at any of them."""
    every = list(activities(run).items())
    # Students neither act nor change pages in step.
    begin = time.perf_counter() + random.random() * seconds / len(every)
    all_end = time.perf_counter() + seconds
    await asyncio.sleep(random.random())
    try:
        for turn in range(len(every)):
            name, (page, query, act) = every[(number + turn) % len(every)]
            seen.seconds["open a page"].append(await student.open(page, query))
            ends = min(begin + (turn + 1) * seconds / len(every), all_end)
            due = time.perf_counter()
            while due < ends:
                await asyncio.sleep(due - time.perf_counter())
                await act(student)
                seen.seconds[name].append(time.perf_counter() - due)
                due += 1.0
    except Exception as error:  # counted, printed, and a missed target: nothing is hidden
        seen.errors.append(f"{type(error).__name__}: {error}")


async def begin_run(student: Student) -> str:
    """Start the training that runs all the time and return its id."""
    await student.open("train", RUN)
    await student.change("train.start", trigger_value=True)
    run = student.query["run"]
    while not student.epoch:
        await asyncio.sleep(0.5)
        await student.open("train", f"run={run}")
    return run


async def pace(student: Student, run: str, wait: Awaitable[None]) -> float:
    """Return a run's epochs per second until an awaitable is done."""
    await student.open("train", f"run={run}")
    before, started = student.epoch, time.perf_counter()
    await wait
    elapsed = time.perf_counter() - started
    await student.open("train", f"run={run}")
    return (student.epoch - before) / elapsed


async def hold_class(
    report: Report, servers: Sequence[tuple[int, int]], count: int, seconds: float
) -> None:
    """Let a class of ``count`` students work, and report their delays.

    Args:
        report: the report for the figures.
        servers: port and process id of each server.
        count: the number of students.
        seconds: the duration of their work.
    """
    teacher = Student(servers[0][0])
    run = await begin_run(teacher)
    for port, _ in servers:  # warms the servers' caches
        for page, query, _ in activities(run).values():
            await (visitor := Student(port)).open(page, query)
            await visitor.close()
    alone = [await pace(teacher, run, asyncio.sleep(ALONE))]
    students = [Student(servers[i % len(servers)][0]) for i in range(count)]
    seen = Class()
    arriving = [_arrive(student, i * ARRIVE / count, seen) for i, student in enumerate(students)]
    await asyncio.gather(*arriving)
    lost = len(seen.errors)
    here = psutil.Process()
    web = [psutil.Process(pid) for _, pid in servers]
    others = [each for each in here.children(recursive=True) if each not in web]
    processes = [here, *web, *others]
    before = [sum(process.cpu_times()[:2]) for process in processes]
    attending = [attend(student, i, run, seconds, seen) for i, student in enumerate(students)]
    during = await pace(teacher, run, _all(attending))
    spent = [sum(p.cpu_times()[:2]) - b for p, b in zip(processes, before, strict=True)]
    memory = max(process.memory_info().rss for process in web) / 1e6
    for student in students:
        await student.close()
    alone.append(await pace(teacher, run, asyncio.sleep(ALONE)))
    await teacher.close()

    name = "1 web server" if len(web) == 1 else f"{len(web)} web servers"
    report.figure(f"**{count} students, {name}**", f"{seconds:.0f} s")
    for name, taken in sorted(seen.seconds.items()):
        report.figure(name, _in_words(taken))
    acts = [each for name in activities(run) for each in seen.seconds[name]]
    report.figure("all interactions", _in_words(acts))
    own = 1 + len(web)
    used = {
        "these students": spent[0],
        "web": sum(spent[1:own]),
        "workers": sum(spent[own:]),
    }
    cores = ", ".join(f"{name} {time / seconds:.2f}" for name, time in used.items())
    report.figure("cores in use", cores)
    for problem in sorted(set(seen.errors)):
        report.figure("error", f"{seen.errors.count(problem)} times: {problem}")
    report.target("first loads that failed", lost, 0, "{:.0f}")
    report.target("errors and lost sessions", len(seen.errors) - lost, 0, "{:.0f}")
    p95 = statistics.quantiles(acts, n=20)[-1] * 1e3
    report.target("interaction, p95 ms", p95, P95.get(count, P95[100]), "{:.0f}")
    most = MEMORY[0] + MEMORY[1] * count / len(web)
    report.target("memory of a web server, MB", memory, most, "{:.0f}")
    slower = statistics.mean(alone) / during
    report.target("training slower by a factor of", slower, SLOWER)


async def _arrive(student: Student, after: float, seen: Class) -> None:
    await asyncio.sleep(after)
    try:
        seen.seconds[ARRIVING].append(await student.open("", "", files=True))
    except (Failure, OSError, TimeoutError, EOFError) as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _all(work: Sequence[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


def _in_words(seconds: list[float]) -> str:
    p95, most = statistics.quantiles(seconds, n=20)[-1], max(seconds)
    median = statistics.median(seconds)
    figures = (f"{1e3 * each:.0f}" for each in (median, p95, most))
    return f"{len(seconds)} times, median / p95 / longest ms: {' / '.join(figures)}"


def run(
    report: Report, classes: Sequence[tuple[int, int]] = CLASSES, seconds: float = 60.0
) -> None:
    """Simulate classes of several sizes, each with its own servers."""
    gc.freeze()  # a garbage collection in this process would look like a slow server
    for count, web in classes:
        with running_servers(web) as servers:
            asyncio.run(hold_class(report, servers, count, seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("students", nargs="?", type=int, help="all classes if not given")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    chosen = ((options.students, options.servers),) if options.students else CLASSES
    run(Report(), chosen, options.seconds)
